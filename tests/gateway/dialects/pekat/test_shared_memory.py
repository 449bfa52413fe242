"""Pictures in shared memory, on the service as shipped, with two workers."""

import socket
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from starlette.requests import Request

from gateway.dialects.pekat.raw_pixels import RawPixels
from gateway.dialects.pekat.shared_memory import read_pixels
from gateway.errors import CallerElsewhere
from gateway.flow import Call
from gateway.limits.memory_budget import MemoryBudget
from gateway.settings import Settings
from tests.needs import another_user
from tests.plates import PROJECT, plate, png, scratched
from tests.serving import WAIT_SECONDS, Served, running

PATH = "/analyze_image_shared_memory"
SIZE = {"width": "480", "height": "320"}


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, which reads shared memory and needs no key."""
    folder = tmp_path_factory.mktemp("sharing")
    (folder / "good.png").write_bytes(png(plate()))
    project = folder / "project.toml"
    project.write_text(PROJECT)
    told = {"slots": 1, "pekat_projects": project, "open_dialects": "pekat"}
    with running(folder, "gateway", "serve", **told, pekat_shared_memory=True) as started:
        yield started


@pytest.fixture(scope="module")
def client(sharing: Served) -> Iterator[httpx.Client]:
    """A caller on this machine."""
    with httpx.Client(base_url=sharing.url, trust_env=False, timeout=WAIT_SECONDS) as made:
        yield made


@pytest.fixture(scope="module")
def block() -> Iterator[SharedMemory]:
    """The scratched plate."""
    made = SharedMemory(create=True, size=scratched().nbytes)
    fill(made, scratched().tobytes())
    yield made
    made.close()
    made.unlink()


def fill(block: SharedMemory, pixels: bytes) -> None:
    """As its owner does."""
    assert block.buf is not None
    block.buf[:] = pixels


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_block_is_analysed_as_the_same_pixels_in_a_body(
    client: httpx.Client, block: SharedMemory, method: str
) -> None:
    told = {**SIZE, "name": block.name, "data": "7"}
    shared = client.request(method, PATH, params=told).raise_for_status().json()
    sent = client.post("/analyze_raw_image", params=told, content=scratched().tobytes()).json()
    assert shared["result"] is False
    assert {**shared, "completeTime": 0} == {**sent, "completeTime": 0}


def test_the_last_image_is_as_the_block_was(client: httpx.Client, block: SharedMemory) -> None:
    told = {**SIZE, "name": block.name}
    client.post(PATH, params=told).raise_for_status()
    fill(block, bytes(block.size))
    try:
        shown = client.get("/last_image", params={"response_type": "image"}).content
    finally:
        fill(block, scratched().tobytes())
    picture = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert np.array_equal(picture, scratched())


@pytest.mark.parametrize(
    ("told", "status", "sentence"),
    [
        ({}, 400, "name is missing"),
        ({"name": ""}, 400, "name is ''; expected a block's name"),
        ({"name": "../../etc/passwd"}, 400, "expected a block's name"),
        ({"name": "psm_0"}, 400, "no shared memory block of this name"),
        ({"name": "a", "width": "1e9"}, 400, "width is '1e9'"),
        ({"name": "BLOCK", "height": "321"}, 400, "the pixels have 460,800 bytes; 480 x 321 px"),
        ({"name": "BLOCK", "bayer": ""}, 400, "of a Bayer mosaic have 153,600"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    client: httpx.Client, block: SharedMemory, told: dict[str, str], status: int, sentence: str
) -> None:
    named = {name: value.replace("BLOCK", block.name) for name, value in told.items()}
    answer = client.post(PATH, params={**SIZE, **named})
    assert answer.status_code == status
    assert sentence in answer.json()["error"]


def test_a_missing_size_is_asked_for(client: httpx.Client, block: SharedMemory) -> None:
    answer = client.post(PATH, params={"name": block.name})
    assert "width is missing" in answer.json()["error"]


def test_the_sdk_is_told_that_it_may(client: httpx.Client) -> None:
    major, minor, _ = map(int, client.get("/version").text.split("."))
    assert (major, minor) >= (3, 18)


def test_another_user_does_not_get_at_a_block(sharing: Served, block: SharedMemory) -> None:
    """So it is also for a proxy of another user, whoever asks it."""
    with another_user():
        connection = sharing.connect()
    asked = f"POST {PATH}?width=480&height=320&name={block.name} HTTP/1.0\r\n\r\n"
    with connection, connection.makefile("rb") as answer:
        connection.sendall(asked.encode())
        head, _, body = answer.read().partition(b"\r\n\r\n")
    assert int(head.split()[1]) == 400
    assert b"no shared memory block of this name that is the caller's own" in body


@pytest.mark.anyio
async def test_a_caller_on_another_machine_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scope = {
            "type": "http",
            "client": ("203.0.113.5", 4000),
            "server": listener.getsockname(),
            "headers": [(b"x-forwarded-for", b"127.0.0.1")],
            "state": {"settings": Settings(data=tmp_path, pekat_shared_memory=True)},
        }
        with MemoryBudget(1000).share() as share:
            call = Call(Request(scope), share)
            with pytest.raises(CallerElsewhere):
                await read_pixels(call, {**SIZE, "name": "psm_0"}, RawPixels(480, 320))
