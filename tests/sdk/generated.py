"""The clients that openapi-generator makes of our document."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.dialects.table import DialectTable
from gateway.openapi import spec
from tests.needs import ROOT, need
from tests.once import made_once

_OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Generated:
    """Where the clients are, and what the generator printed beside its progress."""

    python: Path
    typescript: Path
    output: str


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    need("java", "openapi-generator needs it; apt-get install default-jre-headless")
    folder = made_once(tmp_path_factory, "sdk", _generate)
    made = folder / "made"
    return Generated(made / "python", made / "typescript-fetch", (folder / _OUTPUT).read_text())


def _generate(folder: Path) -> None:
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
    (folder / _OUTPUT).write_text(done.stdout + done.stderr)


@pytest.fixture(scope="session")
def installed(generated: Generated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the Python client is installed in, as a package."""

    def install(target: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
        subprocess.run([*pip, *options, str(generated.python)], check=True)

    return made_once(tmp_path_factory, "installed", install)
