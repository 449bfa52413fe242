"""A blob is whole or not there, in a folder and in a bucket alike."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import NothingStored, StateUnreachable
from gateway.store import storage as storage_module
from gateway.store.storage import DRAFTS, PIECE_BYTES, S3_ATTEMPTS, Storage
from tests.hosts import hosts
from tests.servers import new_bucket, s3
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio

MANY_BYTES = 101 * 2**20
"""More than S3 gets in one request."""
PUT_MANY = """
import asyncio, sys
from gateway.store.storage import Storage

async def put():
    storage = Storage(sys.argv[1])
    for _ in range(20):
        await storage.put("a", sys.argv[2].encode() * 500_000)

asyncio.run(put())
"""
PUT_AMID_SILENCE = """
import asyncio, structlog, sys
from gateway.errors import StateUnreachable
from gateway.store import storage

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
storage.S3_SILENCE_SECONDS = 0.3

async def put():
    blobs = storage.Storage(sys.argv[1])
    input()
    await blobs.put("a", b"before")
    print("stored", flush=True)
    input()
    try:
        await blobs.put("a", b"amid")
    except StateUnreachable:
        print("given up", flush=True)
    input()
    await blobs.put("a", b"after")
    print((await blobs.get("a")).decode(), flush=True)

asyncio.run(put())
"""
PUT_AND_STOP_SHORT = """
import asyncio, os, sys
from gateway.store.storage import Storage

def stop(*args, **kwargs):
    os.write(1, b"written")
    os.read(0, 1)

if sys.argv[1].startswith("file:"):
    os.replace = stop
else:
    from s3fs import S3FileSystem

    call = S3FileSystem._call_s3

    async def _call_s3(self, method, *args, **kwargs):
        if method == "complete_multipart_upload":
            stop()
        return await call(self, method, *args, **kwargs)

    S3FileSystem._call_s3 = _call_s3

