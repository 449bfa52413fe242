"""`pixelgate worker`: what it says where it cannot start."""

from pathlib import Path

import pytest

from gateway.cli import worker
from tests.gateway.conftest import Run


@pytest.mark.parametrize("wrong", ["scheduler:8786", "http://scheduler:8786", "tcp://scheduler"])
def test_a_scheduler_has_an_address_of_dask(run: Run, wrong: str) -> None:
    ended = run("worker", wrong)
    assert ended.exit_code == 2
    assert f"{wrong} is no address; expected tcp://HOST:PORT" in ended.output


def test_encryption_needs_certificates(run: Run) -> None:
    ended = run("worker", "tls://scheduler:8786")
    assert ended.exit_code == 1
    assert "PIXELGATE_POOL_TLS_" in ended.output


def test_certificates_are_not_for_a_plain_connection(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CA", "CERT", "KEY"):
        monkeypatch.setenv(f"PIXELGATE_POOL_TLS_{name}", str(tmp_path / name))
        (tmp_path / name).touch()
    assert "go together" in run("worker", "tcp://scheduler:8786").output


def test_what_to_install_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "find_spec", lambda name: None)
    assert "pip install 'pixelgate[dask]'" in run("worker", "tcp://scheduler:8786").output
