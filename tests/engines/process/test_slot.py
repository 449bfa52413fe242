"""The engine process by itself: what it sends, what it makes of errors, what it shares."""

import mmap
import os
import pickle
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.core.decoders import PictureDecoder
from engines.core.errors import BadParameter, EngineError, PictureTooLarge
from engines.core.pixels import Mode
from engines.core.run import Answer, Job, Steps
from engines.core.shapes import File, Parameters
from engines.process import slot
from engines.process.preparation import prepare
from engines.process.shared_memory import KEPT_BYTES, PLACE_BYTES, SharedMemory, create_file
from engines.process.slot import MemoryExhausted, Setup, attempt
from engines.process.wire_format import (
    FRAME_HEADER,
    Fault,
    FrameHeader,
    GarbageFrame,
    Kind,
    pack_job,
    pack_outcome,
    unpack_answer,
    unpack_error,
    unpack_job,
)


class TwoMessages(EngineError):
    """It cannot be unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


@pytest.fixture
def shared_memory_fd() -> Iterator[int]:
    fd = create_file()
    yield fd
    os.close(fd)


@pytest.fixture
def shared_memory(shared_memory_fd: int) -> Iterator[SharedMemory]:
    opened = SharedMemory(shared_memory_fd)
    yield opened
    opened.close()


def raising(error: Exception) -> Answer:
    raise error


def test_an_answer_is_handed_on() -> None:
    answer = Answer(b"body", "text/plain")
    assert attempt(lambda: answer) is answer


def test_a_refusal_is_handed_on() -> None:
    error = BadParameter("radius is 4.")
    assert attempt(lambda: raising(error)) is error


@pytest.mark.parametrize("error", [ValueError("x"), TwoMessages("a", "b"), RecursionError()])
def test_anything_else_becomes_its_type_and_where_it_was_raised(error: Exception) -> None:
    outcome = attempt(lambda: raising(error))
    assert isinstance(outcome, Fault)
    assert outcome.traceback.endswith(f" in raising\n{type(error).__name__}")


def test_memory_that_numpy_does_not_get_is_the_pictures_fault() -> None:
    outcome = attempt(lambda: Answer(bytes(np.ones(1 << 50, np.uint8)), "text/plain"))
    assert isinstance(outcome, PictureTooLarge)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("std::bad_alloc"),
        RuntimeError("OpenCV(4.14.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to"),
    ],
)
def test_memory_that_a_library_does_not_get_is_the_pictures_fault(error: Exception) -> None:
    assert isinstance(attempt(lambda: raising(error)), MemoryExhausted)


def test_a_job_travels_without_its_pictures_in_the_pickle() -> None:
    job = Job("edges", (b"first", None, b""), Parameters(), "")
    packed = pack_job(job)
    assert b"first" not in packed.meta
    assert list(packed.parts) == [b"first", b""]
    assert unpack_job(packed.meta).with_parts(packed.parts) == job


def test_a_file_travels_by_its_path_beside_pictures_and_decoders() -> None:
    decoders = (None, PictureDecoder(Mode.GREY), None)
    job = Job("edges", (Path("/video.mp4"), b"first", None), Parameters(), "", decoders)
    packed = pack_job(job)
    assert list(packed.parts) == [b"first"]
    assert unpack_job(packed.meta).with_parts(packed.parts) == job


def test_an_answer_is_described_without_its_bytes() -> None:
    files = (File("mask.png", "image/png", b"mask"), File("empty", "text/plain", b""))
    answer = Answer(b"body", "image/png", files, Steps(1, 2, 3, 4))
    packed = pack_outcome(answer)
    unpacked = unpack_answer(packed.meta, packed.body_bytes).with_parts(packed.parts)
    assert (unpacked, unpacked.steps) == (answer, answer.steps)


@pytest.mark.parametrize(
    "meta",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'["a", [], [5], null]',
        b'["a", [], [-1, 5], null]',
        b'["a", [["b", "c"]], [4], null]',
        b'["a", ["b"], [0, 4], null]',
        b'["a", [["b"]], [0, 4], null]',
        b'["a", [["b", 1]], [0, 4], null]',
        b'["a", [["../b", "c"]], [0, 4], null]',
        b'["a", [["..", "c"]], [0, 4], null]',
        b'["a", [["", "c"]], [0, 4], null]',
        b"[1, [], [4], null]",
        b'["a", [[1, "c"]], [0, 4], null]',
        b'["a", [], ["4"], null]',
        b'["a", 7, [4], null]',
        b'["a", [], [4], [1, 2, 3]]',
        b'["a", [], [4], [1, 2, 3, "4"]]',
        b'["a", [], [4], 7]',
        b"[" * 100_000,
    ],
)
def test_a_description_that_does_not_fit_is_garbage(meta: bytes) -> None:
    with pytest.raises(GarbageFrame):
        unpack_answer(meta, 4)


def test_a_refusal_survives_with_what_it_says() -> None:
    error = unpack_error(pack_outcome(BadParameter("x", errors=("y", "z"))).meta)
    assert isinstance(error, BadParameter)
    assert (error.message, error.errors) == ("x", ("y", "z"))


@pytest.mark.parametrize(
    "pickled",
    [b"", b"\x80", pickle.dumps(ValueError("x")), pickle.dumps("x"), b"cos\ngetpid\n)R."],
)
def test_what_is_no_refusal_is_garbage(pickled: bytes) -> None:
    with pytest.raises(GarbageFrame):
        unpack_error(pickled)


def test_both_sides_see_one_memory(shared_memory: SharedMemory, shared_memory_fd: int) -> None:
    other = SharedMemory(shared_memory_fd)
    shared_memory.write(0, [b"abc", b"", b"de"])
    shared_memory.write(1, [b"xyz"])
    assert other.read(0, [3, 0, 2]) == [b"abc", b"", b"de"]
    assert other.read(1, [3]) == [b"xyz"]
    other.close()


def test_words_of_control_cross_too(shared_memory: SharedMemory, shared_memory_fd: int) -> None:
    other = SharedMemory(shared_memory_fd)
    other.started = 7
    shared_memory.drop(1, 8)
    assert shared_memory.started == 7
    assert other.is_dropped(1, 8)
    assert not other.is_dropped(0, 8)
    other.close()


def test_memory_beyond_a_large_body_is_given_back(
    shared_memory: SharedMemory, shared_memory_fd: int
) -> None:
    shared_memory.write(1, [bytes(KEPT_BYTES * 4)])
    shared_memory.read(1, [KEPT_BYTES * 4])
    assert os.fstat(shared_memory_fd).st_blocks * 512 <= KEPT_BYTES + mmap.PAGESIZE


def test_the_memory_cannot_be_taken_from_under_the_other_side(shared_memory_fd: int) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(shared_memory_fd, 0)
    assert os.fstat(shared_memory_fd).st_size > 2 * PLACE_BYTES


def test_a_process_serves_until_its_connection_closes(
    shared_memory: SharedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "limit_process", lambda limit: None)
    ours, theirs = socket.socketpair()
    setup = Setup(lambda job: Answer(b"did", "text/plain"), (), prepare, 1, 1 << 40, 1 << 40)
    serving = threading.Thread(target=slot.serve, args=(theirs, shared_memory, setup))
    serving.start()
    meta = pack_job(Job("x", (), Parameters(), "")).meta
    with ours, theirs:
        reader = ours.makefile("rb")
        assert reader.read(FRAME_HEADER.size) == FRAME_HEADER.pack(
            *FrameHeader(Kind.BORN, os.getpid())
        )
        assert reader.read(FRAME_HEADER.size) == FRAME_HEADER.pack(*FrameHeader(Kind.READY, 0))
        ours.sendall(FRAME_HEADER.pack(*FrameHeader(Kind.JOB, 5, 1, meta_bytes=len(meta))) + meta)
        head = FrameHeader._make(FRAME_HEADER.unpack(reader.read(FRAME_HEADER.size)))
        assert (head.kind, head.number, head.place, head.is_worn) == (Kind.ANSWER, 5, 1, True)
        assert reader.read(head.meta_bytes + head.body_bytes).endswith(b"did")
        ours.shutdown(socket.SHUT_WR)
        serving.join(60)
        reader.close()
    assert not serving.is_alive()
