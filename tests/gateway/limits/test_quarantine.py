"""Refused jobs: what makes two the same, and who knows of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, select

from auth.tables import metadata
from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from gateway.errors import UnknownRefusedJob
from gateway.limits.quarantine import (
    DatabaseQuarantine,
    MemoryQuarantine,
    Quarantine,
    digest,
    release,
)
from gateway.store.tables import refused_jobs
from tests.gateway.pool.work import job


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path / 'rows.db'}")
    metadata.create_all(engine)
    return engine


@pytest.fixture(params=["memory", "database"])
def quarantine(request: pytest.FixtureRequest, database: Engine, clock: Clock) -> Quarantine:
    if request.param == "memory":
        return MemoryQuarantine(clock=clock)
    return DatabaseQuarantine(database, clock=clock)


def test_the_same_question_about_the_same_pictures_has_one_digest() -> None:
    assert digest(job("echo", b"x", None)) == digest(job("echo", b"x", None))


def test_a_file_is_known_by_what_it_holds(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.write_bytes(b"video")
    jobs = [replace(job("echo"), inputs=(path,)) for path in (one, other)]
    assert digest(jobs[0]) == digest(jobs[1])
    other.write_bytes(b"another")
    assert digest(jobs[0]) != digest(jobs[1])
    other.unlink()
    assert digest(jobs[0]) != digest(jobs[1])


def test_the_same_bytes_decoded_otherwise_are_another_question() -> None:
    told = job("echo", b"x")
    assert digest(told) != digest(replace(told, decoders=(PictureDecoder(Mode.GREY),)))


def test_anything_else_has_another() -> None:
    jobs = [
        job("echo", b"x"),
        job("pid", b"x"),
        job("echo", b"y"),
        job("echo", b"x", None),
        job("echo", b"x", b""),
        job("echo", b"x", size=1),
        job("echo", b"ab", b"c"),
        job("echo", b"a", b"bc"),
    ]
    assert len({digest(one) for one in jobs}) == len(jobs)


@pytest.mark.anyio
async def test_nothing_is_refused_at_first(quarantine: Quarantine) -> None:
    assert not await quarantine.has_any()
    assert not await quarantine.is_refused("d")


@pytest.mark.anyio
async def test_a_refusal_holds_for_its_time(quarantine: Quarantine, clock: Clock) -> None:
    await quarantine.refuse("d", 60)
    assert await quarantine.has_any()
    assert await quarantine.is_refused("d")
    assert not await quarantine.is_refused("e")
    clock.now += 61
    assert not await quarantine.is_refused("d")


@pytest.mark.anyio
async def test_another_worker_knows_within_two_seconds(database: Engine, clock: Clock) -> None:
    ours, theirs = (DatabaseQuarantine(database, clock=clock) for _ in range(2))
    assert not await theirs.has_any()
    await ours.refuse("d", 60)
    clock.now += 2
    assert await theirs.has_any()
    assert await theirs.is_refused("d")


@pytest.mark.anyio
async def test_a_released_job_is_tried_again_by_every_worker(
    database: Engine, clock: Clock
) -> None:
    ours = DatabaseQuarantine(database, clock=clock)
    await ours.refuse("d", 60)
    await ours.refuse("e", 60)
    release(database, "d")
    clock.now += 2
    assert [await ours.is_refused(one) for one in "de"] == [False, True]
    with pytest.raises(UnknownRefusedJob):
        release(database, "d")


@pytest.mark.anyio
async def test_a_refusal_may_be_renewed_and_old_ones_vanish(database: Engine, clock: Clock) -> None:
    quarantine = DatabaseQuarantine(database, clock=clock)
    await quarantine.refuse("old", 1)
    await quarantine.refuse("d", 60)
    clock.now += 30
    await quarantine.refuse("d", 60)
    clock.now += 45
    assert await quarantine.is_refused("d")
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(refused_jobs)) == 1


@pytest.mark.anyio
async def test_a_database_that_cannot_be_read_refuses_nothing(
    database: Engine, clock: Clock
) -> None:
    metadata.drop_all(database)
    assert not await DatabaseQuarantine(database, clock=clock).has_any()


@pytest.mark.anyio
async def test_a_database_that_cannot_be_written_costs_nobody_an_answer(
    database: Engine, clock: Clock
) -> None:
    quarantine = DatabaseQuarantine(database, clock=clock)
    metadata.drop_all(database)
    await quarantine.refuse("d", 60)
    assert await quarantine.is_refused("d")
