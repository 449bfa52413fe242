"""The document keeps its word: schemathesis finds nothing."""

from pathlib import Path

from tests.fuzz.service import fuzz
from tests.serving import serving


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, access_seconds=3600) as served:
        done = fuzz(served, tmp_path, "--max-examples=20", "--seed=1")
    assert done.returncode == 0, done.stdout[-20_000:]
