"""From a field to a picture's bytes."""

import asyncio
import base64
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.registry import Input
from gateway.errors import MissingPicture, UnreadableBase64, UploadTooLarge
from gateway.intake.forms import Form, Upload
from gateway.intake.pictures import Intake, decode_base64
from tests.serving import WAIT_SECONDS

IMAGE = Input("image", PictureDecoder(Mode.COLOUR), is_required=True)
MASK = Input("mask", PictureDecoder(Mode.MASK), is_required=False)
PICTURE = bytes(range(256)) * 4


def intake(**pictures: bytes) -> Intake:
    """An intake whose URLs name the given pictures."""

    async def fetch(url: str, owner: str) -> bytes:
        return pictures[url.removeprefix("http://host/")]

    return Intake(fetch, max_bytes=2_000)


@pytest.mark.anyio
async def test_a_file_wins_over_a_text_of_the_same_name() -> None:
    form = Form(texts={"image": ["http://host/other"]}, files={"image": [Upload(PICTURE)]})
    assert await intake().read(form, [IMAGE]) == (PICTURE,)


@pytest.mark.anyio
async def test_an_empty_file_is_no_picture() -> None:
    form = Form(files={"image": [Upload(b"", "a.png")]})
    with pytest.raises(MissingPicture, match="image is missing"):
        await intake().read(form, [IMAGE])


@pytest.mark.anyio
async def test_a_text_that_looks_like_a_url_is_fetched() -> None:
    form = Form(texts={"image": ["http://host/one"]})
    assert await intake(one=PICTURE).read(form, [IMAGE]) == (PICTURE,)


@pytest.mark.anyio
async def test_a_url_is_fetched_for_who_named_it() -> None:
    asked = []

    async def fetch(url: str, owner: str) -> bytes:
        asked.append((url, owner))
        return PICTURE

    form = Form(texts={"image": ["http://host/one"]})
    await Intake(fetch, max_bytes=2_000).read(form, [IMAGE], "ada")
    assert asked == [("http://host/one", "ada")]


@pytest.mark.anyio
@pytest.mark.parametrize("magic", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"GIF89a"])
async def test_a_picture_sent_as_text_is_taken_by_its_first_bytes(magic: bytes) -> None:
    form = Form(texts={"image": [(magic + PICTURE).decode("latin-1")]})
    assert await intake().read(form, [IMAGE]) == (magic + PICTURE,)


@pytest.mark.anyio
async def test_a_text_that_only_begins_like_a_picture_is_refused() -> None:
    form = Form(texts={"image": ["GIF8 costs 1 \N{EURO SIGN}"]})
    with pytest.raises(UnreadableBase64):
        await intake().read(form, [IMAGE])


@pytest.mark.anyio
@pytest.mark.parametrize("text", [None, ""])
async def test_a_missing_picture_is_named(text: str | None) -> None:
    form = Form(texts={} if text is None else {"image": [text]})
    with pytest.raises(MissingPicture, match="image is missing"):
        await intake().read(form, [IMAGE])


@pytest.mark.anyio
async def test_an_optional_picture_may_be_missing() -> None:
    assert await intake().read(Form(), [MASK]) == (None,)


@pytest.mark.anyio
async def test_a_picture_above_the_limit_is_refused_however_it_came() -> None:
    text = base64.b64encode(bytes(2_001)).decode()
    for form in (Form(files={"image": [Upload(bytes(2_001))]}), Form(texts={"image": [text]})):
        with pytest.raises(UploadTooLarge, match="image has 2,001 bytes"):
            await intake().read(form, [IMAGE])


@pytest.mark.anyio
async def test_a_refused_picture_ends_the_fetching_of_the_other() -> None:
    ended = asyncio.Event()

    async def fetch(url: str, owner: str) -> bytes:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.set()
        return b""

    other = Input("other", PictureDecoder(Mode.COLOUR), is_required=True)
    with pytest.raises(MissingPicture):
        await Intake(fetch, max_bytes=2_000).read(
            Form(texts={"other": ["http://host/slow"]}), [other, IMAGE]
        )
    await asyncio.wait_for(ended.wait(), WAIT_SECONDS)


@pytest.mark.anyio
async def test_a_refused_picture_waits_for_the_thread_of_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def decode(name: str, text: str) -> bytes:
        begun.set()
        may_end.wait(WAIT_SECONDS)
        return b""

    monkeypatch.setattr("gateway.intake.pictures.decode_base64", decode)
    form = Form(texts={"other": ["A" * 1_000_001], "image": ["http://host/"]})
    other = Input("other", PictureDecoder(Mode.COLOUR), is_required=True)

    async def fetch(url: str, owner: str) -> bytes:
        await asyncio.to_thread(begun.wait, WAIT_SECONDS)
        return bytes(2_001)

    reading = asyncio.create_task(Intake(fetch, max_bytes=2_000).read(form, [other, IMAGE]))
    await asyncio.to_thread(begun.wait, WAIT_SECONDS)
    await asyncio.wait([reading], timeout=0.05)
    assert not reading.done()
    may_end.set()
    with pytest.raises(UploadTooLarge):
        await reading


@given(st.binary(min_size=1, max_size=300))
def test_every_way_of_writing_base64_gives_the_same_bytes(data: bytes) -> None:
    standard = base64.b64encode(data).decode()
    writings = [
        standard,
        standard.rstrip("="),
        standard.replace("+", " "),
        base64.urlsafe_b64encode(data).decode(),
        base64.encodebytes(data * 3).decode().strip(),
        "data:image/png;base64," + standard,
        "DATA:;BASE64," + standard,
    ]
    decoded = [decode_base64("image", text) for text in writings]
    assert decoded == [data, data, data, data, data * 3, data, data]


@pytest.mark.parametrize(
    "text",
    [
        "a cat",
        "AAAA=AAAA",
        "A",
        "ÄÖÜ!",
        "AAA\N{CAT}",
        "AAA\ud800",
        "data:image/png,AAAA",
        "{}",
        "AA*A",
    ],
)
def test_what_is_no_base64_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UnreadableBase64, match="image is neither a URL nor base64") as caught:
        decode_base64("image", text)
    assert text not in caught.value.message
