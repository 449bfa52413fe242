"""The unit for systemd: what systemd's own tools say of it, and what it relies on."""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import ROOT, lack, need
from tests.serving import REPOSITORY, TINY, running, settings_environment

UNIT = ROOT / "deploy" / "systemd" / "pixelgate.service"
PR_SET_MDWE, PR_GET_MDWE, REFUSE_EXEC_GAIN = 65, 66, 1


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, its program one that is installed here."""
    file = tmp_path / UNIT.name
    file.write_text(UNIT.read_text().replace("/opt/pixelgate/bin/pixelgate", "/bin/true"))
    return file


def analyze(*words: str) -> str:
    program = need("systemd-analyze", "apt-get install systemd")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_systemd_has_nothing_against_the_unit(unit: Path) -> None:
    assert analyze("verify", "--man=no", str(unit)) == ""


def test_the_unit_is_hardened(unit: Path) -> None:
    analyze("security", "--offline=yes", "--no-pager", "--threshold=30", str(unit))


def test_the_user_of_the_unit_can_be_made() -> None:
    program = need("systemd-sysusers", "apt-get install systemd")
    file = UNIT.with_suffix(".sysusers")
    done = subprocess.run([program, "--dry-run", file], capture_output=True, text=True, check=True)
    assert "Creating user 'pixelgate'" in done.stderr


def test_the_service_says_when_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with running(tmp_path, TINY):
            assert systemd.recv(1000).startswith(b"READY=1\n")


def test_models_run_where_no_memory_is_both_written_and_executed(tmp_path: Path) -> None:
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_GET_MDWE, 0, 0, 0, 0) < 0:
        lack("the kernel cannot refuse such memory: Linux 6.3 or newer")
    picture = ROOT / "docs" / "pictures" / "colorPalette-coffee.jpg"
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "analyze", "classification", picture],
        cwd=REPOSITORY,
        env={**os.environ, **settings_environment({"data": tmp_path})},
        # What MemoryDenyWriteExecute= does by seccomp.
        preexec_fn=lambda: libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 computed, 0 failed" in done.stdout + done.stderr
