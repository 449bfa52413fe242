"""openapi.yaml: put together from what the dialects say of themselves."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from engines.core.registry import catalogue
from gateway.openapi import schemas, yaml_text
from gateway.openapi.description import Description
from gateway.openapi.realm import REALM, TOKEN_PATH
from gateway.version import VERSION

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_REALM = REALM.rpartition("/")[2]
# Why not 3.1: docs/sdk.md.
OPENAPI = "3.0.3"

_DESCRIPTION = """\
Image analysis that stays on your own machine, under the wire formats of known products.

Get a token with the user's name and password (button *Authorize*), then send a picture to a
service: as a file, as the address of one, or as base64 text. A service answers JSON; with
`Accept: image/png` those that have a picture to show answer that picture itself (button *Execute as
picture*).

Every answer names its request in the header `X-Request-ID`, as the service's log does.
"""
_HEALTH_TAG = {"name": "Health", "description": "For operators and load balancers."}
_OPENID_SCOPES = {
    "openid": "Who the user is.",
    "profile": "The user's names.",
    "email": "The user's address.",
    "offline_access": "A refresh token without an end.",
}


class Site(NamedTuple):
    """Where the service is reached, and who issues its tokens.

    Args:
        base_url: the public address.
        realm: of the embedded issuer.
        outside_token_url: of another issuer; the realm's own paths are then not served.
    """

    base_url: str = DEFAULT_URL
    realm: str = DEFAULT_REALM
    outside_token_url: str = ""


HERE = Site()


def document(parts: Collection[Description], site: Site = HERE) -> dict[str, Any]:
    """The whole document of all dialects, its addresses absolute."""
    whole = Description(
        tags=[*(tag for part in parts for tag in part.tags), _HEALTH_TAG],
        paths={path: item for part in parts for path, item in part.paths.items()} | _health(),
        schemas={name: value for part in parts for name, value in part.schemas.items()},
        responses={name: value for part in parts for name, value in part.responses.items()},
        security_schemes={
            name: value for part in parts for name, value in part.security_schemes.items()
        },
        scopes={name: told for part in parts for name, told in part.scopes.items()},
    )
    return _document(whole, site)


def part(described: Description, site: Site = HERE) -> dict[str, Any]:
    """One dialect's document for Swagger UI, its addresses relative to the host that serves it.

    Its list has each service once, and its dialog asks for no scopes: sixteen boxes would push the
    button out of sight, and a token without any may do all that its user may.
    """
    listed = replace(described, paths=dict(_listed(described)))
    document = _document(listed, site._replace(base_url=urlsplit(site.base_url).path))
    document["components"]["securitySchemes"]["password"]["flows"]["password"]["scopes"] = {}
    return document


def _listed(described: Description) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in described.paths.items():
        operations = {
            method: operation
            for method, operation in item.items()
            if operation["operationId"] not in described.unlisted
        }
        if operations:
            yield path, operations


def as_yaml(parts: Collection[Description], site: Site = HERE) -> str:
    """The whole document as it is committed."""
    return yaml_text.dump(document(parts, site))


def _document(described: Description, site: Site) -> dict[str, Any]:
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Pixelgate",
            "version": VERSION,
            "description": _DESCRIPTION,
            "contact": {"name": "The operator of this service"},
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "servers": [{"url": site.base_url or "/"}],
        "tags": described.tags,
        "paths": {
            _in_realm(path, site.realm): item
            for path, item in described.paths.items()
            if not (site.outside_token_url and path.startswith(REALM))
        },
        "components": {
            "schemas": dict(sorted(described.schemas.items())),
            "responses": described.responses,
            "securitySchemes": {
                **_security(
                    site.outside_token_url or site.base_url + _in_realm(TOKEN_PATH, site.realm),
                    described.scopes,
                ),
                **described.security_schemes,
            },
        },
    }


def _in_realm(path: str, realm: str) -> str:
    return path.replace(REALM, f"/realms/{realm}", 1) if path.startswith(REALM) else path


def _health() -> dict[str, Any]:
    not_ready = {
        "description": "Still starting, or ending.",
        "headers": schemas.header("Retry-After", "When asking again makes sense, s."),
        "content": _status("not ready"),
    }
    return {
        "/health/live": _asked("live", "Whether the process answers", {}),
        "/health/ready": _asked("ready", "Whether pictures are taken", {"503": not_ready}),
    }


def _asked(word: str, summary: str, more: dict[str, Any]) -> dict[str, Any]:
    operation = {
        "operationId": word,
        "tags": [_HEALTH_TAG["name"]],
        "summary": summary,
        "description": "Needs no token.",
        "security": [],
        "responses": {"200": {"description": "Yes.", "content": _status(word)}, **more},
    }
    return {"get": operation}


def _status(word: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}},
    }
    return schemas.content(schema, {"status": word})


def _security(token_url: str, scopes: dict[str, str]) -> dict[str, Any]:
    services = {engine.service: engine.summary for engine in catalogue().values()}
    flow = {"tokenUrl": token_url, "scopes": _OPENID_SCOPES | services | scopes}
    return {
        "password": {
            "type": "oauth2",
            "description": "User name and password; no scope means all that the user may use.",
            "flows": {"password": flow},
        },
        "bearer": {
            "type": "http",
            "description": "A token that you have already.",
            "scheme": "bearer",
            "bearerFormat": "JWT",
        },
        "apiKey": {
            "type": "apiKey",
            "description": "A key that the operator made with `pixelgate apikeys add`.",
            "in": "header",
            "name": "X-API-Key",
        },
    }