asyncio.run(Storage(sys.argv[1]).put("tasks/1", bytes(101 * 2**20)))
"""


def started(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_what_was_put_last_under_a_name_is_there(storage: Storage, storage_url: str) -> None:
    await storage.put("tasks/1/a", b"first")
    await Storage(storage_url).put("tasks/1/a", b"sec", b"ond")
    assert await storage.get("tasks/1/a") == b"second"
    assert await storage.size("tasks/1/a") == 6


async def test_what_another_worker_puts_after_a_look_is_seen(
    storage: Storage, storage_url: str
) -> None:
    await storage.put("tasks/1/a", b"x")
    assert await storage.names("tasks") == ["tasks/1/a"]
    await Storage(storage_url).put("tasks/1/b", b"xy")
    assert sorted(await storage.names("tasks")) == ["tasks/1/a", "tasks/1/b"]
    assert await storage.size("tasks/1/b") == 2


@pytest.mark.parametrize("name", ["tasks/2", "tasks", "a"])
async def test_what_was_never_put_is_not_there(storage: Storage, name: str) -> None:
    await storage.put("tasks/1/a", b"x")
    with pytest.raises(NothingStored):
        await storage.get(name)
    with pytest.raises(NothingStored):
        await storage.size(name)
    assert await storage.names("tasks/2") == []


async def test_nothing_is_a_blob_too(storage: Storage) -> None:
    await storage.put("a")
    assert (await storage.get("a"), await storage.size("a")) == (b"", 0)
    assert [piece async for piece in storage.pieces("a")] == []


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (0, None), (3, 7), (9, 10), (9, None), (None, 4)]
)
async def test_a_range_is_a_slice(storage: Storage, start: int | None, end: int | None) -> None:
    await storage.put("a", b"0123456789")
    assert await storage.get("a", start, end) == b"0123456789"[start:end]


async def test_a_large_blob_is_put_from_memory_and_from_a_file(
    storage: Storage, tmp_path: Path
) -> None:
    blob = os.urandom(MANY_BYTES)
    (tmp_path / "source").write_bytes(blob)
    await storage.put("put", blob)
    await storage.put_file("copied", tmp_path / "source")
    assert await storage.get("put") == blob
    assert await storage.get("copied") == blob


async def test_a_blob_is_copied_into_a_file(storage: Storage, tmp_path: Path) -> None:
    blob = os.urandom(PIECE_BYTES + 9)
    await storage.put("a", blob)
    await storage.get_file("a", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == blob


async def test_a_blob_comes_in_pieces(storage: Storage) -> None:
    blob = os.urandom(2 * PIECE_BYTES + 9)
    await storage.put("a", blob)
    pieces = [piece async for piece in storage.pieces("a")]
    assert [len(piece) for piece in pieces] == [PIECE_BYTES, PIECE_BYTES, 9]
    assert b"".join(pieces) == blob
    parts = [piece async for piece in storage.pieces("a", 7, PIECE_BYTES + 9)]
    assert b"".join(parts) == blob[7 : PIECE_BYTES + 9]


async def test_delete_takes_away_all_below_a_name_and_nothing_beside_it(storage: Storage) -> None:
    for name in ("tasks/1", "tasks/7/a", "tasks/7/1/b", "tasks/70/a", "tasks/7.png"):
        await storage.put(name, b"x")
    await storage.delete("tasks/7")
    await storage.delete("tasks/1")
    assert sorted(await storage.names("tasks")) == ["tasks/7.png", "tasks/70/a"]


async def test_nothing_to_delete_is_fine(storage: Storage) -> None:
    await storage.delete("tasks/7")
    await storage.put("tasks/70", b"x")
    await storage.delete("tasks/7")
    assert await storage.names("tasks") == ["tasks/70"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "..",
        "a/../../b",
        "a/./b",
        "a//b",
        "a/",
        "a\0",
        "a*",
        "a\n",
        f"{DRAFTS}/a",
    ],
)
async def test_a_name_cannot_lead_elsewhere(storage: Storage, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a blob"):
        await storage.put(name, b"x")
    with pytest.raises(ValueError, match="cannot name a blob"):
        await storage.delete(name)


async def test_who_reads_while_two_write_sees_one_of_both(
    storage: Storage, storage_url: str
) -> None:
    await storage.put("a", b"0" * 500_000)
    with started(PUT_MANY, storage_url, "1") as one, started(PUT_MANY, storage_url, "2") as other:
        while one.poll() is None or other.poll() is None:
            blob = await storage.get("a")
            assert len(blob) == 500_000
            assert len(set(blob)) == 1
    assert (one.returncode, other.returncode) == (0, 0)
    assert await storage.get("a", 0, 1) in (b"1", b"2")
    assert await storage.names("a") == ["a"]


async def test_who_is_killed_before_the_end_of_a_put_has_put_nothing(
    storage: Storage, storage_url: str
) -> None:
    with started(PUT_AND_STOP_SHORT, storage_url) as writer:
        assert writer.stdout
        assert writer.stdout.read(7) == b"written"
        writer.kill()
        writer.wait(WAIT_SECONDS)
    assert await storage.names("tasks") == []
    await storage.put("tasks/1", b"x")
    assert await storage.get("tasks/1") == b"x"


async def test_a_bucket_that_does_not_answer_is_not_asked_for_long(
    monkeypatch: pytest.MonkeyPatch, s3_server: str
) -> None:
    asked = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(StateUnreachable):
            await Storage("s3://bucket").get("a")
    assert asked <= 2 * S3_ATTEMPTS  # aiohttp asks once more where it was hung up on.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "blobs"


async def test_only_its_owner_can_read_a_folder(folder: Path) -> None:
    await Storage(f"file://{folder}").put("tasks/1/a", b"x")
    await Storage(f"file://{folder}").put_file("tasks/1/b", Path(__file__))
    for kept in (folder.parent, folder, folder / "tasks", folder / "tasks/1", folder / DRAFTS):
        assert mode(kept) == 0o700
    for kept in (folder / "tasks/1/a", folder / "tasks/1/b"):
        assert mode(kept) == 0o600


async def test_a_blob_that_cannot_be_written_leaves_nothing(folder: Path) -> None:
    storage = Storage(f"file://{folder}")
    await storage.put("tasks/1", b"x")
    with pytest.raises(OSError, match="directory"):
        await storage.put("tasks", b"y")
    assert os.listdir(folder / DRAFTS) == []


async def test_a_start_takes_away_what_was_left_long_ago_and_no_more(folder: Path) -> None:
    await Storage(f"file://{folder}").put("a", b"x")
    drafts = folder / DRAFTS
    for name in ("old", "new"):
        (drafts / f"{name}_folder").mkdir()
        (drafts / f"{name}_folder" / "b").write_bytes(b"x")
        (drafts / name).write_bytes(b"x")
    for old in (drafts / "old", drafts / "old_folder", folder / "a"):
        os.utime(old, (0, 0))
    storage = Storage(f"file://{folder}")
    assert sorted(os.listdir(drafts)) == ["new", "new_folder"]
    assert await storage.get("a") == b"x"


async def test_what_is_sent_to_a_bucket_has_to_arrive(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, milliseconds = storage_module._socket, list[int]()

    def note(address: tuple[Any, ...]) -> socket.socket:
        made = make(address)
        milliseconds.append(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
        return made

    monkeypatch.setattr(storage_module, "_socket", note)
    await Storage(f"s3://{new_bucket(s3_server)}").put("a", b"arrived")
    assert set(milliseconds) == {1000 * storage_module.S3_SILENCE_SECONDS}


def test_a_bucket_that_falls_silent_is_given_up_and_found_again() -> None:
    with hosts("gateway", "bucket") as made, ExitStack() as stack:
        gateway, bucket = made["gateway"], made["bucket"]
        with bucket.entered():
            server = stack.enter_context(s3(bucket.address))
            url = f"s3://{new_bucket(server.address)}"
        # s3fs has a thread of its own, which stays on the host where it was begun.
        with gateway.entered():
            putting = stack.enter_context(started(PUT_AMID_SILENCE, url))
        assert goes_on(putting) == b"stored\n"
        with gateway.silent_to(bucket):
            assert goes_on(putting) == b"given up\n"
        assert goes_on(putting) == b"after\n"


def goes_on(process: subprocess.Popen[bytes]) -> bytes:
    """What it says when it is told to go on."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"\n")
    process.stdin.flush()
    return process.stdout.readline()
