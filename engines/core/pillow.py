"""Pillow on files that strangers send: what it raises, and what it warns of."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

ERRORS = (
    struct.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    SyntaxError,
    TypeError,
    ValueError,
    OSError,
)
"""What Pillow raises on damaged files, at one place or another."""


@contextmanager
def no_warnings() -> Iterator[None]:
    """Pillow warns of what is odd in a file; whoever sent it is not there to read that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
