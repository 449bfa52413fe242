"""Folders that are there as long as they are needed, be it that a process is killed."""

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store.scratch import open_scratch

pytestmark = pytest.mark.anyio

MAKE_AND_STAY = """
import sys
from pathlib import Path
from gateway.store.scratch import open_scratch

with open_scratch(Path(sys.argv[1])) as scratch:
    print(scratch.make(), flush=True)
    sys.stdin.read()
"""


async def test_a_folder_is_empty_its_owners_alone_and_goes_with_its_content(tmp_path: Path) -> None:
    with open_scratch(tmp_path / "scratch") as scratch:
        async with scratch.folder() as folder:
            assert [*folder.iterdir()] == []
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            (folder / "a").write_bytes(b"a")
        assert not folder.exists()


async def test_a_folder_goes_though_whoever_waits_for_that_is_cancelled(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as scratch:
        folder = scratch.make()
        removing = asyncio.create_task(scratch.remove(folder))
        await asyncio.sleep(0)
        removing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await removing
        await scratch.remove(scratch.make())  # by the one thread, so after the other
        assert not folder.exists()


def test_what_was_not_removed_goes_when_the_process_ends(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as scratch:
        folder = scratch.make()
    assert not folder.parent.exists()


def test_what_a_killed_process_has_left_is_removed_and_what_a_live_one_has_is_not(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", MAKE_AND_STAY, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().decode().strip())
        with open_scratch(tmp_path):
            assert folder.is_dir()
        other.kill()
    with open_scratch(tmp_path):
        assert not folder.parent.exists()
