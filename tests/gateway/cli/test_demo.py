"""What `pixelgate serve --demo` shows on a terminal."""

import os
import subprocess
import sys
from contextlib import suppress

import click
import pytest

from gateway.cli import demo
from gateway.settings import Settings
from tests.serving import REPOSITORY, WAIT_SECONDS, Served, free_port, settings_environment

BANNER = ("", "Swagger: http", "User: demo", "Password: ", "curl -s -H")
"""How its last lines begin."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines that a terminal got until the service was ready and ended."""
    terminal, theirs = os.openpty()
    settings = {"data": tmp_path_factory.mktemp("demo"), "port": free_port(), "slots": 1}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--demo"],
        cwd=REPOSITORY,
        env=os.environ | settings_environment(settings),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        lines = []
        # A terminal that nobody has open any more answers EIO.
        with os.fdopen(terminal) as text, suppress(OSError):
            for line in text:
                lines.append(line.rstrip("\n"))
                if line.startswith("curl "):
                    process.terminate()
        assert process.wait(WAIT_SECONDS) == 0
    return lines


def assert_begin(lines: list[str]) -> None:
    assert all(line.startswith(word) for line, word in zip(lines, BANNER, strict=True))


def test_the_banner_comes_whole_and_last_once_ready(shown: list[str]) -> None:
    (start,) = (at for at, line in enumerate(shown) if line.startswith("Swagger: "))
    assert_begin(shown[start - 1 : start + 4])
    assert "request answered" in "\n".join(shown[:start])
    assert "request answered" not in "\n".join(shown[start:])


def test_log_lines_on_a_terminal_are_for_people(shown: list[str]) -> None:
    assert any(" info    worker ready " in line for line in shown)
    assert not any(line.startswith("{") for line in shown)


def test_no_log_line_can_come_into_the_banner(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(click, "echo", written.append)
    demo.show(Settings(data=served.log.parent, port=served.port))
    (text,) = written
    assert_begin(text.splitlines()[-5:])
