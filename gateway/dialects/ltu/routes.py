"""LTU's routes: one a service, made from the engines' declarations."""

from functools import partial
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engines.core.registry import Engine, catalogue
from gateway.dialects.dialect import Dialect, Refusal
from gateway.dialects.ltu import present
from gateway.dialects.ltu.describe import describe
from gateway.dialects.ltu.models import ALIASES, PREFIX, Failure
from gateway.flow import Present, Service, answer
from gateway.intake.accept import prefers
from gateway.intake.forms import Form
from gateway.version import VERSION

T = TypeVar("T")


def routes() -> list[Route]:
    """A route for every engine, by its name and by the names the samples call."""
    return [
        _route(name, _service(engine))
        for engine in catalogue().values()
        for name in (engine.service, *ALIASES.get(engine.service, ()))
    ]


def render(refusal: Refusal) -> Response:
    """An error in the native form, which unknown paths get too."""
    body = Failure(
        code=refusal.status,
        error=refusal.word,
        message=refusal.message,
        errors=list(refusal.errors),
        version=VERSION,
        request_id=refusal.request_id,
    )
    return Response(body.model_dump_json(), refusal.status, media_type="application/json")


def _service(engine: Engine) -> Service:
    return Service(
        dialect="ltu",
        engine=engine,
        scope=engine.service,
        translate=_two_images if len(engine.inputs) > 1 else _unchanged,
        present=partial(_present, engine),
    )


def _route(name: str, service: Service) -> Route:
    route = Route(PREFIX + name, partial(answer, service=service), methods=["GET", "POST"])
    # A HEAD would compute all and send nothing of it.
    route.methods = {"GET", "POST"}
    return route


def _present(engine: Engine, request: Request) -> Present:
    wants_picture = prefers(request.headers.get("accept", ""), "image/png", "application/json")
    return present.picture if engine.draw and wants_picture else present.envelope


def _unchanged(form: Form, engine: Engine) -> Form:
    return form


def _two_images(form: Form, engine: Engine) -> Form:
    """The document's curl sends both pictures as `image`: the first is the first input."""
    names = [one.name for one in engine.inputs[:2]]
    _share(form.texts, names)
    _share(form.files, names)
    return form


def _share(fields: dict[str, list[T]], names: list[str]) -> None:
    values = fields.get("image", [])
    if len(values) == len(names):
        for name, value in zip(names, values, strict=True):
            fields.setdefault(name, [value])


DIALECT = Dialect(
    name="ltu",
    document="core",
    prefixes=(PREFIX,),
    routes=routes,
    render=render,
    describe=describe,
)
