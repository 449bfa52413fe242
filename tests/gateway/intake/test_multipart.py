"""Multipart bodies: what they hold, however they are cut, and what of them is refused."""

import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Sequence

import pytest
from multipart import PushMultipartParser

from gateway.errors import UnreadableBody
from gateway.intake.multipart import Part, as_text, decode_part, read_parts

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
    Part("image", True, b"\xff\xd8 --frontier \r\n--front \r\n", filename='a "b".jpg'),
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
    ("before", "after"),
    [
        (b"\r\n", b""),
        (b"This is a multi-part message in MIME format.\r\n", b""),
        (b"--front\r\n", b"an epilogue\r\n--frontier\r\n"),
    ],
)
@pytest.mark.parametrize("size", [1, 50, 1000])
async def test_what_stands_before_and_after_the_parts_is_ignored(
    before: bytes, after: bytes, size: int
) -> None:
    body = before + BODY + after
    assert await read([body[at : at + size] for at in range(0, len(body), size)]) == PARTS


async def test_the_last_line_break_and_all_parts_may_be_missing() -> None:
    assert await read([BODY[:-2]]) == PARTS
    assert await read([b"--frontier--\r\n"]) == []


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (BODY, "multipart/form-data", "names no boundary"),
        (BODY, "multipart/form-data; boundary=", "names no boundary"),
        (BODY.replace(b"name=", b"nom="), TYPE, "a part has no name"),
        (BODY.replace(b"CONTENT-DISPOSITION", b"Content"), TYPE, "Missing Content-Disposition"),
        (BODY[:100], TYPE, "Unexpected end"),
        (BODY[:-4] + b"\r\n", TYPE, "Unexpected end"),
        (b"", TYPE, "Unexpected end"),
        (b"--frontier\r\n\x00: x\r\n\r\n", TYPE, "Invalid segment header name"),
        (b"nothing of the kind", TYPE, "Unexpected end"),
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


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("after", [b"?", b"-?", b"\r?", b" "])
async def test_content_that_holds_the_boundary_is_refused(after: bytes, size: int) -> None:
    body = filled("a", content=b"\r\n--a" + after)
    with pytest.raises(UnreadableBody, match="Unexpected bytes after boundary"):
        await read(
            [body[at : at + size] for at in range(0, len(body), size)],
            "multipart/form-data; boundary=a",
        )


@pytest.mark.parametrize(
    "body",
    [
        b" " * 70_000 + BODY,
        filled("frontier", head=(b"X: y\r\n" + b" x\r\n" * 400) * 7) * 7,
        filled("frontier", content=b"x" * 100_000) + b" " * 70_000,
    ],
    ids=["before the parts", "in headers", "after the end"],
)
async def test_bytes_that_belong_to_no_content_are_refused_where_they_are_many(
    body: bytes,
) -> None:
    body = body.replace(b"--frontier--\r\n--", b"--")
    pieces = [body[at : at + 10_000] for at in range(0, len(body), 10_000)]
    with pytest.raises(UnreadableBody, match="32,768 bytes are in none of its parts"):
        await read(pieces)


async def test_large_contents_are_in_a_part() -> None:
    body = filled("frontier", content=bytes(150_000))
    assert await read([body[:50_000], body[50_000:]]) == [Part("image", False, bytes(150_000))]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"X: " + b"y" * 2_100 + b"\r\n", "header length exceeded"),
        (b"X: y\r\n" + b" z\r\n" * 1_100, "header length exceeded"),
        (b"X: y\r\n" * 8, "header count exceeded"),
    ],
    ids=["long", "continued", "many"],
)
async def test_heads_of_parts_are_bounded(head: bytes, message: str) -> None:
    with pytest.raises(UnreadableBody, match=message):
        await read([filled("frontier", head=head)])


@pytest.mark.parametrize(
    ("parameters", "part"),
    [
        (b"name=image; filename=a.jpg", Part("image", True, b"x", filename="a.jpg")),
        (
            b"name=\"image\"; filename*=utf-8''%C3%A9.jpg",
            Part("image", True, b"x", filename="é.jpg"),
        ),
        (b'name="\xe9"; filename="\xe9"', Part("é", True, b"x", filename="é")),
        (b'name="image"; filename="a\\"/\xc3\xa9"', Part("image", True, b"x", filename='a"/é')),
        (b'name="filename"', Part("filename", False, b"x")),
    ],
)
async def test_names_are_read_as_clients_write_them(parameters: bytes, part: Part) -> None:
    body = b"--a\r\nContent-Disposition: form-data; %b\r\n\r\nx\r\n--a--" % parameters
    assert await read([body], 'multipart/form-data; charset=utf-8; Boundary="a"') == [part]


@pytest.mark.parametrize("encoding", [b"binary", b"8bit", b"7BIT"])
async def test_content_that_is_not_encoded_is_taken_as_it_is(encoding: bytes) -> None:
    head = b"Content-Transfer-Encoding: %b\r\n" % encoding
    assert await read([filled("frontier", head=head, content=b"YQ==")]) == [
        Part("image", False, b"YQ==")
    ]


async def test_an_encoding_that_is_not_known_is_refused_by_name() -> None:
    head = b"Content-Transfer-Encoding: Quoted-Printable\r\n"
    with pytest.raises(UnreadableBody, match="Content-Transfer-Encoding is 'quoted-printable'"):
        await read([filled("frontier", head=head)])


async def test_base64_is_decoded_however_its_lines_are_broken() -> None:
    head = b"content-transfer-encoding: BASE64\r\n"
    (part,) = await read([filled("frontier", head=head, content=b"/9j\r\n/4A= =\r\n")])
    assert decode_part(part) == b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize("content", [b"/9j/4", b"/9j*", b"=9j/", b"\xff\xd8\xff\xe0"])
def test_what_is_not_the_base64_that_it_says_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableBody, match="'image' is not the base64"):
        decode_part(Part("image", True, content, is_base64=True))


@pytest.mark.parametrize("body", [BODY, BODY[:100]], ids=["whole", "refused"])
async def test_nothing_of_a_form_waits_for_the_garbage_collector(body: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(UnreadableBody):
            await read([body])
        assert not [one for one in gc.get_objects() if isinstance(one, PushMultipartParser)]
    finally:
        gc.enable()


def test_bytes_that_are_no_utf8_survive_as_latin1() -> None:
    assert as_text("é".encode()) == as_text(b"\xe9") == "é"


def test_a_long_text_takes_no_more_memory_than_it_has_bytes() -> None:
    data = "\N{CAT}".encode() + b"A" * 100_000
    text = as_text(data)
    assert text.encode("latin-1") == data
    assert sys.getsizeof(text) < 101_000
