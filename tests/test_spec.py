"""openapi.yaml is fresh, valid, and true."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from engines.core.registry import Engine, catalogue
from gateway.dialects import describe_errors
from gateway.dialects.ltu import examples
from gateway.dialects.ltu.models import ALIASES, PREFIX
from gateway.dialects.table import DialectTable
from gateway.errors import STATUS
from gateway.openapi import spec
from gateway.openapi.spec import Site
from tests.needs import ROOT, need_npm_tool

PARTS = DialectTable().descriptions()
DOCUMENT = spec.document(PARTS.values())
METHODS = ("get", "post")
every_engine = pytest.mark.parametrize(
    "engine", [*catalogue().values()], ids=lambda engine: engine.service
)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def answer_of(engine: Engine) -> dict[str, Any]:
    operation = DOCUMENT["paths"][PREFIX + engine.service]["post"]
    name = operation["responses"]["200"]["$ref"].rpartition("/")[2]
    content: dict[str, Any] = DOCUMENT["components"]["responses"][name]["content"]
    return dict(content["application/json"])


def test_the_committed_document_is_fresh() -> None:
    committed = (ROOT / "openapi.yaml").read_text()
    assert committed == spec.as_yaml(PARTS.values()), "run `make spec` and commit what it wrote"


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_the_yaml_says_the_same_without_references_of_its_own() -> None:
    text = spec.as_yaml(PARTS.values())
    assert yaml.safe_load(text) == DOCUMENT
    assert "&id" not in text


def test_the_linter_finds_nothing(tmp_path: Path) -> None:
    spectral = need_npm_tool("spectral")
    document = tmp_path / "openapi.yaml"
    document.write_text(spec.as_yaml(PARTS.values()))
    rules = ROOT / "tests" / "tools" / "spectral.yaml"
    done = subprocess.run(
        [spectral, "lint", document, "--ruleset", rules, "--fail-severity", "hint"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


@every_engine
def test_a_service_is_described_by_its_name_and_its_aliases(engine: Engine) -> None:
    for name in (engine.service, *ALIASES.get(engine.service, ())):
        item = DOCUMENT["paths"][PREFIX + name]
        assert item["post"]["operationId"] == name
        assert item["get"]["operationId"] == f"{name}FromUrl"
        assert item["post"].get("deprecated", False) == (name != engine.service)


@every_engine
def test_the_example_of_an_answer_keeps_to_its_schema(engine: Engine) -> None:
    answer = answer_of(engine)
    schema = answer["schema"] | {"components": DOCUMENT["components"]}
    faults = [error.message for error in OAS30Validator(schema).iter_errors(answer["example"])]
    assert not faults


@every_engine
def test_the_example_is_what_the_engine_says(engine: Engine) -> None:
    now, written = examples.computed(engine), answer_of(engine)["example"]
    assert shape(now) == shape(written), "run `make spec` and commit what it wrote"


def shape(value: Any) -> Any:
    """All but the digits that may differ between processors."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return float if isinstance(value, float) else value


MET_ELSEWHERE = {404, 405, 409, 416}
"""By other paths and methods, by webhooks and files."""


def test_every_error_that_a_service_can_meet_is_described() -> None:
    statuses = {status for status, word in STATUS.values() if word} | {500}
    described = {int(status) for status in describe_errors.of_service(has_body=True)}
    assert described == statuses - MET_ELSEWHERE


def test_every_cause_is_named_beside_its_status() -> None:
    told = str(describe_errors.responses())
    words = [word for status, word in STATUS.values() if word and status not in MET_ELSEWHERE]
    assert not [word for word in words if f"`{word}`" not in told]


def test_a_dialect_tells_its_services_and_their_tags_before_the_realm() -> None:
    core = spec.part(PARTS["core"])
    of_realm = [path.startswith("/realms/") for path in core["paths"]]
    assert of_realm == sorted(of_realm)
    used = [each["tags"][0] for item in core["paths"].values() for each in item.values()]
    assert {*used[: of_realm.count(False)]} == {tag["name"] for tag in core["tags"][:4]}


def test_dialects_follow_each_other_and_health_comes_last() -> None:
    paths = list(DOCUMENT["paths"])
    told = [path for described in PARTS.values() for path in described.paths]
    assert paths == [*told, "/health/live", "/health/ready"]
    assert DOCUMENT["tags"][-1]["name"] == "Health"


def test_swagger_lists_each_service_once() -> None:
    paths = spec.part(PARTS["core"])["paths"]
    listed = [(path, *item) for path, item in paths.items() if path.startswith(PREFIX)]
    assert listed == [(PREFIX + engine.service, "post") for engine in catalogue().values()]


@every_engine
def test_post_tells_of_what_swagger_does_not_list(engine: Engine) -> None:
    told = DOCUMENT["paths"][PREFIX + engine.service]["post"]["description"]
    assert "GET takes the same" in told
    assert all(f"`{PREFIX}{alias}`" in told for alias in ALIASES.get(engine.service, ()))


def test_swagger_is_told_no_scopes_and_sdks_are_told_all() -> None:
    assert scopes(spec.part(PARTS["core"])) == {}
    assert {engine.service for engine in catalogue().values()} < scopes(DOCUMENT).keys()


def scopes(document: dict[str, Any]) -> dict[str, str]:
    flows = document["components"]["securitySchemes"]["password"]["flows"]
    return dict(flows["password"]["scopes"])


def test_another_realm_and_address_are_in_the_document() -> None:
    document = spec.document(PARTS.values(), Site("https://images.example.com/pixels", "Other"))
    url = document["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"]
    assert url == "https://images.example.com/pixels/realms/Other/protocol/openid-connect/token"
    assert "/realms/Other/protocol/openid-connect/token" in document["paths"]
    assert document["servers"] == [{"url": "https://images.example.com/pixels"}]


def test_with_an_outside_issuer_its_token_url_is_named_and_the_realm_is_gone() -> None:
    document = spec.document(PARTS.values(), Site(outside_token_url="https://id.example.com/token"))
    flow = document["components"]["securitySchemes"]["password"]["flows"]["password"]
    assert flow["tokenUrl"] == "https://id.example.com/token"
    assert not any(path.startswith("/realms/") for path in document["paths"])


def test_a_part_addresses_the_host_that_serves_it() -> None:
    part = spec.part(PARTS["core"], Site("https://images.example.com/pixels"))
    assert part["servers"] == [{"url": "/pixels"}]
    flow = part["components"]["securitySchemes"]["password"]["flows"]["password"]
    assert flow["tokenUrl"].startswith("/pixels/realms/")


@pytest.mark.parametrize("name", PARTS)
def test_a_part_holds_the_same_as_the_whole(name: str) -> None:
    part = spec.part(PARTS[name])
    for path, item in part["paths"].items():
        assert item.items() <= DOCUMENT["paths"][path].items()
    assert part["components"]["schemas"].items() <= DOCUMENT["components"]["schemas"].items()
