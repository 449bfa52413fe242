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

_LONG_BOUNDARY_BYTES = 32
"""An almost-boundary costs the parser 1 µs: 170 ms/MB where it is `a`, 35 ms/MB at this length.
Longer ones, which nearly all clients choose, are not worth a search through every picture."""
_STRAY_DELIMITERS = 10
_MAX_FRAMING_BYTES = 64 * 1024
"""Boundaries and headers of all parts; a hundred ordinary ones take 20 KB."""
_MAX_PARAMETERS = 20
_LONG_TEXT_BYTES = 64 * 1024
"""One character from outside Latin-1 makes a text take four times its bytes in memory."""


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
        boundary = _boundary(content_type)
        parser = MultipartParser(boundary, collector.callbacks())
        pace = _Pace(boundary, max_parts=max_files + max_fields)
        async for piece in body:
            pace.refuse_delimiters(piece)
            parser.write(piece)
            pace.refuse_framing(piece, collector)
    except FormParserError as error:
        raise _unreadable(f"it is malformed ({error}).") from None
    if not collector.is_whole:
        raise _unreadable("it ends before its last boundary.")
    return collector.parts


def as_text(data: bytes) -> str:
    """UTF-8 where it is that; other bytes survive as Latin-1, and so do long ones."""
    if len(data) > _LONG_TEXT_BYTES and not data.isascii():
        return data.decode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _boundary(content_type: str) -> bytes:
    options = _options(content_type)
    if b"boundary" not in options:
        raise _unreadable("its content type names no boundary.")
    return options[b"boundary"]


def _options(field: str) -> dict[bytes, bytes]:
    """The parameters of a header field."""
    if field.count(";") > _MAX_PARAMETERS:
        raise _unreadable(f"a header field has more than {_MAX_PARAMETERS} parameters.")
    return parse_options_header(field)[1]


class _Pace:
    """Keeps the parser from where it goes byte by byte, 200 times as slowly as over content."""

    def __init__(self, boundary: bytes, max_parts: int) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._has_long_boundary = len(boundary) >= _LONG_BOUNDARY_BYTES
        self._max_delimiters = self._delimiters_left = max_parts + _STRAY_DELIMITERS
        self._received_bytes = 0

    def refuse_delimiters(self, piece: bytes) -> None:
        """Refuse content that is full of almost-boundaries, each of which the parser tries."""
        if self._has_long_boundary:
            return
        self._delimiters_left -= piece.count(self._delimiter)
        if self._delimiters_left < 0:
            raise _unreadable(f"its boundary occurs more than {self._max_delimiters} times.")

    def refuse_framing(self, piece: bytes, collector: "_Collector") -> None:
        """Refuse blanks that fill headers, or boundaries up to their line's end."""
        self._received_bytes += len(piece)
        if self._received_bytes - collector.content_bytes > _MAX_FRAMING_BYTES:
            raise _unreadable(f"more than {_MAX_FRAMING_BYTES:,} bytes are in none of its parts.")


class _Collector:
    """Puts parts together from what the parser finds, which comes in slices of its input."""

    def __init__(self, max_files: int, max_fields: int) -> None:
        self.parts: list[Part] = []
        self.content_bytes = 0
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
        options = _options(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise _unreadable("a part has no name.")
        self._name, self._is_file = as_text(options[b"name"]), b"filename" in options
        self._files_left -= self._is_file
        self._fields_left -= not self._is_file
        if self._files_left < 0 or self._fields_left < 0:
            raise _unreadable(f"it has too many {'files' if self._is_file else 'fields'}.")

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])
        self.content_bytes += end - start

    def _end(self) -> None:
        self.parts.append(Part(self._name, self._is_file, b"".join(self._content)))
        self._content = []

    def _end_all(self) -> None:
        self.is_whole = True


def _unreadable(what: str) -> UnreadableBody:
    return UnreadableBody(f"The multipart body cannot be read: {what}")
