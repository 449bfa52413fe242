"""Gateways on several machines say what they do not have in common."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from gateway.gateways import FOLDER, KEYS, SILENT_SECONDS, STORAGE, Gateways, gateways_of
from gateway.issuer import key_ring
from gateway.settings import Settings
from gateway.store.secret_box import SecretBox
from gateway.store.storage import Storage
from gateway.store.tables import gateways
from tests.auth.conftest import Clock

pytestmark = pytest.mark.anyio

Start = Callable[..., Gateways]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database: Engine, tmp_path: Path, clock: Clock) -> Start:
    """A gateway with a data folder, and other settings."""

    def started(data: str = "data", **told: Any) -> Gateways:
        storage = f"file://{tmp_path / 'blobs'}"
        settings = Settings(data=tmp_path / data, **{"storage": storage, **told})
        made = gateways_of(settings, database, Storage(settings.storage_url))
        made._clock = clock
        return made

    return started


async def said(*looking: Gateways) -> set[str]:
    """What differs, as they see it one after another."""
    with capture_logs() as logged:
        for one in looking:
            await one.look()
    assert {one["event"] for one in logged} <= {"gateways differ"}
    return {one["what"] for one in logged}


async def test_gateways_of_the_same_keys_and_storage_say_nothing(start: Start) -> None:
    first, second = start(), start()
    assert await said(first, second, first) == set()


async def test_keys_that_were_copied_are_the_same(start: Start, tmp_path: Path) -> None:
    first = start()
    await first.look()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert await said(start("copy"), first) == set()


async def test_keys_of_its_own_are_told_to_both(start: Start) -> None:
    first, second = start(), start("other")
    assert await said(first) == set()
    assert await said(second) == {KEYS}
    assert await said(first) == {KEYS}
    assert await said(second, first) == set()


async def test_the_key_of_secrets_alone_is_missed_too(start: Start, tmp_path: Path) -> None:
    first = start()
    await first.look()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    (tmp_path / "copy" / "keys" / "secrets.fernet").unlink()
    assert await said(start("copy")) == {KEYS}


async def test_a_rotated_key_is_known_to_all_of_a_folder_and_not_to_a_copy(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = start(), start()
    await first.look()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    copy = start("copy")
    monkeypatch.setattr("auth.keys.PUBLISHED_BEFORE_USE_SECONDS", 0)
    first._keys.rotate()
    second._keys._look()
    assert await said(first, second) == set()
    assert await said(copy) == {KEYS}


async def test_storages_that_only_look_the_same_differ(start: Start, tmp_path: Path) -> None:
    await start().look()
    assert await said(start(storage=f"file://{tmp_path / 'elsewhere'}")) == {STORAGE}


@pytest.mark.parametrize(
    "told",
    [
        {"public_url": "https://other.example"},
        {"realm": "Other"},
        {"issuer": "https://issuer.example"},
        {"port": 8001},
    ],
    ids=lambda told: next(iter(told)),
)
async def test_what_tokens_name_must_be_the_same(start: Start, told: dict[str, Any]) -> None:
    await start().look()
    named = "PUBLIC_URL" if "port" in told else next(iter(told)).upper()
    assert await said(start(**told)) == {f"PIXELGATE_{named}"}


async def test_one_that_has_ended_is_spoken_of_no_more(start: Start) -> None:
    async with start("other").joined():
        pass
    assert await said(start()) == set()


async def test_one_that_was_killed_is_forgotten_after_a_while(
    start: Start, clock: Clock, database: Engine, tmp_path: Path
) -> None:
    await start("other").look()
    clock.turn(SILENT_SECONDS)
    assert await said(start()) == set()
    with database.connect() as connection:
        count = select(func.count()).select_from(gateways)
        assert connection.execute(count).scalar_one() == 1
    assert len(await Storage(f"file://{tmp_path / 'blobs'}").children(FOLDER)) == 1


async def test_a_fingerprint_tells_no_secret(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    ring, box = key_ring(settings), SecretBox(tmp_path / "keys")
    told = ring.fingerprint() + box.fingerprint()
    assert ring.refresh_secret.hex() not in told
    assert (tmp_path / "keys" / "secrets.fernet").read_text() not in told


async def test_a_database_that_is_away_keeps_nobody_from_starting_and_ending(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*told: object) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(Gateways, "_write", away)
    async with start().joined():
        pass


async def test_a_storage_that_does_not_answer_holds_up_no_start(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*told: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Storage, "put", silent)
    monkeypatch.setattr("gateway.gateways.START_SECONDS", 0)
    async with start().joined():
        pass
