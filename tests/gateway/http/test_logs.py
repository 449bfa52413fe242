"""Log lines: one an event, in either form, without what callers keep to themselves."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog

from gateway.errors import WorkFailed
from gateway.http.logs import configure, describe, set_level

Form = Literal["json", "text"]
Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What was written to stderr so far; all that `configure` changes is put back."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    yield lambda: capfd.readouterr().err.splitlines()
    structlog.configure(**before)
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def only(found: list[str]) -> dict[str, Any]:
    (line,) = found
    event: dict[str, Any] = json.loads(line)
    return event


def test_an_event_is_one_json_object(lines: Lines) -> None:
    configure("info", "json")
    structlog.get_logger().info("task finished", task="a\nb", seconds=0.5, odd="\ud800")
    event = only(lines())
    assert (event["level"], event["event"], event["seconds"]) == ("info", "task finished", 0.5)
    assert (event["task"], event["odd"]) == ("a\nb", "\ud800")


def test_an_event_is_one_line_of_text_that_no_terminal_obeys(lines: Lines) -> None:
    configure("info", "text")
    structlog.get_logger().info("task finished", task="a\nb\x1b[31m", ready=True)
    (line,) = lines()
    assert " info    task finished " in line
    assert r"a\nb\x1b[31m" in line.replace(r"\\", "\\")
    assert "ready=true" in line


@pytest.mark.parametrize(("is_terminal", "beginning"), [(True, "2"), (False, "{")])
def test_the_form_is_chosen_by_where_the_log_goes(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, is_terminal: bool, beginning: str
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    configure("info", "auto")
    structlog.get_logger().info("task finished")
    (line,) = lines()
    assert line.startswith(beginning)


def test_an_event_of_several_lines_is_one_line_of_text(lines: Lines) -> None:
    configure("info", "text")
    logging.getLogger("uvicorn.error").warning("odd\nthing")
    (line,) = lines()
    assert " odd\\nthing " in line


def test_what_is_below_the_level_is_not_written(lines: Lines) -> None:
    configure("warning", "json")
    structlog.get_logger().info("task finished")
    assert lines() == []


def test_a_level_holds_for_loggers_that_have_logged_before(lines: Lines) -> None:
    configure("warning", "json")
    log = structlog.get_logger()
    log.warning("odd thing")
    set_level("debug")
    log.debug("task finished")
    assert [json.loads(line)["event"] for line in lines()] == ["odd thing", "task finished"]


def test_warnings_of_libraries_go_the_same_way(lines: Lines) -> None:
    configure("info", "json")
    logging.getLogger("uvicorn.error").warning("odd %s", "thing")
    event = only(lines())
    assert (event["event"], event["logger"]) == ("odd thing", "uvicorn.error")


@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_libraries_tell_below_warnings_is_not_written(
    lines: Lines, level: Literal["debug", "info"]
) -> None:
    configure(level, "json")
    logging.getLogger("httpx").info("HTTP Request: GET http://10.0.0.1/?sig=hush")
    assert lines() == []


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJSUzI1NiJ9.hush.hush",
        "Authorization: Bearer hush",
        "basic: Basic aHVzaA==hush",
        "postgresql://ada:hush@database/pixelgate",
        f"an API key: pg_0123abcd_{'hush':-<43}",
        f"a stop key: pg_stop_{'hush':-<43}",
    ],
)
def test_what_looks_like_a_secret_is_hidden(lines: Lines, form: Form, text: str) -> None:
    configure("info", form)
    structlog.get_logger().info("odd", found=text)
    (line,) = lines()
    assert "[hidden]" in line
    assert "hush" not in line


def test_a_hidden_api_key_can_still_be_named_and_revoked(lines: Lines) -> None:
    configure("info", "json")
    structlog.get_logger().info("odd", found="pg_0123abcd_" + "hush" * 10 + "-_A")
    assert only(lines())["found"] == "pg_0123abcd_[hidden]"


def test_an_error_is_told_by_place_and_cause_but_not_by_what_it_quotes() -> None:
    error = raised(RuntimeError("no room"))
    error.__cause__ = raised(ValueError("invalid literal: 'hush'"))
    told = describe(error)
    assert told.index("ValueError") < told.index("then") < told.index("RuntimeError: no room")
    assert "test_logs.py" in told
    assert "hush" not in told


def test_an_operating_system_error_names_its_reason_without_the_file() -> None:
    assert describe(FileNotFoundError(2, "No such file or directory", "/hush")) == (
        "FileNotFoundError: No such file or directory"
    )


def test_a_note_is_told_where_it_is_ours() -> None:
    ours, other = WorkFailed("It failed."), ValueError("It failed.")
    for error in (ours, other):
        error.add_note("engine.py:1 in edges")
    assert describe(ours) == "WorkFailed\nengine.py:1 in edges"
    assert describe(other) == "ValueError"


def test_an_exception_is_one_line_too(lines: Lines) -> None:
    configure("info", "json")
    structlog.get_logger().error("fault", exc_info=raised(KeyError("hush")))
    event = only(lines())
    assert event["exception"].endswith("KeyError")
