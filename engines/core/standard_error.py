"""What libjpeg and libpng print on standard error, caught."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def caught() -> Iterator[Callable[[], bytes]]:
    """Catch what libjpeg and libpng print meanwhile.

    A JPEG whose data end before the end marker decodes, grey from there on, and OpenCV tells
    of it in no other way. It also keeps pictures from filling the log.
    """
    reader, writer, standard_error = _pipe()
    _drain(reader)
    os.dup2(writer, 2)
    try:
        yield lambda: _drain(reader)
    finally:
        os.dup2(standard_error, 2)


@cache
def _pipe() -> tuple[int, int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer, os.dup(2)


def _drain(reader: int) -> bytes:
    try:
        return os.read(reader, 65536)
    except BlockingIOError:
        return b""
