"""Marking: boxes, outlines and words drawn into a picture, and two side by side, for the eye."""

import colorsys
import math
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from engines.core.shapes import Box, Pixels

Colour: TypeAlias = tuple[int, int, int]
Ink: TypeAlias = str | Colour
"""As Pillow has it: RGB."""

FONT = Path(__file__).parents[1] / "weights" / "DejaVuSans.ttf"

COLOURS = ("#b3261e", "#0b57d0", "#146c2e", "#7b1fa2", "#a14a00", "#00696e", "#5d4037", "#3d3d8f")
"""Dark enough for white letters."""
RED, GREEN = (40, 40, 230), (62, 142, 30)
"""BGR; bright, for thin lines, but white letters can still be read on them."""

MOST_NUMBERS = 50
"""More would hide what they number; the rest of a long list is outlined alone."""

_MONTAGE_HEIGHT_PX = 1000
_GAP_PX = 8
_SHIFT = 4
"""Bits of a coordinate behind the point."""
_MOST_LETTERS = 40
_MOST_SHIFTS = 8
"""Heights by which a caption may stand away from its box."""
_FINER = 2


class Mark(NamedTuple):
    """A box, the class that gives it its colour, and what is written beside it."""

    box: Box
    label: str
    caption: str


def captioned(image: Pixels, marks: Sequence[Mark], numbers: Iterable[int] | None = None) -> Pixels:
    """The picture with a frame and a numbered caption for each box, the first on top.

    Frames have a white halo, so that they are seen on any colour; captions keep out of each
    other's way as long as there is room.

    Args:
        image: uint8 (H, W, 3), BGR.
        numbers: of the marks; from 1 where nothing is said.
    """
    canvas = _canvas(image)
    size = _letter_size(canvas.size)
    colours = _colours({one.label for one in marks})
    for mark in reversed(marks):
        _frame(ImageDraw.Draw(canvas), mark.box, colours[mark.label], size)
    tags = [
        (mark.box, f"{number} {_short(mark.caption)}", colours[mark.label])
        for number, mark in zip(numbers or count(1), marks, strict=False)
    ]
    _write(canvas, tags, size)
    return _pixels(canvas)


def numbered(image: Pixels, marks: Sequence[tuple[ArrayLike, Colour]], thickness_px: int) -> Pixels:
    """The picture with closed outlines, the first on top, and the numbers of the first ones.

    Args:
        image: uint8 (H, W, 3), BGR.
        marks: points (N, 2) of x, y, and a colour, BGR.
        thickness_px: of the lines.
    """
    canvas = _canvas(outlined(image, reversed(marks), thickness_px))
    tags = list[tuple[Box, str, Ink]]()
    for number, (points, colour) in enumerate(marks[:MOST_NUMBERS], 1):
        x, y, width, height = cv2.boundingRect(np.rint(points).astype(np.int32))
        gap = 2 * thickness_px
        around = Box(x - gap, y - gap, x + width + gap, y + height + gap)
        tags.append((around, str(number), colour[::-1]))
    _write(canvas, tags, _letter_size(canvas.size))
    return _pixels(canvas)


def listed(image: Pixels, lines: Sequence[str]) -> Pixels:
    """The picture with lines of text in its upper left corner."""
    canvas = _canvas(image)
    size = _letter_size(canvas.size)
    for place, line in enumerate(lines):
        width, height = _tag_size(line, size)
        top = place * (height + 1)
        _tag(canvas, Box(0, top, width, top + height), line, "#202124", size)
    return _pixels(canvas)


def overwritten(image: Pixels, marks: Iterable[tuple[Box, str, float]]) -> Pixels:
    """The picture, faded, with each box framed and its word written along it.

    Args:
        image: uint8 (H, W, 3), BGR.
        marks: box, word, and the word's angle; it is written at the nearest quarter turn.
    """
    canvas = _canvas((image // 4 + 191).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for box, word, angle in marks:
        draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), outline="#8ab4f8")
        quarters = round(angle / 90) % 4
        across, down = box.right - box.left, box.bottom - box.top
        size = _fitting(word, *((down, across) if quarters % 2 else (across, down)))
        letters = np.rot90(_letters(word, size), quarters)
        corner = (
            (box.left + box.right - letters.shape[1]) // 2,
            (box.top + box.bottom - letters.shape[0]) // 2,
        )
        draw.bitmap(corner, Pillow.fromarray(np.ascontiguousarray(letters)), fill="#0b2a6b")
    return _pixels(canvas)


