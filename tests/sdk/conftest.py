"""The clients that openapi-generator makes of our document, ready to be used."""

import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.needs import need_npm_tool
from tests.sdk.generated import Generated
from tests.serving import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, which may fetch pictures from itself."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, fetch_allow="127.0.0.1", access_seconds=3600) as started:
        yield started


@pytest.fixture(scope="session")
def python_package(installed: Path) -> Iterator[Any]:
    """The Python client, imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(installed))
        yield importlib.import_module("pixelgate_sdk")


@pytest.fixture(scope="session")
def javascript(generated: Generated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript client, compiled."""
    target = tmp_path_factory.mktemp("javascript")
    compiler = need_npm_tool("tsc")
    options = ("--project", str(generated.typescript), "--outDir", str(target))
    subprocess.run([compiler, *options], check=True)
    return target


@pytest.fixture
def api(python_package: Any, served: Served) -> Any:
    """The Python client, with a fresh token."""
    configuration = python_package.Configuration(host=served.url, access_token=served.token())
    return python_package.PixelgateApi(python_package.ApiClient(configuration))
