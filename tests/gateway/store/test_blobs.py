"""Blobs are whole, private, and not without end."""

import os
from pathlib import Path

import pytest

from gateway.store.blobs import Blobs

pytestmark = pytest.mark.anyio


async def test_what_was_put_last_under_a_name_is_there(tmp_path: Path) -> None:
    one, other = (Blobs(tmp_path / "blobs", most=9) for _ in range(2))
    await one.put("a", b"first")
    await other.put("a", b"sec", b"ond")
    assert await one.get("a") == b"second"
    assert await one.get("b") is None


async def test_only_its_owner_can_read_a_blob(tmp_path: Path) -> None:
    await Blobs(tmp_path / "blobs", most=9).put("a", b"x")
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "blobs" / "a").stat().st_mode & 0o777 == 0o600


async def test_the_oldest_makes_room(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, most=2)
    for age, name in enumerate("abc"):
        await blobs.put(name, name.encode())
        os.utime(tmp_path / name, (age, age))
    await blobs.put("b", b"B")
    assert await blobs.get("a") is None
    assert (await blobs.get("b"), await blobs.get("c")) == (b"B", b"c")


async def test_where_none_are_kept_nothing_is_written(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs", most=0)
    await blobs.put("a", b"x")
    assert await blobs.get("a") is None
    assert not (tmp_path / "blobs").exists()


async def test_a_blob_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="directory"):
        await Blobs(tmp_path, most=9).put("a", b"x")
    assert os.listdir(tmp_path) == ["a"]
