"""How long a connection that closes is kept open for its client."""

import asyncio

import pytest

from gateway.http.lingering import LINGER_MAX_SECONDS, LINGER_SECONDS, Lingering


class Closing(asyncio.Transport):
    """A transport that only tells how it was ended."""

    def __init__(self, *, unsent_bytes: int = 0, is_reset: bool = False) -> None:
        super().__init__()
        self.unsent_bytes = unsent_bytes
        self.was_aborted = False
        self._is_reset = is_reset

    def write_eof(self) -> None:
        if self._is_reset:
            raise OSError(107, "Transport endpoint is not connected")

    def abort(self) -> None:
        self.was_aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes


@pytest.mark.parametrize(
    ("unsent_bytes", "seconds"), [(0, LINGER_SECONDS), (9, LINGER_MAX_SECONDS)]
)
def test_it_ends_after_a_silence_or_later_if_something_is_unsent(
    unsent_bytes: int, seconds: float
) -> None:
    transport = Closing(unsent_bytes=unsent_bytes)
    lingering = Lingering(transport, 0, max_bytes=100)
    lingering.sweep(seconds, is_being_read=False)
    assert not transport.was_aborted
    lingering.sweep(seconds + 0.1, is_being_read=False)
    assert transport.was_aborted


def test_bytes_that_trickle_in_prolong_it_up_to_a_bound() -> None:
    transport = Closing()
    lingering = Lingering(transport, 0, max_bytes=100)
    for now in range(LINGER_MAX_SECONDS + 1):
        lingering.throw_away(1, now)
        lingering.sweep(now, is_being_read=False)
    assert not transport.was_aborted
    lingering.throw_away(1, LINGER_MAX_SECONDS + 1)
    lingering.sweep(LINGER_MAX_SECONDS + 1, is_being_read=False)
    assert transport.was_aborted


def test_a_client_that_still_reads_is_waited_for() -> None:
    transport = Closing(unsent_bytes=100)
    lingering = Lingering(transport, 0, max_bytes=100)
    lingering.sweep(100, is_being_read=True)
    lingering.sweep(100 + LINGER_MAX_SECONDS, is_being_read=False)
    assert not transport.was_aborted


def test_it_ends_when_too_much_comes() -> None:
    transport = Closing()
    lingering = Lingering(transport, 0, max_bytes=100)
    lingering.throw_away(100, 1)
    assert not transport.was_aborted
    lingering.throw_away(1, 1)
    assert transport.was_aborted


def test_a_connection_that_was_reset_ends_at_once() -> None:
    transport = Closing(is_reset=True)
    Lingering(transport, 0, max_bytes=100)
    assert transport.was_aborted
