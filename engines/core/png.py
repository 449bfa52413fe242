"""The chunks of a PNG: those that its still image needs, and whether they are all there."""

import struct
from collections.abc import Iterator
from itertools import takewhile

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH_AT = 24
_KEPT = (b"tRNS", b"eXIf", b"iCCP")


def still_image(data: bytes) -> bytes:
    """The file without its animation, texts and whatever else does not change the still image.

    OpenCV reads the frames of any animation, and a damaged one kills its process. Critical
    chunks stay, known or not: a decoder must refuse those that it does not know. EXIF behind the
    pixels, where it may stand, comes before them: Pillow's header has it only from there.
    """
    chunks = [one for one in _chunks(data) if _is_kept(one[0])]
    ahead = list(takewhile(lambda one: one[0] != b"IDAT", chunks))
    # Of a cut file the last chunk is not all there, and stays where it is.
    behind = sorted(chunks[len(ahead) :], key=lambda one: one[0] != b"eXIf" or one[2] > len(data))
    kept = (data[start:end] for _, start, end in ahead + behind)
    return data[: len(_SIGNATURE)] + b"".join(kept)


def is_cut(data: bytes) -> bool:
    """Whether a chunk is not there in full: OpenCV allocates what it claims, up to 4 GB."""
    return not any(name == b"IEND" and end <= len(data) for name, _, end in _chunks(data))


def sample_bits(data: bytes) -> int:
    """Bits of a sample, 1 to 16, in a file that was decoded."""
    return data[_DEPTH_AT]


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, start and end up to the last; the end may lie beyond the file's."""
    at, name = len(_SIGNATURE), b""
    while name != b"IEND" and at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at, at + 12 + length
        at += 12 + length


def _is_kept(name: bytes) -> bool:
    is_critical = not name[0] & 0x20
    return is_critical or name in _KEPT
