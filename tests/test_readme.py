"""The README's commands, run as a newcomer runs them."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving import REPOSITORY, WAIT_SECONDS, free_port, wait_until

README = (REPOSITORY / "README.md").read_text()
READY_SECONDS = 600


@dataclass
class Demo:
    """What `make serve` has started."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    log: Path

    def last_lines(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make serve`, on a port and a data folder of its own."""
    folder, port = tmp_path_factory.mktemp("readme"), free_port()
    environment = {
        **os.environ,
        "PIXELGATE_DATA": str(folder / "data"),
        "PIXELGATE_PORT": str(port),
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "serve"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    demo = Demo(process, folder / "data", port, log)
    try:
        wait_until(lambda: "\ncurl " in log.read_text(), seconds=READY_SECONDS)
        yield demo
    finally:
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        process.wait(WAIT_SECONDS)


def shell(script: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=True,
    )
    return done.stdout


def test_the_printed_curl_line_gets_a_palette(demo: Demo) -> None:
    line = next(line for line in demo.last_lines() if line.startswith("curl "))
    answer = json.loads(shell(line, REPOSITORY))
    assert answer["details"]["message"] == "Found 8 colors"


def test_the_addresses_of_both_pages_and_the_account_are_printed(demo: Demo) -> None:
    lines = demo.last_lines()
    assert f"Console: http://127.0.0.1:{demo.port}/console/" in lines
    assert f"Swagger: http://127.0.0.1:{demo.port}/swagger?urls.primaryName=Core" in lines
    assert "User: demo" in lines
    password = (demo.data / "demo-account").read_text().strip()
    assert f"Password: {password}" in lines


def test_the_demo_account_is_nobody_elses_to_read(demo: Demo) -> None:
    assert (demo.data / "demo-account").stat().st_mode & 0o777 == 0o600


def test_the_main_job_was_done_once(demo: Demo) -> None:
    assert (demo.data / "sample-edges.png").read_bytes().startswith(b"\x89PNG")


def test_the_readmes_commands_answer_what_it_says(demo: Demo, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    script = "\n".join(blocks)
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{demo.port}")
    script = script.replace("data/demo-account", str(demo.data / "demo-account"))
    script = script.replace("@gateway/", f"@{REPOSITORY}/gateway/")
    answered = json.loads(shell(script, tmp_path))
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert answered == json.loads(shown[1])
    assert (tmp_path / "edges.png").read_bytes().startswith(b"\x89PNG")
