"""The dialects that are spoken, and whose form an error takes."""

from gateway.dialects.dialect import Dialect
from gateway.dialects.ltu.routes import DIALECT as LTU

DIALECTS: tuple[Dialect, ...] = (LTU,)


def dialect_of(path: str) -> Dialect:
    """The dialect whose prefix a path has; the native one for a path of none."""
    return next((one for one in DIALECTS if path.startswith(one.prefixes)), LTU)
