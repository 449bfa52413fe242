"""What a query and a body hold, and what of them is refused."""

import gzip
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from unittest import mock
from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UnreadableBody, UnsupportedBody, UploadTooLarge
from gateway.intake import forms
from gateway.intake.forms import MAX_ESCAPES, MAX_FIELDS, Form, Upload, read_form
from gateway.intake.multipart import as_text
from tests.gateway.requests import request

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"

pytestmark = pytest.mark.anyio


@pytest.fixture
def peak_bytes() -> Iterator[Callable[[], int]]:
    """The most memory that was taken at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """A multipart body of (disposition parameters, content) pairs."""
    pieces = [
        b"--frontier\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
        % (disposition.encode(), content)
        for disposition, content in parts
    ]
    return b"".join(pieces) + b"--frontier--\r\n"


async def read(
    body: bytes | Sequence[bytes], content_type: str, *, max_bytes: int = 10_000, query: str = ""
) -> Form:
    return await read_form(
        request(body, content_type=content_type, query=query), max_bytes=max_bytes
    )


async def test_parameters_of_the_body_win_over_those_of_the_query() -> None:
    form = await read(b"count=3", URLENCODED, query="count=5&other=1")
    assert form.parameters() == {"count": "3", "other": "1"}


async def test_a_get_takes_the_query_and_ignores_a_body() -> None:
    form = await read_form(
        request(b"count=3", method="GET", content_type=URLENCODED, query="count=5"), max_bytes=100
    )
    assert form.parameters() == {"count": "5"}


async def test_files_and_texts_of_a_multipart_body_are_told_apart_by_their_filename() -> None:
    body = multipart(('name="image"; filename="a.jpg"', b"\xff\xd8bytes"), ('name="count"', b"3"))
    form = await read(body, MULTIPART)
    assert form.files == {"image": [Upload(b"\xff\xd8bytes", "a.jpg")]}
    assert form.parameters() == {"count": "3"}


async def test_a_file_that_was_not_chosen_in_a_browser_counts_as_not_sent() -> None:
    form = await read(multipart(('name="image"; filename=""', b"")), MULTIPART)
    assert form.files == {}


async def test_an_empty_file_counts_as_sent() -> None:
    form = await read(multipart(('name="image"; filename="a.png"', b"")), MULTIPART)
    assert form.files == {"image": [Upload(b"", "a.png")]}


async def test_two_parts_of_one_name_are_both_kept_in_order() -> None:
    parts = [('name="image"; filename="a"', b"1"), ('name="image"; filename="b"', b"2")]
    form = await read(multipart(*parts), MULTIPART)
    assert form.files == {"image": [Upload(b"1", "a"), Upload(b"2", "b")]}


async def test_bytes_that_are_no_text_survive_in_a_urlencoded_value() -> None:
    raw = b"\xff\xd8\xff\xe0 picture"
    form = await read(b"image=" + quote_plus(raw).encode(), URLENCODED)
    assert form.texts["image"][0].encode("latin-1") == raw


async def test_text_in_a_urlencoded_value_is_utf8() -> None:
    form = await read(b"name=" + quote_plus("Éva").encode(), URLENCODED)
    assert form.parameters() == {"name": "Éva"}


async def test_a_long_urlencoded_body_is_read_like_a_short_one() -> None:
    form = await read(b"image=" + b"A" * 100_000, URLENCODED, max_bytes=200_000)
    assert form.parameters() == {"image": "A" * 100_000}


async def test_escapes_take_little_more_memory_than_they_have_bytes(
    peak_bytes: Callable[[], int],
) -> None:
    body = b"image=" + b"%41" * 400_000
    form = await read(body, URLENCODED, max_bytes=len(body))
    assert len(form.texts["image"][0]) == 400_000
    assert peak_bytes() < 5 * len(body)


PIECES = [b"%41", b"%c3%A9", b"%E9", b"%25", b"%", b"%4", b"+", b"=", b"&", b"a", b"\xe9"]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_a_urlencoded_body_says_what_the_standard_library_reads_in_it(encoded: bytes) -> None:
    expected = parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    with mock.patch.object(forms, "_SLICE_BYTES", 1):
        found = forms._pairs(encoded)
    as_read = [tuple(as_text(text.encode("latin-1")) for text in pair) for pair in expected]
    assert found == as_read


async def test_a_body_above_the_limit_is_refused_by_its_announced_length() -> None:
    with pytest.raises(UploadTooLarge, match="10,000 bytes"):
        await read(b"x" * 10_001, MULTIPART)


async def test_a_body_of_unknown_length_is_refused_where_it_passes_the_limit() -> None:
    chunks = [b"x=" + b"y" * 6_000, b"y" * 6_000, b"y"]
    asked = request(chunks, content_type=URLENCODED, announces_length=False)
    with pytest.raises(UploadTooLarge):
        await read_form(asked, max_bytes=10_000)


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "image/jpeg"])
async def test_a_body_that_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedBody, match=content_type or "missing"):
        await read(b"{}", content_type)


async def test_an_encoded_body_is_refused_and_not_unpacked() -> None:
    asked = request(gzip.compress(b"image=x"), content_type=URLENCODED, encoding="gzip")
    with pytest.raises(UnsupportedBody, match="encoded as 'gzip'"):
        await read_form(asked, max_bytes=100)


async def test_a_request_without_a_body_needs_no_content_type() -> None:
    assert (await read(b"", "")).texts == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"no boundary here", MULTIPART),
        (multipart(('name="a"', b"1")), "multipart/form-data"),
        (b"--frontier\r\nContent-Disposition: form-data\r\n\r\n1\r\n--frontier--\r\n", MULTIPART),
        (multipart(*[(f'name="{n}"', b"1") for n in range(MAX_FIELDS + 1)]), MULTIPART),
        (b"&".join(b"a=1" for _ in range(MAX_FIELDS + 1)), URLENCODED),
    ],
    ids=["garbage", "no boundary", "no name", "many parts", "many fields"],
)
async def test_a_broken_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(UnreadableBody):
        await read(body, content_type)


async def test_a_body_of_escapes_alone_is_refused_before_it_costs_seconds() -> None:
    with pytest.raises(UploadTooLarge, match="escapes"):
        await read(b"image=" + b"%41" * (MAX_ESCAPES + 1), URLENCODED, max_bytes=10_000_000)


async def test_a_body_of_escapes_is_not_read_to_its_end() -> None:
    chunks = [b"%" * MAX_ESCAPES, b"%", b"the rest"]
    asked = request(chunks, content_type=URLENCODED)
    with pytest.raises(UploadTooLarge, match="escapes"):
        await read_form(asked, max_bytes=10_000_000)
    assert (await asked.receive())["body"] == b"the rest"


async def test_a_body_cut_short_by_the_client_is_unreadable() -> None:
    asked = request(b"a=1", content_type=URLENCODED)

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    asked._receive = gone
    with pytest.raises(UnreadableBody):
        await read_form(asked, max_bytes=100)
