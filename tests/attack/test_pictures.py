"""Pictures that would cost too much, and pictures that are not whole."""

import io
from collections.abc import Iterator
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from engines.core.shapes import Pixels
from tests.attack import bombs
from tests.attack.engine_processes import engines, little_work
from tests.attack.refusals import refusal
from tests.pictures import encoded
from tests.serving import Served, wait_until

SERVICES = "/v2/services/image/"
EDGES = SERVICES + "edges"
SEED = 5


@pytest.mark.parametrize(
    "bomb",
    [
        bombs.png(50_000, 50_000),
        bombs.png(2**31 - 1, 2**31 - 1),
        bombs.png(90_000_000, 1),
        bombs.jpeg(65_500, 65_500),
        bombs.gif(1, side=65_535),
        bombs.gif(100_000),
    ],
    ids=["png", "largest png", "long png", "jpeg", "gif", "frames"],
)
@pytest.mark.parametrize("service", ["edges", "imageQuality", "colorPalette"])
def test_a_bomb_is_refused_from_its_header(
    served: Served, client: httpx.Client, bomb: bytes, service: str
) -> None:
    with little_work(served):
        answer = client.post(SERVICES + service, files={"image": bomb})
    assert refusal(answer, 422)["error"] == "picture_too_large"


def test_a_profile_that_grows_when_unpacked_is_refused(
    served: Served, client: httpx.Client
) -> None:
    bomb = bombs.with_chunk(b"iCCP", b"profile\0\0", 50_000_000)
    with little_work(served):
        answer = client.post(EDGES, files={"image": bomb})
    assert refusal(answer, 422)["error"] == "undecodable_picture"


@pytest.mark.parametrize(
    ("name", "start"), [(b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0")]
)
def test_a_text_that_would_grow_is_not_unpacked(
    served: Served, client: httpx.Client, name: bytes, start: bytes
) -> None:
    with little_work(served):
        answer = client.post(EDGES, files={"image": bombs.with_chunk(name, start, 50_000_000)})
    assert answer.status_code == 200


def test_a_chunk_is_not_given_the_memory_it_claims(narrow: Served) -> None:
    data = bytearray(encoded("PNG"))
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = b"\x7f\xff\xff\xf0"
    with narrow.client() as client:
        answer = client.post(EDGES, files={"image": bytes(data)})
    # Its process may not have so much, and would say that the picture is too large.
    assert refusal(answer, 422)["error"] == "undecodable_picture"


@pytest.mark.parametrize("service", ["edges", "colorPalette", "heatMap"])
def test_a_job_that_hits_the_bound_of_memory_is_refused_and_its_process_retires(
    narrow: Served, service: str
) -> None:
    picture = bombs.flat_png(10_000, 10_000)
    before = set(engines(narrow))
    crashes = narrow.logged("engine process died")
    with narrow.client() as client:
        answer = client.post(SERVICES + service, files={"image": picture})
        assert refusal(answer, 422)["error"] == "picture_too_large"
        assert client.post(EDGES, files={"image": encoded("PNG")}).status_code == 200
    wait_until(lambda: set(engines(narrow)) != before)
    assert narrow.logged("engine process died") == crashes


# Damaged pictures


def drawn(seed: int) -> Pixels:
    """Soft random colours, which no format stores in few bytes."""
    random = np.random.default_rng(seed)
    soft = cv2.resize(random.integers(0, 256, (8, 12, 3), np.uint8), (192, 128))
    noise = random.integers(0, 8, soft.shape)
    pixels: Pixels = np.clip(soft + noise, 0, 255).astype(np.uint8)
    return pixels


def damages(data: bytes) -> Iterator[bytes]:
    """The file cut, cut and given an end, with wrong bytes, and with a hole."""
    random = np.random.default_rng(SEED)
    head = len(data) // 8 + 100
    for at in random.integers(head, len(data) - 20, 3):
        yield data[:at]
        yield data[:at] + b"\xff\xd9"
        yield data[:at] + bytes(len(data) - at)
        wrong = bytearray(data)
        wrong[at] ^= 0x55
        yield bytes(wrong)


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True}),
    "restarts": ("JPEG", {"restart_marker_rows": 1}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_pictures_never_show_what_was_decoded_before(
    client: httpx.Client, kind: str
) -> None:
    """What is said of a damaged file is the same whatever picture its process has seen last."""
    form, options = KINDS[kind]
    secrets = [encoded(form, drawn(seed), **options) for seed in (1, 2)]
    shown = 0
    for damaged in damages(encoded(form, drawn(3), **options)):
        for service in ("colorPalette", "edges", "imageQuality"):
            said = [_after(client, secret, SERVICES + service, damaged) for secret in secrets]
            assert said[0] == said[1]
            shown += "result" in said[0]
    assert shown


def _after(client: httpx.Client, secret: bytes, path: str, damaged: bytes) -> dict[str, Any]:
    """The answer to a damaged picture after the answer to another caller's secret one."""
    assert client.post(path, files={"image": secret}).status_code == 200
    answer = client.post(path, files={"image": damaged})
    if answer.status_code == 200:
        return dict(answer.json())
    return {**refusal(answer, 422), "request_id": None}


def test_a_gif_that_leaves_its_canvas_empty_shows_white(client: httpx.Client) -> None:
    secret = encoded("GIF", drawn(1))
    file = io.BytesIO()
    Image.new("P", (1, 1)).save(file, "GIF")
    data = bytearray(file.getvalue())
    data[6:10] = (192).to_bytes(2, "little") + (128).to_bytes(2, "little")
    assert client.post(EDGES, files={"image": secret}).status_code == 200
    answer = client.post(SERVICES + "colorPalette", files={"image": bytes(data)})
    assert answer.json()["result"]["colors"][0] == [255, 255, 255, 100]
