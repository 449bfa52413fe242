"""What the service asks of its database costs the same however many rows there are.

Cost is what SQLite counts: instructions of its virtual machine, the same in every run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.store.database import open_database
from tests.filled import fill, operations

FEW, MANY = 200, 2000
COUNTS = {"tasks, first page", "task, from queue to end"}
"""They count what one caller has, in an index alone; so much for each row at most."""
MOST_COUNTED = 15
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
    flat = taken.keys() - COUNTS - PASSES_OVER - LISTS_ALL
    assert len(flat) == 9
    assert {name: taken[name] for name in flat if taken[name][1] > 1.1 * taken[name][0]} == {}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counting_takes_a_few_steps_for_each_that_is_counted(
    taken: Mapping[str, tuple[int, int]], name: str
) -> None:
    few, many = taken[name]
    assert (many - few) / (MANY - FEW) < MOST_COUNTED


@pytest.mark.parametrize("name", sorted(PASSES_OVER | LISTS_ALL))
def test_a_list_takes_no_more_than_its_length(
    taken: Mapping[str, tuple[int, int]], name: str
) -> None:
    few, many = taken[name]
    assert many <= 1.1 * few * MANY / FEW


def test_tasks_are_counted_in_an_index_alone(tmp_path: Path) -> None:
    database, counting = open_database(f"sqlite:///{tmp_path / 'rows'}"), list[Any]()
    fill(database, 1)
    page = operations(database, 1)["tasks, first page"]

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if "count(*)" in statement:
            counting.append((f"EXPLAIN QUERY PLAN {statement}", values))

    event.listen(database, "before_cursor_execute", note)
    page()
    ((statement, values),) = counting
    with database.connect() as connection:
        (step,) = connection.exec_driver_sql(statement, values)
    database.dispose()
    assert "USING COVERING INDEX ix_tasks_listed" in step[3]
