"""Loading modules."""

import gc

from engines.process.loading import loading


def test_nothing_is_collected_while_modules_are_loaded() -> None:
    with loading():
        before = gc.get_stats()
        kept = [[number] for number in range(10_000)]
        assert gc.get_stats() == before
    assert gc.isenabled()
    assert kept


def test_what_was_loaded_is_not_looked_at_again() -> None:
    with loading():
        kept: list[object] = []
    try:
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()
