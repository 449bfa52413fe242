"""What `pixelgate serve --demo` shows on a terminal."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

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


def test_nothing_is_shown_of_another_service_on_its_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"data": tmp_path, "port": taken.getsockname()[1]}
        started = subprocess.run(
            [sys.executable, "-m", "gateway", "serve", "--demo"],
            cwd=REPOSITORY,
            env=os.environ | settings_environment(settings),
            capture_output=True,
            text=True,
        )
    refusal = f"Port {settings['port']} of 127.0.0.1 cannot be listened on: Address already in use."
    assert (started.returncode, started.stdout, started.stderr) == (1, "", f"{refusal}\n")


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
