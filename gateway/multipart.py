"""The parts of a multipart/form-data body (RFC 7578), taken apart in memory.

Starlette's own parser lays every file into a temporary one and reads it again, which takes twice
as long.
"""

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import UnreadableBody

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


class Part(NamedTuple):
    """A field of the form; `is_file` where it came with a file's name."""

    name: str
    is_file: bool
    content: bytes


async def read_parts(
    content_type: str, body: AsyncIterable[bytes], *, max_files: int, max_fields: int
) -> list[Part]:
    """All parts of a body, in the order of sending.

    Raises:
        UnreadableBody: it is not what its content type says, ends early, or has too many parts.
    """
    # The parser holds the collector, but not the other way round: a cycle would keep the pictures.
    collector = _Collector(max_files, max_fields)
    try:
        parser = MultipartParser(_boundary(content_type), collector.callbacks())
        async for piece in body:
            parser.write(piece)
    except FormParserError as error:
        raise _unreadable(f"it is malformed ({error}).") from None
    if not collector.is_whole:
        raise _unreadable("it ends before its last boundary.")
    return collector.parts


def as_text(data: bytes) -> str:
    """UTF-8 where it is that; other bytes survive as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _boundary(content_type: str) -> bytes:
    _, options = parse_options_header(content_type)
    if b"boundary" not in options:
        raise _unreadable("its content type names no boundary.")
    return options[b"boundary"]


class _Collector:
    """Puts parts together from what the parser finds, which comes in slices of its input."""

    def __init__(self, max_files: int, max_fields: int) -> None:
        self.parts: list[Part] = []
        self.is_whole = False
        self._files_left, self._fields_left = max_files, max_fields
        self._header_name = self._header_value = b""
        self._begin()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_header_name,
            "on_header_value": self._add_to_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_content,
            "on_part_end": self._end,
            "on_end": self._end_all,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._name, self._is_file = "", False
        self._content: list[bytes] = []

    def _add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _unreadable("a part has no name.")
        self._name, self._is_file = as_text(options[b"name"]), b"filename" in options
        self._files_left -= self._is_file
        self._fields_left -= not self._is_file
        if self._files_left < 0 or self._fields_left < 0:
            raise _unreadable(f"it has too many {'files' if self._is_file else 'fields'}.")

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end(self) -> None:
        self.parts.append(Part(self._name, self._is_file, b"".join(self._content)))
        self._content = []

    def _end_all(self) -> None:
        self.is_whole = True


def _unreadable(what: str) -> UnreadableBody:
    return UnreadableBody(f"The multipart body cannot be read: {what}")
