"""Files of any size: what of them is in memory, on disk, or refused before it is all sent."""

import base64
import os
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from engines.core.shapes import File
from gateway.errors import MissingPicture, UnreadableBody, UploadTooLarge
from gateway.intake.forms import MAX_FILES
from gateway.intake.spooled import HEAD_BYTES, MEMORY_BYTES, read_upload
from gateway.limits.memory_budget import MemoryBudget, Share
from gateway.store.scratch import DiskFile, Scratch

pytestmark = pytest.mark.anyio

MULTIPART = "multipart/form-data; boundary=frontier"
END = b"\r\n--frontier--\r\n"
PIECE = bytes(range(256)) * 256
MB = 1024 * 1024
LARGE = 64 * MB


class Sender:
    """Sends a body piece by piece, and perhaps leaves before its end; `left` is not sent yet."""

    def __init__(self, *pieces: bytes, leaves: bool = False) -> None:
        self.left = list(pieces)
        self.leaves = leaves
        self.announced_bytes = sum(map(len, pieces))

    async def receive(self) -> Message:
        if not self.left and self.leaves:
            return {"type": "http.disconnect"}
        body = self.left.pop(0) if self.left else b""
        return {"type": "http.request", "body": body, "more_body": bool(self.left or self.leaves)}


def beginning(parameters: str, *fields: str) -> bytes:
    """What stands before a part's content."""
    head = [f"Content-Disposition: form-data; {parameters}", *fields]
    return "\r\n".join(["--frontier", *head, "", ""]).encode()


FILE = beginning('name="file"; filename="ride.mp4"')


def share_of(max_bytes: int) -> Share:
    """A share of a budget of which another request holds something, so that it is refused more."""
    budget = MemoryBudget(max_bytes)
    budget.account("another", 1)
    return Share(budget)


async def read(
    sender: Sender,
    folder: Path,
    content_type: str = "",
    *,
    share: Share | None = None,
    limit: Callable[[bytes], int] = lambda head: LARGE,
) -> File | DiskFile:
    share = share or Share(MemoryBudget(LARGE))
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(sender.announced_bytes).encode()),
    ]
    scope = {"type": "http", "method": "POST", "headers": headers}
    return await read_upload(
        Request(scope, share.counting(sender.receive)),
        share,
        folder,
        fields=("fileobject", "file"),
        limit=limit,
        max_bytes=2 * LARGE,
    )


async def test_a_small_body_stays_in_memory(tmp_path: Path) -> None:
    file = await read(Sender(b"\xff\xd8\xff", b"picture"), tmp_path)
    assert file == File("", "image/jpeg", b"\xff\xd8\xffpicture")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("more", [0, 1])
async def test_what_is_larger_than_is_kept_in_memory_goes_to_disk(
    tmp_path: Path, more: int
) -> None:
    content = (PIECE * 17)[: MEMORY_BYTES + more]
    file = await read(Sender(content[:70_000], content[70_000:]), tmp_path)
    assert isinstance(file, DiskFile if more else File)
    assert (file.path.read_bytes() if isinstance(file, DiskFile) else file.data) == content


