"""How far a computation has come, for whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, isnan
from time import monotonic

INTERVAL_SECONDS = 0.25

_listener: Callable[[float], None] | None = None
_heard_at = -inf


def report(share: float) -> None:
    """Say which share of the work is done, from the thread that computes.

    It may be called as often as is convenient: a few times a second it is heard, and outside of
    an engine process never.

    Raises:
        ValueError: the share is no number; one outside of 0 to 1 counts as the nearer end.
    """
    global _heard_at
    if isnan(share):
        raise ValueError("Progress is no number.")
    if _listener is not None and (now := monotonic()) - _heard_at >= INTERVAL_SECONDS:
        _heard_at = now
        _listener(min(max(share, 0.0), 1.0))


@contextmanager
def heard_by(listener: Callable[[float], None]) -> Iterator[None]:
    """Hand on what a computation reports, the first of it at once."""
    global _listener, _heard_at
    _listener, _heard_at = listener, -inf
    try:
        yield
    finally:
        _listener = None
