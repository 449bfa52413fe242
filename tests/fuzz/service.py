"""Schemathesis, with all its checks, against a served service with two gateway workers."""

import os
import subprocess
import sys
from pathlib import Path

from tests.serving import REPOSITORY, Served

CONFIG = Path(__file__).with_name("schemathesis.toml")


def fuzz(served: Served, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it on the service's own document; its reports go to the folder."""
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIG)]
    return subprocess.run(
        [*command, "run", f"{served.url}/openapi.json", "--checks=all", "--workers=2", *arguments],
        cwd=folder,
        env={**os.environ, **_environment(served)},
        capture_output=True,
        text=True,
        check=False,
    )


def _environment(served: Served) -> dict[str, str]:
    return {
        "PIXELGATE_TOKEN": served.token(),
        "PYTHONPATH": str(REPOSITORY),  # for the hooks
        "NO_PROXY": "*",
    }
