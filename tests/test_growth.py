"""What the service asks of its database costs the same however many rows there are.

Cost is what SQLite counts: instructions of its virtual machine, the same in every run.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import event

from gateway.store.database import open_database
from tests.filled import fill, operations

FEW, MANY = 200, 2000
PASSES_OVER = {"accounts, last page", "tasks, last page"}
LISTS_ALL = {"users list"}


def instructions(folder: Path, count: int) -> Mapping[str, int]:
    """What each operation takes, done for the second time."""
    database, ticks = open_database(f"sqlite:///{folder / str(count)}"), list[None]()
    fill(database, count)

    def watch(connection: object, *_: object) -> None:
        connection.set_progress_handler(lambda: ticks.append(None), 1)  # type: ignore[attr-defined]

    event.listen(database, "checkout", watch)
    taken = dict[str, int]()
    for name, operation in operations(database, count).items():
        operation()
        ticks.clear()
        operation()
        taken[name] = len(ticks)
    database.dispose()
    return taken


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, int]]:
    """Instructions with few rows and with ten times as many."""
    folder = tmp_path_factory.mktemp("rows")
    few, many = instructions(folder, FEW), instructions(folder, MANY)
    return {name: (few[name], many[name]) for name in few}


def test_what_callers_wait_for_takes_the_same_among_ten_times_as_many_rows(
    taken: Mapping[str, tuple[int, int]],
) -> None:
    flat = taken.keys() - PASSES_OVER - LISTS_ALL
    assert len(flat) == 11
    assert {name: taken[name] for name in flat if taken[name][1] > 1.1 * taken[name][0]} == {}


@pytest.mark.parametrize("name", sorted(PASSES_OVER | LISTS_ALL))
def test_a_list_takes_no_more_than_its_length(
    taken: Mapping[str, tuple[int, int]], name: str
) -> None:
    few, many = taken[name]
    assert many <= 1.1 * few * MANY / FEW
