"""The last images are the latest, and not without end."""

import os
from pathlib import Path

import pytest

from gateway.errors import NothingStored
from gateway.store.last_images import FOLDER, LastImages
from gateway.store.storage import Storage

pytestmark = pytest.mark.anyio


async def test_a_key_has_what_was_put_last(storage: Storage) -> None:
    images = LastImages(storage, most=9)
    await images.put("a", b"first")
    await images.put("a", b"sec", b"ond")
    assert await images.get("a") == b"second"
    with pytest.raises(NothingStored, match="No image of this caller"):
        await images.get("b")


async def test_there_are_never_more_for_long(storage: Storage) -> None:
    await storage.put("tasks/1", b"x")
    for key in "abcd":
        await LastImages(storage, most=2).put(key, b"x")
        assert len(await storage.names(FOLDER)) <= 2
    assert len(await storage.names(FOLDER)) == 2
    assert await storage.names("tasks") == ["tasks/1"]


async def test_the_one_not_put_for_longest_makes_room(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    images = LastImages(storage, most=2)
    for age, key in enumerate("bac"):
        await storage.put(f"{FOLDER}/{key}", key.encode())
        os.utime(tmp_path / FOLDER / key, (age, age))
    await images.put("b", b"B")
    assert await storage.names(FOLDER) == ["last_images/c", "last_images/b"]


async def test_many_are_looked_through_at_some_puts_only(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = LastImages(storage, most=100)
    monkeypatch.setattr("gateway.store.last_images.random", lambda: 0.1)
    for number in range(102):
        await images.put(str(number), b"x")
    assert len(await storage.names(FOLDER)) == 102
    monkeypatch.setattr("gateway.store.last_images.random", lambda: 0.099)
    await images.put("102", b"x")
    assert len(await storage.names(FOLDER)) == 100


async def test_where_none_are_kept_nothing_is_written(tmp_path: Path) -> None:
    images = LastImages(Storage(f"file://{tmp_path / 'blobs'}"), most=0)
    await images.put("a", b"x")
    with pytest.raises(NothingStored):
        await images.get("a")
    assert not (tmp_path / "blobs").exists()
