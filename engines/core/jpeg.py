"""The segments of a JPEG: which kind it is, whether its scans are all there, and its profile."""

import re
import struct
from collections.abc import Iterator

END = b"\xff\xd9"
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH = (0x01, 0xD8)
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
"""One of the entropy-coded data is 00, that of a restart is D0 to D7."""

_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_HIERARCHICAL = (*range(0xC5, 0xC8), *range(0xCD, 0xD0))
_ARITHMETIC = (*range(0xC9, 0xCC), *range(0xCD, 0xD0))
_JPEG_LS = 0xF7
_PROFILE = b"ICC_PROFILE\0"
_MOST_IN_SEGMENT = 0xFFFF - 2 - len(_PROFILE) - 2
_MOST_SEGMENTS = 255
_DECODED = (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA)
"""Start-of-frame markers that libjpeg-turbo decodes, at eight bits a sample."""


def undecoded_kind(data: bytes) -> str:
    """The name of a kind that is not decoded; empty where it is, or where nothing says."""
    marker, bits = _frame(data)[:2]
    if marker in (0, *_DECODED) and bits in (0, 8):
        return ""
    if marker == _JPEG_LS:
        return "JPEG-LS"
    said = [
        (bits != 8, f"{bits}-bit"),
        (marker in _HIERARCHICAL, "hierarchical"),
        (marker in _LOSSLESS, "lossless"),
        (marker in _ARITHMETIC, "arithmetic-coded"),
    ]
    return " ".join([*(name for is_so, name in said if is_so), "JPEG"])


def is_lossless(data: bytes) -> bool:
    """Whether its colours are stored as they are, and not to be converted by the decoder."""
    return _frame(data)[0] in _LOSSLESS


def has_end(data: bytes) -> bool:
    """Whether the end marker is there; that of a thumbnail within does not count."""
    return data.endswith(END) or any(marker == _END_OF_IMAGE for marker, _ in _segments(data))


def has_all_scans(data: bytes) -> bool:
    """Whether there is a scan for every coefficient of every component, to its last bit.

    Of arithmetic-coded data nothing tells where they end.
    """
    frame, _, components = _frame(data)
    missing = {component: set(range(64)) for component in components}
    for marker, said in _segments(data):
        if marker != _START_OF_SCAN or len(said) < 4:
            continue
        first, last, low_bit = said[-3], said[-2], said[-1] & 15
        for component in said[1 : 1 + 2 * said[0] : 2]:
            if frame not in _PROGRESSIVE:
                missing[component] = set()
            elif not low_bit:
                missing.get(component, set()).difference_update(range(first, last + 1))
    return frame not in _ARITHMETIC and not any(missing.values())


def with_profile(data: bytes, profile: bytes) -> bytes:
    """A JPEG that begins with APP0, and its ICC profile in as many segments as that needs.

    One that is too long for them all is left out.
    """
    parts = [profile[at : at + _MOST_IN_SEGMENT] for at in range(0, len(profile), _MOST_IN_SEGMENT)]
    if len(parts) > _MOST_SEGMENTS:
        return data
    texts = [_PROFILE + bytes([number, len(parts)]) + part for number, part in enumerate(parts, 1)]
    segments = [b"\xff\xe2" + struct.pack(">H", len(text) + 2) + text for text in texts]
    (length,) = struct.unpack_from(">H", data, 4)
    return b"".join([data[: 4 + length], *segments, data[4 + length :]])


def _frame(data: bytes) -> tuple[int, int, bytes]:
    """The start-of-frame marker, the bits of a sample and the components' names; zeros if none."""
    for marker, said in _segments(data):
        if marker in _FRAMES and said:
            return marker, said[0], said[6::3]
        if marker == _START_OF_SCAN:
            break
    return 0, 0, b""


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker up to the end with what its segment says, as far as it is there."""
    at = 0
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker in _WITHOUT_LENGTH:
            continue
        if marker == _END_OF_IMAGE or at + 2 > len(data):
            yield marker, b""
            return
        (length,) = struct.unpack_from(">H", data, at)
        yield marker, data[at + 2 : at + length]
        at += max(length, 2)
