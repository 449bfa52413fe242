"""What the directories of a TIFF claim, looked at before anything is listed or allocated for it."""

import struct
from collections.abc import Iterator
from itertools import islice

from engines.core.errors import PictureTooLarge

MAX_PIECES = 100_000
"""Strips or tiles of a picture; Pillow takes a second for so many, and 25 MB may name 30 times."""

_STRIP_OFFSETS, _TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS = 273, 322, 323, 324
_SHORT = 3


def check_pieces(data: bytes, max_pixels: int) -> None:
    """See that the first picture's strips or tiles are not too many, nor a tile too large.

    Raises:
        PictureTooLarge: they are, whatever the picture's own size.
    """
    fields: dict[int, tuple[int, int]] = {}
    for start, count in islice(_directories(data), 1):
        fields = dict(_fields(data, start, count))
    pieces = max(fields.get(tag, (0, 0))[0] for tag in (_STRIP_OFFSETS, _TILE_OFFSETS))
    if pieces > MAX_PIECES:
        raise PictureTooLarge(f"the picture has more than {MAX_PIECES:,} strips or tiles")
    _, width = fields.get(_TILE_WIDTH, (1, 0))
    _, length = fields.get(_TILE_LENGTH, (1, 0))
    if width * length > max_pixels:
        raise PictureTooLarge(f"a tile of the picture has more than {max_pixels:,} pixels")


def count_pages(data: bytes, most: int) -> int:
    """Count pages up to one more than `most`; they may be chained in a circle."""
    return sum(1 for _ in islice(_directories(data), most + 1))


def _directories(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each directory's fields start and how many they are, as far as the chain is whole."""
    order = _order(data)
    try:
        (at,) = struct.unpack_from(order + "I", data, 4)
        while at:
            (count,) = struct.unpack_from(order + "H", data, at)
            yield at + 2, count
            (at,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    except struct.error:  # decoding finds out whether pixels are missing
        return


def _fields(data: bytes, start: int, count: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each tag with the number of its values, and the value if that is one whole number."""
    order = _order(data)
    for at in range(start, min(start + 12 * count, len(data) - 11), 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, at)
        (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), data, at + 8)
        yield tag, (values, value)


def _order(data: bytes) -> str:
    return "<" if data.startswith(b"II") else ">"
