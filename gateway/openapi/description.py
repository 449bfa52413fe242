"""What a dialect says of itself for openapi.yaml."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Description:
    """A dialect's share of the document.

    Args:
        unlisted: names of operations that say again what another says, by another method or under
            an older name; SDKs have them, and Swagger UI's list does not.
        scopes: what its callers may be limited to besides services, and what that is.
    """

    tags: list[dict[str, str]]
    paths: dict[str, dict[str, Any]]
    schemas: dict[str, dict[str, Any]]
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    security_schemes: dict[str, dict[str, str]] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
