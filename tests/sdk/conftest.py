"""The clients that openapi-generator makes of our document, made once for all tests here."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.dialects.table import DialectTable
from gateway.openapi import spec
from tests.needs import ROOT, need, need_npm_tool
from tests.serving import Served, serving


@dataclass(frozen=True, slots=True)
class Generated:
    """Where the clients are, and what the generator printed beside its progress."""

    python: Path
    typescript: Path
    output: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, which may fetch pictures from itself."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, fetch_allow="127.0.0.1", access_seconds=3600) as started:
        yield started


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    need("java", "openapi-generator needs it; apt-get install default-jre-headless")
    folder = tmp_path_factory.mktemp("sdk")
    document = folder / "openapi.yaml"
    document.write_text(spec.as_yaml(DialectTable().descriptions().values()))
    done = subprocess.run(
        [ROOT / "scripts" / "sdk", folder / "made", document],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = folder / "made"
    return Generated(made / "python", made / "typescript-fetch", done.stdout + done.stderr)


@pytest.fixture(scope="session")
def installed(generated: Generated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the Python client is installed in, as a package."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, *options, str(generated.python)], check=True)
    return target


@pytest.fixture(scope="session")
def python_package(installed: Path) -> Iterator[Any]:
    """The Python client, imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(installed))
        yield importlib.import_module("pixelgate_sdk")


@pytest.fixture(scope="session")
def javascript(generated: Generated) -> Path:
    """The TypeScript client, compiled."""
    compiler = need_npm_tool("tsc")
    subprocess.run([compiler, "--project", "tsconfig.json"], cwd=generated.typescript, check=True)
    return generated.typescript / "dist"


@pytest.fixture
def api(python_package: Any, served: Served) -> Any:
    """The Python client, with a fresh token."""
    configuration = python_package.Configuration(host=served.url, access_token=served.token())
    return python_package.PixelgateApi(python_package.ApiClient(configuration))
