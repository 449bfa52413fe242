"""The console, the documents and Swagger UI's files, as the application serves them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest
import yaml
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from gateway import console
from gateway.dialects.pekat.parts import Parts, Projects
from gateway.dialects.pekat.projects import DEFAULT
from gateway.dialects.pekat.stopping import StoppedProjects
from gateway.dialects.table import DialectTable
from gateway.errors import UnknownPath
from gateway.openapi import spec
from gateway.openapi.spec import Site
from gateway.settings import ProjectFile, Settings
from gateway.store.database import open_database

pytestmark = pytest.mark.anyio
STATIC = Path(console.__file__).parent / "static"
TABLE = DialectTable()


@pytest.fixture(params=[()])
async def client(
    tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    """Of a service that has the projects which the parameter names."""
    settings = Settings(
        public_url="https://images.example.com/pixels", realm="Other", pekat_projects=request.param
    )
    routes = Starlette(routes=console.routes(TABLE))
    projects = Projects([ProjectFile("default", DEFAULT, 8101)])
    database = open_database(f"sqlite:///{tmp_path / 'rows.db'}")
    parts = {"pekat": Parts(projects, StoppedProjects(database))}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        state = {"settings": settings, "parts": parts}
        await routes({**scope, "state": state}, receive, send)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client
    database.dispose()


@pytest.mark.parametrize(
    ("path", "first"), [("/docs", "docs/index.html"), ("/docs/", "index.html")]
)
async def test_the_guide_is_found_below_any_prefix(
    client: httpx.AsyncClient, path: str, first: str
) -> None:
    answer = await client.get(path)
    assert answer.headers["location"] == first


async def test_browsers_find_an_icon_where_they_ask_for_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/png"


async def test_the_yaml_has_the_public_address(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    document = yaml.safe_load(answer.text)
    assert document["servers"] == [{"url": "https://images.example.com/pixels"}]


async def test_the_json_says_the_same(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert orjson.loads(answer.content) == spec.document(
        TABLE.descriptions().values(), Site("https://images.example.com/pixels", "Other")
    )


async def test_a_part_needs_no_host(client: httpx.AsyncClient) -> None:
    document = orjson.loads((await client.get("/openapi/core.json")).content)
    assert document["servers"] == [{"url": "/pixels"}]
    assert "/realms/Other/protocol/openid-connect/token" in document["paths"]


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_first_page_is_the_console_below_any_prefix(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path)).headers["location"] == "console/"
    assert "<title>Pixelgate" in (await client.get("/console/")).text


@pytest.mark.parametrize("client", [("line.toml",)], indirect=True)
@pytest.mark.parametrize("url", ["/", "http://gateway:8101/"])
async def test_where_projects_are_configured_the_first_page_is_theirs(
    client: httpx.AsyncClient, url: str
) -> None:
    assert "<title>PEKAT Vision API" in (await client.get(url)).text


async def test_the_document_that_the_console_reads_first_is_compressed(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/openapi/core.json")
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("url", ["/pekat", "/pekat/default/"])
async def test_a_project_has_its_test_page(client: httpx.AsyncClient, url: str) -> None:
    assert "<title>PEKAT Vision API" in (await client.get(url)).text


async def test_a_project_s_name_leads_to_its_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/pekat/default")).headers["location"] == "default/"


@pytest.mark.parametrize("path", ["/pekat/https:example.com", "/pekat/nothing/"])
async def test_a_project_that_is_not_there_has_no_page(
    client: httpx.AsyncClient, path: str
) -> None:
    with pytest.raises(UnknownPath):
        await client.get(path)


@pytest.mark.parametrize("path", ["/swagger", "/pekat", "/console/"])
async def test_a_page_may_load_from_here_alone(client: httpx.AsyncClient, path: str) -> None:
    policy = (await client.get(path)).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/console/app/main.js", "/pekat/default/console/pekat.js"])
async def test_files_are_kept_as_long_as_they_have_not_changed(
    client: httpx.AsyncClient, path: str
) -> None:
    kept = await client.get(path)
    assert kept.headers["cache-control"] == "no-cache"
    again = await client.get(path, headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


def loaded(page: str) -> list[str]:
    return re.findall(r'<(?!a )[^>]*(?:src|href)="([^"]+)"', page)


@pytest.mark.parametrize("name", ["swagger.html", "pekat.html"])
def test_a_page_loads_nothing_from_outside_and_only_files_that_are_there(name: str) -> None:
    page = (STATIC / name).read_text()
    addresses = loaded(page)
    assert addresses
    for address in addresses:
        folder, _, file = address.partition("/")
        assert folder == "console"
        assert (STATIC / file).is_file()


def test_the_console_loads_files_that_are_there() -> None:
    addresses = loaded((STATIC / "console.html").read_text())
    assert addresses
    assert all((STATIC / address).is_file() for address in addresses)


def test_the_page_offers_every_part() -> None:
    offered = re.findall(r'url: "openapi/(\w+)\.json"', (STATIC / "start.js").read_text())
    assert offered == [*TABLE.descriptions()]


@pytest.mark.parametrize(
    "page", sorted((STATIC / "app" / "texts").iterdir()), ids=lambda one: one.stem
)
def test_every_language_of_the_console_has_every_text(page: Path) -> None:
    english = (STATIC / "app" / "texts" / "en.js").read_text()
    key = re.compile(r'^  "([^"]+)":', re.MULTILINE)
    assert sorted(key.findall(page.read_text())) == sorted(key.findall(english))
    assert f"{page.stem}:" in (STATIC / "app" / "texts.js").read_text()
