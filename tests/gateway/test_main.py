"""The command line."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.__main__ import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command on a data folder of its own."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
        environment = {"PIXELGATE_DATA": str(tmp_path)} | environment
        return CliRunner().invoke(main, arguments, input=stdin, env=environment)

    return run


@pytest.mark.parametrize("command", [[], ["serve"], ["settings"], ["users"], ["analyze"]])
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_accounts_are_added_listed_and_removed(run: Run) -> None:
    added = run(
        "users", "add", "ada", "--password-stdin", "--email", "a@b.c", stdin="correct horse\n"
    )
    assert (added.exit_code, added.stdout) == (0, "Added ada.\n")
    assert run("users", "list").output == "ada  a@b.c  all services\n"
    assert run("users", "remove", "ada").exit_code == 0
    assert run("users", "list").output == ""


def test_a_password_is_set_anew(run: Run) -> None:
    run("users", "add", "ada", "--password-stdin", stdin="correct horse\n")
    result = run("users", "password", "ada", "--password-stdin", stdin="battery staple\n")
    assert (result.exit_code, result.output) == (0, "The password of ada is set.\n")


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["users", "remove", "nobody"], ""),
        (["users", "password", "nobody", "--password-stdin"], "correct horse\n"),
        (["users", "add", "ada", "--password-stdin"], "seven77\n"),
    ],
    ids=["remove unknown", "password of unknown", "short password"],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    run: Run, arguments: list[str], stdin: str
) -> None:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 1
    assert result.output.strip().endswith(".")
    assert "Traceback" not in result.output


def test_a_wrong_setting_is_named(run: Run) -> None:
    result = run("settings", PIXELGATE_PORT="none")
    assert result.exit_code == 2
    assert result.output.startswith("PIXELGATE_PORT is 'none':")


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "edges", __file__, "--out", "/proc/none"],
        ["simulate", "--rate", "1", "--requests", "100", "--picture", "/proc/none"],
        ["keys", "rotate"],
    ],
)
def test_what_cannot_be_written_is_one_sentence(run: Run, words: list[str]) -> None:
    result = run(*words, PIXELGATE_DATA="/proc/none")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "/proc/none: No such file or directory."


def test_what_a_wrong_word_should_be_is_said_in_words(run: Run) -> None:
    result = run("settings", PIXELGATE_PUBLIC_URL="https://pictures.example/")
    assert "without a slash at the end" in result.output
    assert "pattern" not in result.output


def test_a_wrong_address_is_named_without_its_password(run: Run) -> None:
    result = run("settings", PIXELGATE_LIMITS="radis://:hush@db")
    assert result.output.startswith("PIXELGATE_LIMITS is 'radis://:***@db':")


def test_a_wrong_token_is_not_repeated(run: Run) -> None:
    result = run("settings", PIXELGATE_METRICS_TOKEN="hush")
    assert result.output.startswith("PIXELGATE_METRICS_TOKEN is not fit: expected 16 to 512")
    assert "hush" not in result.output


def test_a_file_of_a_secret_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    result = run("settings", PIXELGATE_LIMITS_FILE=str(tmp_path / "none"))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)


def test_a_file_of_settings_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    result = run("settings", PIXELGATE_CONFIG=str(tmp_path / "none.toml"))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite:////proc/nowhere/rows.db", "No such file or directory"),
        ("postgresql://ada:hush@127.0.0.1:1/rows", "Connection refused"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "users list"])
def test_a_database_that_cannot_be_opened_is_one_sentence(
    run: Run, command: str, address: str, reason: str
) -> None:
    result = run(*command.split(), PIXELGATE_DATABASE=address)
    assert result.exit_code == 1
    *_, said = result.output.splitlines()
    assert said.startswith("The database cannot be opened: ")
    assert reason in said
    assert address.replace("hush", "***") in said
    assert "hush" not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"port = \xff", "cannot be read"),
        (b"port", "cannot be read"),
        (b"[database]\npassword = 'hush'\n", "PIXELGATE_DATABASE is a dict"),
    ],
)
def test_a_file_of_settings_that_makes_no_sense_is_said_without_its_secrets(
    run: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "pixelgate.toml"
    file.write_bytes(content)
    result = run("settings", PIXELGATE_CONFIG=str(file))
    assert (result.exit_code, said in result.output, "hush" in result.output) == (2, True, False)


def test_a_misspelt_variable_is_named(run: Run) -> None:
    result = run("settings", PIXELGATE_PROT="8001")
    assert "PIXELGATE_PROT is no setting; did you mean PIXELGATE_PORT?" in result.stderr


def test_settings_are_printed_with_their_sources(run: Run) -> None:
    lines = run("settings", PIXELGATE_WORKERS="3").output.splitlines()
    assert "PIXELGATE_WORKERS=3  (environment)" in lines
    assert "PIXELGATE_HOST=127.0.0.1  (default)" in lines


def test_a_stale_document_is_noticed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(run("spec").output)
    assert run("spec", "--check", str(file)).exit_code == 0
    file.write_text("openapi: 1\n")
    assert "stale" in run("spec", "--check", str(file)).output


def test_a_full_disk_behind_standard_output_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "gateway", "settings"], stdout=full, stderr=subprocess.PIPE
        )
    assert (ended.returncode, ended.stderr) == (1, b"No space left on device.\n")