@pytest.mark.parametrize("is_form", [False, True])
async def test_a_large_file_is_never_whole_in_memory(tmp_path: Path, is_form: bool) -> None:
    pieces = [PIECE] * (LARGE // len(PIECE))
    sender = Sender(FILE, *pieces, END) if is_form else Sender(*pieces)
    tracemalloc.start()
    file = await read(sender, tmp_path, MULTIPART if is_form else "", share=share_of(3 * MB))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(file, DiskFile)
    assert file.path.read_bytes() == b"".join(pieces)
    assert peak_bytes < 4 * MB


async def test_what_else_a_form_has_is_not_kept(tmp_path: Path) -> None:
    others = [beginning('name="other"; filename="b"'), *[PIECE] * 200, b"\r\n"]
    texts = [beginning('name="file"'), *[PIECE] * 200, b"\r\n"]
    sender = Sender(*others, *texts, FILE, b"video", END)
    file = await read(sender, tmp_path, MULTIPART, share=share_of(3 * MB))
    assert file == File("ride.mp4", "text/plain", b"video")
    assert os.listdir(tmp_path) == []


async def test_the_file_counts_that_was_chosen(tmp_path: Path) -> None:
    unchosen = beginning('name="fileobject"; filename=""')
    parts = b"\r\n".join((unchosen, FILE + b"chosen", unchosen))
    file = await read(Sender(parts + END), tmp_path, MULTIPART)
    assert file == File("ride.mp4", "text/plain", b"chosen")


@pytest.mark.parametrize("filename", ["b.mp4", ""])
async def test_no_file_is_left_out_in_silence(tmp_path: Path, filename: str) -> None:
    second = b"\r\n" + beginning(f'name="fileobject"; filename="{filename}"') + b"second"
    with pytest.raises(UnreadableBody, match="several files"):
        await read(Sender(FILE + b"first" + second + END), tmp_path, MULTIPART)


async def test_a_form_without_the_file_is_refused(tmp_path: Path) -> None:
    body = beginning('name="image"; filename="a.mp4"') + b"video" + END
    with pytest.raises(MissingPicture, match="no file named fileobject or file"):
        await read(Sender(body), tmp_path, MULTIPART)


async def test_a_form_of_many_files_is_refused(tmp_path: Path) -> None:
    part = beginning('name="other"; filename="b"') + b"\r\n"
    with pytest.raises(UnreadableBody, match="too many files"):
        await read(Sender(part * (MAX_FILES + 1) + FILE + END), tmp_path, MULTIPART)


@pytest.mark.parametrize("size", [1, 3, 4, 70_000])
async def test_base64_is_decoded_on_its_way(tmp_path: Path, size: int) -> None:
    content = PIECE * 40 + b"1" if size > 1000 else PIECE[:1000]
    encoded = base64.encodebytes(content)
    pieces = [encoded[at : at + size] for at in range(0, len(encoded), size)]
    head = beginning('name="file"; filename="a"', "Content-Transfer-Encoding: base64")
    file = await read(Sender(head, *pieces, END), tmp_path, MULTIPART)
    assert (file.path.read_bytes() if isinstance(file, DiskFile) else file.data) == content


@pytest.mark.parametrize("pieces", [(b"AA==", b"BBBB"), (b"AAAA", b"A"), (b"A", b"A=", b"A=")])
async def test_what_is_no_base64_is_refused(tmp_path: Path, pieces: Sequence[bytes]) -> None:
    head = beginning('name="file"; filename="a"', "Content-Transfer-Encoding: base64")
    with pytest.raises(UnreadableBody, match="base64"):
        await read(Sender(head, *pieces, END), tmp_path, MULTIPART)


async def test_what_follows_the_padding_of_base64_is_not_collected(tmp_path: Path) -> None:
    head = beginning('name="file"; filename="a"', "Content-Transfer-Encoding: base64")
    sender = Sender(head, b"AA==", *[b"A" * 70_000] * 100, END)
    with pytest.raises(UnreadableBody, match="base64"):
        await read(sender, tmp_path, MULTIPART)
    assert len(sender.left) == 100


@pytest.mark.parametrize("size", [1, 1000, HEAD_BYTES, 70_000])
async def test_a_file_is_judged_once_by_its_first_bytes(tmp_path: Path, size: int) -> None:
    heads = list[bytes]()

    def limit(head: bytes) -> int:
        heads.append(head)
        return 70_000

    content = PIECE[:5000]
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    await read(Sender(*pieces), tmp_path, limit=limit)
    assert heads == [content[:HEAD_BYTES]]


@pytest.mark.parametrize("content", [b"", b"short"])
async def test_a_file_without_so_many_bytes_is_judged_too(tmp_path: Path, content: bytes) -> None:
    def limit(head: bytes) -> int:
        raise UnreadableBody(f"It begins with {head!r}.")

    with pytest.raises(UnreadableBody, match=repr(content)):
        await read(Sender(content), tmp_path, limit=limit)


async def test_a_body_that_announces_too_much_is_refused_by_its_head(tmp_path: Path) -> None:
    sender = Sender(*[PIECE] * 100)
    with pytest.raises(UploadTooLarge, match=r"more than 1,000,000 bytes"):
        await read(sender, tmp_path, limit=lambda head: 1_000_000)
    assert len(sender.left) == 99


async def test_a_forms_file_is_refused_where_it_becomes_too_large(tmp_path: Path) -> None:
    sender = Sender(FILE, *[PIECE] * 100, END)
    with pytest.raises(UploadTooLarge, match=r"more than 1,000,000 bytes"):
        await read(sender, tmp_path, MULTIPART, limit=lambda head: 1_000_000)
    assert len(sender.left) == 101 - 16  # 16 pieces of the file are 1,048,576 bytes


async def test_a_file_goes_where_its_sender_leaves(tmp_path: Path) -> None:
    with pytest.raises(UnreadableBody, match="ended before"):
        async with Scratch(tmp_path).folder() as folder:
            await read(Sender(*[PIECE] * 100, leaves=True), folder)
    assert os.listdir(tmp_path) == []
