"""Log lines: one event a line on stderr, fixed words plus fields, never a secret."""

import json
import logging
import mmap
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import structlog
from gunicorn import glogging
from structlog.typing import EventDict, WrappedLogger

from engines.core.errors import places
from gateway.errors import GatewayError

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
_lowest = mmap.mmap(-1, 1)
"""The lowest level that is logged: one byte, which all processes of a service share."""
_FIRST = ("timestamp", "level", "event")
# A net below the rule that no secret is handed to a log: JSON web tokens, API keys but for the
# prefix that names them, stop keys, Authorization values, passwords in URLs. The marks save the
# search, which costs more than the rest of a line.
_MARKS = (b"eyJ", b"pg_", b"earer ", b"asic ", b"://")
_SECRET = re.compile(
    rb"eyJ[\w-]{8,}(?:\.[\w-]*)*"
    rb"|(?<=pg_[0-9a-f]{8}_)[\w-]+|(?<=pg_stop_)[\w-]+"
    rb"|(?<=[Bb]earer )[\w.~+/=-]+|(?<=[Bb]asic )[\w+/=-]+"
    rb"|(?<=://)[^\s/@\"]+(?=@)"
)
_HIDDEN = b"[hidden]"
# The text of other errors may quote what they choked on: a password, a picture.
_SPEAKING = (
    AttributeError,
    ImportError,
    MemoryError,
    ModuleNotFoundError,
    NameError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ZeroDivisionError,
)


Level = Literal["debug", "info", "warning", "error"]


def set_level(level: Level) -> None:
    """Log what is of this level or above: at once, in the processes forked before this one too."""
    _lowest[0] = _LEVELS[level]


def configure(level: Level, form: Literal["auto", "json", "text"]) -> None:
    """Send our events, and the warnings of every library, to stderr in one form."""
    set_level(level)
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _drop_below_level,
            structlog.processors.MaybeTimeStamper(fmt="iso", utc=True),
            _add_process,
            _describe_error,
            _as_text if is_text else _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=_Stderr,
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(True)
    # Below warnings, libraries write addresses and queries: httpx each URL that it fetches.
    logging.basicConfig(level=logging.WARNING, handlers=[Bridge()], force=True)


def timestamp(seconds: float) -> str:
    """The `timestamp` of an event that is logged later than it happened, s since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + "Z"


class Bridge(logging.Handler):
    """A library's log record as an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, record.getMessage().strip(), **fields)


class GunicornLogger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's logger, which uvicorn's worker takes its handlers from too."""

    def setup(self, cfg: Any) -> None:
        """Replace handlers and levels; there is no access log, the middleware writes one."""
        self.cfg = cfg
        self.error_log.handlers = [Bridge()]
        self.error_log.setLevel(logging.WARNING)
        self.access_log.handlers = []


class _Stderr:
    """Writes each line by one call, so that lines of several processes do not mix.

    structlog's own `BytesLogger` fails where the reader went away, and what was logged with it.
    """

    def __init__(self, *names: str) -> None:
        pass

    def msg(self, line: bytes) -> None:
        with suppress(OSError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, line + b"\n")

    debug = info = warning = error = critical = log = msg


def _drop_below_level(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Here and not in the logger: that is kept, with the level of its first line."""
    if _LEVELS[event["level"]] < _lowest[0]:
        raise structlog.DropEvent
    return event


def _add_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["process"] = os.getpid()
    return event


def _describe_error(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


def describe(error: BaseException) -> str:
    """An error, its causes, and where each was raised; its text only where that quotes nothing."""
    lines = [*places(error), _headline(error), *_notes(error)]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join([describe(cause), "then", *lines] if cause else lines)


def _headline(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}" if error.strerror else name
    return f"{name}: {error}" if type(error) in _SPEAKING else name


def _notes(error: BaseException) -> list[str]:
    """What was noted about an error of ours; the notes of other errors may quote."""
    return getattr(error, "__notes__", []) if isinstance(error, GatewayError) else []


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    """Not structlog's `JSONRenderer`, which puts no field first and knows no second serializer."""
    ordered = {**{key: event.pop(key) for key in _FIRST}, **event}
    try:
        return _hide_secrets(orjson.dumps(ordered, default=str))
    except TypeError:  # Half a surrogate pair is no UTF-8.
        return _hide_secrets(json.dumps(ordered, default=str).encode())


_fields = structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _as_text(logger: WrappedLogger, name: str, event: EventDict) -> bytes:
    """To the second, what happened, and its fields as logfmt."""
    printable = {key: _printable(value) for key, value in event.items()}
    time, level, happened = (str(printable.pop(key)) for key in _FIRST)
    happened = happened.replace("\n", "\\n")
    line = f"{time[:19]}Z {level:<7} {happened:<20} {_fields(logger, name, printable)}"
    return _hide_secrets(line.encode("utf-8", "backslashreplace"))


def _printable(value: object) -> object:
    """Nothing that a terminal would obey; the renderer sees to line breaks."""
    text = str(value)
    if text.isprintable():
        return value
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


def _hide_secrets(line: bytes) -> bytes:
    return _SECRET.sub(_HIDDEN, line) if any(mark in line for mark in _MARKS) else line
