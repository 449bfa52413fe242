"""Marking: boxes, outlines and words drawn into a picture, and two side by side, for the eye."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from engines.core.shapes import Box, Pixels

FONT = Path(__file__).parents[1] / "weights" / "DejaVuSans.ttf"

COLOURS = ("#b3261e", "#0b57d0", "#146c2e", "#7b1fa2", "#a14a00", "#00696e", "#5d4037", "#3d3d8f")
"""Dark enough for white letters."""
RED = (40, 40, 230)

_MONTAGE_HEIGHT_PX = 1000
_GAP_PX = 8


def captioned(image: Pixels, marks: Iterable[tuple[Box, str]]) -> Pixels:
    """The picture with a frame and a caption for each box."""
    canvas = _canvas(image)
    draw = ImageDraw.Draw(canvas)
    size = max(11, min(40, min(canvas.size) // 24))
    for place, (box, caption) in enumerate(marks):
        colour = COLOURS[place % len(COLOURS)]
        right, bottom = max(box.left, box.right - 1), max(box.top, box.bottom - 1)
        draw.rectangle((box.left, box.top, right, bottom), outline=colour, width=max(2, size // 8))
        top = box.top - size - 4 if box.top > size + 4 else box.top
        _tag(draw, (box.left, top), caption, colour, size)
    return _pixels(canvas)


def listed(image: Pixels, lines: Sequence[str]) -> Pixels:
    """The picture with lines of text in its upper left corner."""
    canvas = _canvas(image)
    draw = ImageDraw.Draw(canvas)
    size = max(11, min(40, min(canvas.size) // 18))
    for place, line in enumerate(lines):
        _tag(draw, (0, place * (size + 6)), line, "#202124", size)
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


def outlined(
    image: Pixels, marks: Iterable[tuple[ArrayLike, tuple[int, int, int]]], thickness_px: int
) -> Pixels:
    """The picture with closed outlines.

    Args:
        image: uint8 (H, W, 3), BGR.
        marks: points (N, 2) of x, y, and a colour, BGR.
        thickness_px: of the lines.
    """
    canvas = image.copy()
    for points, colour in marks:
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], True, colour, thickness_px)
    return canvas


def pen_px(image: Pixels) -> int:
    """How thick a line has to be to be seen on a picture shown whole."""
    return max(1, int(max(image.shape[:2]) // 300))


def side_by_side(first: Pixels, second: Pixels) -> Pixels:
    """Both pictures at one height, at most 1000 px, with a white gap between them."""
    height = min(_MONTAGE_HEIGHT_PX, max(first.shape[0], second.shape[0]))
    gap = np.full((height, _GAP_PX, 3), 255, np.uint8)
    return np.hstack([_at_height(first, height), gap, _at_height(second, height)])


def _at_height(image: Pixels, height: int) -> Pixels:
    width = min(4 * height, max(1, round(image.shape[1] * height / image.shape[0])))
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _letters(word: str, size: int) -> Pixels:
    """A word's ink, 0 to 255."""
    left, top, right, bottom = _font(size).getbbox(word)
    tile = Pillow.new("L", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(tile).text((-left, -top), word, fill=255, font=_font(size))
    return np.asarray(tile)


def _tag(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, colour: str, size: int
) -> None:
    """White letters on a bar, moved to the left where they would leave the picture."""
    font = _font(size)
    width = round(font.getlength(text)) + 6
    left = max(0, min(corner[0], draw.im.size[0] - width))
    draw.rectangle((left, corner[1], left + width, corner[1] + size + 4), fill=colour)
    draw.text((left + 3, corner[1] + size // 2 + 2), text, fill="white", font=font, anchor="lm")


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
