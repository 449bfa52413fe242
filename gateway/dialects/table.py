"""The dialects that are spoken, and whose form an error takes."""

from collections.abc import Sequence

from gateway.dialects.admin.routes import DIALECT as ADMIN
from gateway.dialects.aerovision.routes import DIALECT as AEROVISION
from gateway.dialects.celantur.routes import DIALECT as CELANTUR
from gateway.dialects.dialect import Dialect, Resource
from gateway.dialects.ltu.routes import DIALECT as LTU
from gateway.dialects.pekat.routes import DIALECT as PEKAT
from gateway.openapi.description import Description
from gateway.tasks.work import Work

DIALECTS: tuple[Dialect, ...] = (LTU, PEKAT, AEROVISION, CELANTUR, ADMIN)


class DialectTable:
    """Dialects with their routes; the first speaks for what none of them declares."""

    def __init__(self, dialects: Sequence[Dialect] = DIALECTS) -> None:
        self.dialects = tuple(dialects)
        self.routes = [route for dialect in dialects for route in dialect.routes()]
        self.preload = tuple(module for dialect in dialects for module in dialect.preload)

    def nearly(self, path: str) -> str:
        """A declared path that differs in case or a slash at the end alone; empty without one."""
        sent = path.rstrip("/").lower()
        return next((route.path for route in self.routes if route.path.lower() == sent), "")

    def scopes(self) -> frozenset[str]:
        """What a caller may be limited to: services, and what else an endpoint names."""
        endpoints = (one for dialect in self.dialects for one in dialect.endpoints())
        return frozenset(one.scope for one in endpoints if one.scope)

    def works(self) -> dict[str, Work]:
        """Every kind of task by its name."""
        return {one.name: one for dialect in self.dialects for one in dialect.works()}

    def descriptions(self) -> dict[str, Description]:
        """Each dialect's share of openapi.yaml, by the name of its part."""
        return {dialect.document: dialect.describe() for dialect in self.dialects}

    def of(self, path: str) -> Dialect:
        """The dialect that declares a path, or else the one whose prefix it has."""
        for route in self.routes:
            if isinstance(route.app, Resource) and route.path_regex.match(path):
                return route.app.dialect
        prefixed = (one for one in self.dialects if path.startswith(one.prefixes))
        return next(prefixed, self.dialects[0])
