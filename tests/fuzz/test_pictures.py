"""Damaged pictures kill no process, and the search for them finds what does."""

import os
import signal

import pytest

from engines.core.pixels import Mode, decode
from tests.fuzz.mutations import ALL, corpus, mutated
from tests.fuzz.pictures import fuzz


def fail_at_some(number: int, data: bytes) -> None:
    """Stand in for the decoder, and die or raise."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5:
        raise KeyError(number)


def test_damaged_pictures_are_decoded_or_refused() -> None:
    outcome = fuzz(seed=1, count=2000)
    assert outcome.faults == []
    assert outcome.done == 2000


def test_what_kills_the_process_is_named_and_the_next_is_tried() -> None:
    outcome = fuzz(seed=1, count=8, decode=f"{__name__}:{fail_at_some.__name__}")
    kinds = [mutated(1, number)[0] for number in (3, 5)]
    assert outcome.faults == [
        f"seed 1, number 3 ({kinds[0]}): SIGSEGV",
        f"seed 1, number 5 ({kinds[1]}): KeyError: 5",
    ]
    assert outcome.done == 8


@pytest.mark.parametrize(("kind", "data"), corpus(), ids=[kind for kind, _ in corpus()])
def test_what_is_changed_was_whole(kind: str, data: bytes) -> None:
    assert decode(data, Mode.COLOUR, ALL).size


def test_a_damaged_picture_can_be_made_again() -> None:
    assert mutated(7, 11) == mutated(7, 11)
    assert len({mutated(7, number)[1] for number in range(100)}) > 95
