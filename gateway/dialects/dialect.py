"""What a dialect is to the gateway: prefixes, routes, how it says no, how it describes itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as every dialect can render it."""

    status: int
    word: str
    message: str
    errors: tuple[str, ...]
    request_id: str


@dataclass(frozen=True, slots=True)
class Description:
    """A dialect's share of openapi.yaml."""

    tags: list[dict[str, str]]
    paths: dict[str, dict[str, Any]]
    schemas: dict[str, dict[str, Any]]
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One emulated API; `document` is the name of its part of openapi.yaml."""

    name: str
    document: str
    prefixes: tuple[str, ...]
    routes: Callable[[], list[Route]]
    render: Callable[[Refusal], Response]
    describe: Callable[[], Description]
