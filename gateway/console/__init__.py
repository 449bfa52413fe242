"""The console, the guide, the documents and Swagger UI, all from files of the package."""

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from anyio import from_thread
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.dialects.pekat.parts import parts_of
from gateway.dialects.table import DialectTable
from gateway.errors import UnknownPath
from gateway.flow import State
from gateway.openapi import spec
from gateway.openapi.description import Description
from gateway.openapi.spec import Site

_STATIC = Path(__file__).parent / "static"
_GUIDE = Path(__file__).parent / "docs"
_GUIDE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What Swagger UI cannot do with. Nothing here makes markup out of text."""


class Files(StaticFiles):
    """Files that browsers keep, and ask about (`ETag`) before they use them again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Guide(Files):
    """Pages that MkDocs has made of `docs/`; a script in each says where it is."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = _GUIDE_POLICY
        return response


class Documents:
    """Swagger UI and what it shows; every path is addressed relative to it.

    None of the handlers is a coroutine: Starlette runs them in a thread, for the first YAML takes
    a second.
    """

    def __init__(self, table: DialectTable) -> None:
        self._table = table
        self._whole = cache(lambda site: orjson.dumps(spec.document(self._parts.values(), site)))
        self._part = cache(lambda name, site: orjson.dumps(spec.part(self._parts[name], site)))
        self._yaml = cache(lambda site: spec.as_yaml(self._parts.values(), site))

    @cached_property
    def _parts(self) -> Mapping[str, Description]:
        return self._table.descriptions()

    def swagger(self, request: Request[State]) -> Response:
        """Swagger UI; its documents and scripts are addressed relative to it."""
        policy = _policy(_site(request))
        return FileResponse(_STATIC / "swagger.html", headers={"Content-Security-Policy": policy})

    def whole_yaml(self, request: Request[State]) -> Response:
        """The one document, for SDK generators: with absolute addresses."""
        return Response(self._yaml(_site(request)), media_type="application/yaml")

    def whole_json(self, request: Request[State]) -> Response:
        """The same as JSON."""
        return Response(self._whole(_site(request)), media_type="application/json")

    def part(self, request: Request[State]) -> Response:
        """One dialect's part, for Swagger UI: it asks the host that it was loaded from."""
        name = request.path_params["name"]
        if name not in self._parts:
            known = ", ".join(self._parts)
            raise UnknownPath(f"There is no document of this name; there are {known}.")
        return Response(self._part(name, _site(request)), media_type="application/json")


def routes(table: DialectTable) -> list[BaseRoute]:
    """Everything that people open in a browser."""
    documents = Documents(table)
    return [
        Route("/", home),
        Route("/docs", guide),
        Route("/docs/", guide),
        Route("/favicon.ico", favicon),
        Route("/swagger", documents.swagger),
        Route("/pekat", pekat),
        Route("/pekat/{project}", with_slash),
        Route("/pekat/{project}/", pekat),
        Mount("/pekat/{project}/console", Files(directory=_STATIC)),
        Route("/openapi.yaml", documents.whole_yaml),
        Route("/openapi.json", documents.whole_json),
        # The console reads it before it shows anything; it is ten times as large plain.
        Route("/openapi/{name}.json", documents.part, middleware=[Middleware(GZipMiddleware)]),
        Route("/console", to_console),
        Route("/console/", console),
        Mount("/console", Files(directory=_STATIC)),
        # A source tree has no pages until its package is built.
        *([Mount("/docs", Guide(directory=_GUIDE))] if _GUIDE.is_dir() else []),
    ]


def guide(request: Request[State]) -> Response:
    """Its first page; Starlette would write the Host header into the address of a folder's."""
    folder = "" if request.url.path.endswith("/") else "docs/"
    return RedirectResponse(f"{folder}index.html")


def home(request: Request[State]) -> Response:
    """The console; where projects are configured, PEKAT's test page, as on the original."""
    if request.state["settings"].pekat_projects:
        return pekat(request)
    return to_console(request)


def to_console(request: Request[State]) -> Response:
    """Relative, as it may lie below a proxy's prefix: the same from / and from /console."""
    return RedirectResponse("console/")


def console(request: Request[State]) -> Response:
    """The console; all that it loads and asks for is addressed relative to it."""
    return _page("console.html")


def favicon(request: Request[State]) -> Response:
    """What browsers ask for beside any page that names no icon; that it is a PNG they see."""
    return FileResponse(_STATIC / "favicon-32x32.png")


def pekat(request: Request[State]) -> Response:
    """The test page of a project of the PEKAT Vision API, which asks relative to it."""
    parts_of(request).projects.of(request)
    return _page("pekat.html")


def with_slash(request: Request[State]) -> Response:
    """Without it, what the page asks relative to it would be another project's."""
    project = parts_of(request).projects.of(request)
    return RedirectResponse(f"{project.name}/")


def _page(name: str) -> Response:
    return FileResponse(_STATIC / name, headers={"Content-Security-Policy": _POLICY})


def _site(request: Request[State]) -> Site:
    state = request.state
    outside = from_thread.run(state["token_url"]) if state["settings"].issuer else ""
    return Site(state["settings"].base_url, state["settings"].realm, outside)


def _policy(site: Site) -> str:
    """Swagger UI draws icons from data: URLs, sets styles on elements, and asks for tokens."""
    scheme, host = urlsplit(site.outside_token_url)[:2]
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; connect-src 'self'{f' {scheme}://{host}' if host else ''}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
