"""`scripts/audit`: what it makes of what pip-audit says."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT

FINE = {"name": "anyio", "version": "4.16.0", "vulns": []}
WEAK = {
    "name": "pillow",
    "version": "13.0.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["13.0.1", "14.0.0"]}],
}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([FINE, UNKNOWN], 0, "0 known weaknesses in 1 of 2 packages."),
        (
            [WEAK, FINE],
            1,
            "pillow 13.0.0: PYSEC-2026-1, mended in 13.0.1, 14.0.0.\n"
            "1 known weaknesses in 2 of 2 packages.",
        ),
        ([UNKNOWN], 0, "PyPI's advisories cannot be reached"),
    ],
)
def test_a_known_weakness_is_an_error_and_what_is_not_known_is_said(
    tmp_path: Path, packages: list[dict[str, object]], code: int, told: str
) -> None:
    (tmp_path / "found.json").write_text(json.dumps({"dependencies": packages}))
    done = audit(tmp_path, f"cat {tmp_path / 'found.json'}")
    assert done.returncode == code
    assert done.stdout.startswith(told)


def test_an_audit_that_failed_is_quoted(tmp_path: Path) -> None:
    done = audit(tmp_path, "echo Traceback >&2; echo 'ConnectionError: no name' >&2; exit 1")
    assert done.returncode == 0
    assert done.stdout.endswith("is NOT KNOWN.\nConnectionError: no name\n")


def audit(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run it with a program of ours in the place of pip-audit."""
    (folder / "pip-audit").write_text(f"#!/bin/sh\n{program}\n")
    (folder / "pip-audit").chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [ROOT / "scripts" / "audit"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
