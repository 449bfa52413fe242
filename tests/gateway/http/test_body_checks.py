"""The counts of an arriving body: what is still ordinary, and what is not."""

import pytest

from gateway.http.body_checks import MAX_PIECES, MIN_PIECE_BYTES, SLOW_START_SECONDS, BodyMeter
from gateway.http.early_answers import MAX_HEAD_BYTES
from gateway.http.head_checks import Refused


def test_many_pieces_are_taken_unless_they_are_small() -> None:
    meter = BodyMeter(0)
    for _ in range(2 * MAX_PIECES):
        meter.count_piece(MIN_PIECE_BYTES)
    with pytest.raises(Refused, match="small chunks"):
        meter.count_piece(MIN_PIECE_BYTES - 1)


def test_framing_may_be_as_long_as_a_head_and_no_longer() -> None:
    meter = BodyMeter(0)
    meter.count_read(MAX_HEAD_BYTES)
    with pytest.raises(Refused, match="extensions and trailer"):
        meter.count_read(1)


def test_a_piece_is_not_framing_whichever_read_brought_it() -> None:
    meter = BodyMeter(0)
    for _ in range(10):
        meter.count_piece(MAX_HEAD_BYTES)
        meter.count_read(MAX_HEAD_BYTES)


def test_a_piece_that_came_with_the_head_makes_no_room_for_framing() -> None:
    meter = BodyMeter(0)
    meter.count_piece(MAX_HEAD_BYTES)
    meter.count_read(0)
    with pytest.raises(Refused):
        meter.count_read(MAX_HEAD_BYTES + 100)


def test_a_rate_is_judged_after_a_slow_start() -> None:
    meter = BodyMeter(0)
    meter.count_piece(10 * SLOW_START_SECONDS)
    assert not meter.is_slower(11, SLOW_START_SECONDS)
    assert meter.is_slower(11, SLOW_START_SECONDS + 0.1)
    assert not meter.is_slower(9, SLOW_START_SECONDS + 0.1)
