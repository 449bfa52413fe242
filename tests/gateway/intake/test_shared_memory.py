"""A block is read if it is the caller's own, and left as it is."""

import os
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import pytest

from gateway.errors import MissingPicture
from gateway.intake import shared_memory
from gateway.intake.shared_memory import read_block

OURS = os.getuid()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where blocks are looked for."""
    (tmp_path / "blocks").mkdir()
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path / "blocks")
    return tmp_path / "blocks"


def admit(size: int) -> None:
    """Whatever is there."""


def test_a_block_is_read_and_stays() -> None:
    block = SharedMemory(create=True, size=5)
    try:
        (Path("/dev/shm") / block.name).write_bytes(b"hello")
        assert read_block(block.name, owner=OURS, admit=admit) == b"hello"
        assert (Path("/dev/shm") / block.name).read_bytes() == b"hello"
    finally:
        block.close()
        block.unlink()


def test_nothing_is_read_of_another_size_than_is_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "psm_1").write_bytes(b"hello")
    monkeypatch.delattr(os, "read")

    def refuse(size: int) -> None:
        raise ValueError(size)

    with pytest.raises(ValueError, match=r"^5$"):
        read_block("psm_1", owner=OURS, admit=refuse)


def test_a_block_of_somebody_else_might_as_well_not_be_there(folder: Path) -> None:
    (folder / "psm_1").write_bytes(b"hello")
    with pytest.raises(MissingPicture) as theirs:
        read_block("psm_1", owner=OURS + 1, admit=admit)
    with pytest.raises(MissingPicture) as absent:
        read_block("psm_2", owner=OURS, admit=admit)
    assert str(theirs.value) == str(absent.value)


def test_only_files_are_blocks(folder: Path) -> None:
    (folder.parent / "secret").write_bytes(b"hello")
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("link", "folder", "pipe", ".", ".."):
        with pytest.raises(MissingPicture):
            read_block(name, owner=OURS, admit=admit)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_block_that_shrinks_is_refused(folder: Path) -> None:
    (folder / "psm_1").write_bytes(b"hello")

    def shrink(size: int) -> None:
        os.truncate(folder / "psm_1", 2)

    with pytest.raises(MissingPicture, match="shrank"):
        read_block("psm_1", owner=OURS, admit=shrink)
