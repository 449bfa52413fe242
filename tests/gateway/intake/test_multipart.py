"""Multipart bodies: what they hold, however they are cut, and what of them is refused."""

import gc
import sys
from collections.abc import AsyncIterator, Sequence

import pytest

from gateway.errors import UnreadableBody
from gateway.intake.multipart import Part, _Collector, as_text, read_parts

pytestmark = pytest.mark.anyio

TYPE = "multipart/form-data; boundary=frontier"
BODY = (
    b"--frontier\r\n"
    b'Content-Disposition: form-data; name="image"; filename="a \\"b\\".jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
    b"\xff\xd8 --frontier \r\n--front \r\n\r\n"
    b"--frontier\r\n"
    b'CONTENT-DISPOSITION: form-data; name="na\xc3\xafve"\r\n\r\n'
    b"3\r\n"
    b"--frontier--\r\n"
)
PARTS = [
    Part("image", True, b"\xff\xd8 --frontier \r\n--front \r\n"),
    Part("naïve", False, b"3"),
]


async def read(
    pieces: Sequence[bytes], content_type: str = TYPE, *, max_files: int = 9, max_fields: int = 9
) -> list[Part]:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return await read_parts(content_type, body(), max_files=max_files, max_fields=max_fields)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
async def test_the_parts_are_the_same_however_the_body_is_cut(size: int) -> None:
    pieces = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    assert await read(pieces) == PARTS


@pytest.mark.parametrize(
    "body",
    [b"\r\n" + BODY, BODY + b"an epilogue", BODY[:-2], b"--frontier--\r\n"],
    ids=["preamble", "epilogue", "no last line break", "no parts"],
)
async def test_what_a_sender_may_add_or_leave_out_is_no_matter(body: bytes) -> None:
    assert await read([body]) == (PARTS if body.startswith((b"\r\n", BODY[:20])) else [])


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (BODY, "multipart/form-data", "names no boundary"),
        (BODY, "multipart/form-data; boundary=" + "x" * 300, "Boundary length"),
        (BODY.replace(b"name=", b"nom="), TYPE, "a part has no name"),
        (BODY.replace(b"CONTENT-DISPOSITION", b"Content"), TYPE, "a part has no name"),
        (BODY[:100], TYPE, "ends before its last boundary"),
        (BODY[:-4] + b"\r\n", TYPE, "ends before its last boundary"),
        (b"", TYPE, "ends before its last boundary"),
        (b"--frontier\r\n\x00: x\r\n\r\n", TYPE, "malformed"),
        (b"nothing of the kind", TYPE, "malformed"),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, content_type: str, message: str) -> None:
    with pytest.raises(UnreadableBody, match=message):
        await read([body], content_type)


@pytest.mark.parametrize(
    ("files", "fields", "message"), [(0, 9, "too many files"), (9, 0, "too many fields")]
)
async def test_more_parts_than_are_taken_are_refused(files: int, fields: int, message: str) -> None:
    with pytest.raises(UnreadableBody, match=message):
        await read([BODY], max_files=files, max_fields=fields)


def filled(boundary: str, *, head: bytes = b"", content: bytes = b"") -> bytes:
    """A body of one part, with more in its head or content."""
    start = b'--%b\r\nContent-Disposition: form-data; name="image"\r\n' % boundary.encode()
    return start + head + b"\r\n" + content + b"\r\n--%b--\r\n" % boundary.encode()


@pytest.mark.parametrize("almost", [b"\r\n--a?", b"\r\n--a-?", b"\r\n--a\r?"])
async def test_content_full_of_almost_boundaries_is_refused_unparsed(almost: bytes) -> None:
    body = filled("a", content=almost * 100)
    with pytest.raises(UnreadableBody, match="its boundary occurs more than 28 times"):
        await read([body[:60], body[60:]], "multipart/form-data; boundary=a")


async def test_a_few_almost_boundaries_are_content() -> None:
    almost = b"\r\n--a?" * 20
    parts = await read([filled("a", content=almost)], "multipart/form-data; boundary=a")
    assert parts == [Part("image", False, almost)]


@pytest.mark.parametrize(
    "body",
    [
        filled("frontier", content=b"\r\n--frontier" + b" " * 70_000),
        filled("frontier", head=(b"X:" + b" " * 4_000 + b"\r\n") * 7) * 4,
        filled("frontier", content=b"x" * 100_000) + b" " * 70_000,
    ],
    ids=["after a boundary", "in headers", "after the end"],
)
async def test_blanks_that_belong_to_no_content_are_refused_where_they_are_many(
    body: bytes,
) -> None:
    body = body.replace(b"--frontier--\r\n--", b"--")
    pieces = [body[at : at + 10_000] for at in range(0, len(body), 10_000)]
    with pytest.raises(UnreadableBody, match="65,536 bytes are in none of its parts"):
        await read(pieces)


async def test_large_contents_are_no_blanks() -> None:
    body = filled("frontier", content=bytes(150_000))
    assert await read([body[:50_000], body[50_000:]]) == [Part("image", False, bytes(150_000))]


@pytest.mark.parametrize("where", ["in the type", "in a part"])
async def test_a_header_of_very_many_parameters_is_refused(where: str) -> None:
    many = ";" * 21
    content_type = TYPE + many if where == "in the type" else TYPE
    body = BODY.replace(b"form-data;", b"form-data" + many.encode())
    with pytest.raises(UnreadableBody, match="more than 20 parameters"):
        await read([body], content_type)


async def test_nothing_of_a_form_waits_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        await read([BODY])
        assert not [one for one in gc.get_objects() if isinstance(one, _Collector)]
    finally:
        gc.enable()


def test_bytes_that_are_no_utf8_survive_as_latin1() -> None:
    assert as_text("é".encode()) == as_text(b"\xe9") == "é"


def test_a_long_text_takes_no_more_memory_than_it_has_bytes() -> None:
    data = "\N{CAT}".encode() + b"A" * 100_000
    text = as_text(data)
    assert text.encode("latin-1") == data
    assert sys.getsizeof(text) < 101_000