def outlined(image: Pixels, marks: Iterable[tuple[ArrayLike, Colour]], thickness_px: int) -> Pixels:
    """The picture with closed outlines, each with a white halo.

    Args:
        image: uint8 (H, W, 3), BGR.
        marks: points (N, 2) of x, y, and a colour, BGR.
        thickness_px: of the lines.
    """
    canvas = image.copy()
    halo_px = thickness_px + 2 * max(1, thickness_px // 2)
    outlines = [([np.rint(points).astype(np.int32)], colour) for points, colour in marks]
    for points, _ in outlines:
        cv2.polylines(canvas, points, True, (255, 255, 255), halo_px, cv2.LINE_AA)
    for points, colour in outlines:
        cv2.polylines(canvas, points, True, colour, thickness_px, cv2.LINE_AA)
    return canvas


def pen_px(image: Pixels) -> int:
    """How thick a line has to be to be seen on a picture shown whole."""
    return max(1, int(max(image.shape[:2]) // 300))


def side_by_side(first: Pixels, second: Pixels) -> Pixels:
    """Both pictures at one height, at most 1000 px, with a white gap between them."""
    height = min(_MONTAGE_HEIGHT_PX, max(first.shape[0], second.shape[0]))
    gap = np.full((height, _GAP_PX, 3), 255, np.uint8)
    return np.hstack([_at_height(first, height), gap, _at_height(second, height)])


def joined(first: Pixels, second: Pixels, ends: NDArray[np.float64], *, is_faint: bool) -> Pixels:
    """Both pictures side by side, and lines from points of the one to points of the other.

    Lines have the colours of the rainbow, by how high they begin, so that the eye can follow.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: the same.
        ends: (N, 2, 2): of each line x, y on the first and x, y on the second, px.
        is_faint: draw what is no more than a guess.
    """
    plain = side_by_side(first, second)
    height = plain.shape[0]
    sizes = np.array([(_width_at(one, height), height) for one in (first, second)])
    scales = sizes / [(one.shape[1], one.shape[0]) for one in (first, second)]
    places = (ends + 0.5) * scales - 0.5 + [(0, 0), (sizes[0, 0] + _GAP_PX, 0)]
    drawn = plain.copy()
    for line in places[places[:, 0, 1].argsort()]:
        _join(drawn, line, _rainbow(line[0, 1] / height))
    if is_faint:
        cv2.addWeighted(drawn, 0.4, plain, 0.6, 0, dst=drawn)
    return drawn


def _join(canvas: Pixels, line: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
    """A line with a dot at both ends."""
    start, end = ((int(x), int(y)) for x, y in np.rint(line * 2**_SHIFT))
    cv2.line(canvas, start, end, colour, 1, cv2.LINE_AA, _SHIFT)
    for place in (start, end):
        cv2.circle(canvas, place, 5 << _SHIFT, (255, 255, 255), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, place, 4 << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)


def _rainbow(share: float) -> tuple[int, int, int]:
    """A colour from red over green to violet, BGR."""
    red, green, blue = colorsys.hsv_to_rgb(0.8 * min(1, max(0, share)), 0.9, 0.9)
    return round(255 * blue), round(255 * green), round(255 * red)


def _at_height(image: Pixels, height: int) -> Pixels:
    size = (_width_at(image, height), height)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _width_at(image: Pixels, height: int) -> int:
    return int(np.clip(round(image.shape[1] * height / image.shape[0]), 1, 4 * height))


def _letters(word: str, size: int) -> Pixels:
    """A word's ink, 0 to 255."""
    left, top, right, bottom = _font(size).getbbox(word)
    tile = Pillow.new("L", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(tile).text((-left, -top), word, fill=255, font=_font(size))
    return np.asarray(tile)


def _letter_size(size: tuple[int, int]) -> int:
    """Of captions that can be read on a picture shown whole, px."""
    return max(11, round(math.sqrt(size[0] * size[1]) / 32))


def _write(canvas: Pillow.Image, tags: Sequence[tuple[Box, str, Ink]], size: int) -> None:
    """A text beside each box, in its colour, where it covers least of those before it."""
    taken = np.empty((0, 4), np.intp)
    for box, text, colour in tags:
        tag = _free_place(box, _tag_size(text, size), canvas.size, taken)
        taken = np.vstack([taken, tag])
        _tag(canvas, tag, text, colour, size)


def _short(caption: str) -> str:
    return caption if len(caption) <= _MOST_LETTERS else caption[: _MOST_LETTERS - 1] + "…"


def _colours(labels: set[str]) -> dict[str, str]:
    """A colour for each class: its own in every picture, unless another there has the same."""
    free, chosen = list[str](), dict[str, str]()
    for label in sorted(labels):
        free = free or list(COLOURS)
        own = COLOURS[zlib.crc32(label.encode()) % len(COLOURS)]
        chosen[label] = own if own in free else free[0]
        free.remove(chosen[label])
    return chosen


def _frame(draw: ImageDraw.ImageDraw, box: Box, colour: str, size: int) -> None:
    left, top = box.left, box.top
    right, bottom = max(left, box.right - 1), max(top, box.bottom - 1)
    line, halo = max(2, size // 5), max(1, size // 12)
    for grown, width, ink in ((halo, line + 2 * halo, "white"), (0, line, colour)):
        outer = (left - grown, top - grown, right + grown, bottom + grown)
        draw.rectangle(outer, outline=ink, width=width)


def _tag_size(text: str, size: int) -> tuple[int, int]:
    return round(_font(size).getlength(text)) + size, round(1.5 * size)


def _free_place(
    box: Box, tag: tuple[int, int], picture: tuple[int, int], taken: NDArray[np.intp]
) -> Box:
    """Where a caption covers least of the others: beside its box first, then above and below."""
    width, height = tag
    beside = [
        *((box.left, box.top - height), (box.left, box.bottom)),
        *((box.right - width, box.top - height), (box.right - width, box.bottom)),
        *((box.left, box.top), (box.right, box.top), (box.left - width, box.top)),
    ]
    shifts = sorted(range(-_MOST_SHIFTS, _MOST_SHIFTS + 1), key=abs)
    corners = np.array([(x, y + shift * height) for shift in shifts for x, y in beside])
    room = np.array(picture) - tag
    corners = corners.clip(0, room.clip(0))
    lower = np.minimum(corners[:, None] + tag, taken[None, :, 2:])
    upper = np.maximum(corners[:, None], taken[None, :, :2])
    covered = (lower - upper).clip(0).prod(axis=2).sum(axis=1)
    left, top = corners[covered.argmin()].tolist()
    return Box(left, top, left + width, top + height)


def _tag(canvas: Pillow.Image, place: Box, text: str, colour: Ink, size: int) -> None:
    """White letters on a rounded bar; Pillow's own corners are not smooth."""
    width, height = place.right - place.left, place.bottom - place.top
    bar = Pillow.new("L", (_FINER * width, _FINER * height))
    ImageDraw.Draw(bar).rounded_rectangle(
        (0, 0, _FINER * width - 1, _FINER * height - 1), _FINER * height // 4, fill=255
    )
    smooth = bar.resize((width, height), Pillow.Resampling.BOX)
    canvas.paste(colour, (place.left, place.top), smooth)
    middle = (place.left + size // 2, place.top + height // 2)
    ImageDraw.Draw(canvas).text(middle, text, fill="white", font=_font(size), anchor="lm")


def _fitting(word: str, width: int, height: int) -> int:
    """The letter size that fills a box."""
    unit = _font(32).getlength(word) / 32
    return max(7, min(200, round(min(width / max(unit, 0.1), height * 1.2))))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)


def _canvas(image: Pixels) -> Pillow.Image:
    return Pillow.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _pixels(canvas: Pillow.Image) -> Pixels:
    return cv2.cvtColor(np.asarray(canvas), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)
