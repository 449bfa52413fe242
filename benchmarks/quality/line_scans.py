"""Pairs of boards, labels and forms as line scans, curled paper or lenses leave them.

Smoothly bent by up to 4 px, with ragged edges; flaws are spots, gaps and words of a least size.
"""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import ImageFont

from benchmarks.quality import drawings
from benchmarks.quality.drawings import FACES, WORDS, Colour, bend, bent_by, moved
from benchmarks.quality.pairs import Pair, Random, as_pixels
from benchmarks.quality.prints import FOLDER
from engines.core.shapes import Box, Pixels

RAGGED_PX = 1.0
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
MARGIN = 0.06
"""Of the longer side: no flaw lies nearer to the border."""
APART_PX = 30
CLEAR_LEVELS = 40
TRIES = 200


def scanned(kind: str, random: Random, *, count: int, least: float) -> Pair:
    """A drawing, and a scan of it with so many flaws of a least side, share of the longer side."""
    first = KINDS[kind](random)
    after, boxes = first.copy(), list[Box]()
    for _ in range(TRIES):
        if len(boxes) < count and (box := _flaw(kind, after, boxes, least, random)):
            boxes.append(box)
    flow = bend((first.shape[1], first.shape[0]), random)
    second = ragged(bent_by(after, flow), random)
    second_boxes = tuple(moved(one, flow) for one in boxes)
    return Pair(ragged(first, random), second, np.eye(3), tuple(boxes), second_boxes)


def ragged(image: Pixels, random: Random) -> Pixels:
    """Edges that lie up to a pixel off, other ones in each scan."""
    height, width = image.shape[:2]
    noise = random.normal(0, 1, (height, width, 2)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2))
    return bent_by(image, np.clip(soft / soft.std() * 0.5, -1, 1) * RAGGED_PX)


def _flaw(kind: str, image: Pixels, boxes: list[Box], least: float, random: Random) -> Box | None:
    """Draws one, if it lies apart from the others and is large enough; else nothing."""
    side = max(image.shape)
    width, height = (int(one) for one in side * least * random.uniform(1.1, 1.8, 2))
    rim = int(MARGIN * side)
    left, top = (
        int(random.integers(rim, max(rim + 1, length - rim - extent)))
        for length, extent in ((image.shape[1], width), (image.shape[0], height))
    )
    drawn = image.copy()
    _draw(kind, drawn, Box(left, top, left + width, top + height), random)
    apart = (cv2.absdiff(drawn, image).max(axis=2) >= CLEAR_LEVELS).astype(np.uint8)
    x, y, wide, high = cv2.boundingRect(apart)
    box = Box(x, y, x + wide, y + high)
    is_large = apart.sum() >= (least * side) ** 2 and min(wide, high) >= least * side
    if not is_large or any(_are_near(box, one) for one in boxes):
        return None
    image[:] = drawn
    return box


def _are_near(one: Box, other: Box) -> bool:
    return (
        max(one.left, other.left) - min(one.right, other.right) < APART_PX
        and max(one.top, other.top) - min(one.bottom, other.bottom) < APART_PX
    )


def _draw(kind: str, image: Pixels, place: Box, random: Random) -> None:
    """A spot, a gap, or, on paper, a word in bold."""
    window = image[place.top : place.bottom, place.left : place.right]
    height, width = window.shape[:2]
    middle = (width // 2, height // 2)
    ground = WHITE if np.median(window) > 127 else BLACK
    choice = random.integers(2 if kind == "board" else 3)
    canvas = np.ascontiguousarray(window)
    if choice == 0:
        ink = BLACK if window[middle[1], middle[0]].mean() > 127 else WHITE
        cv2.ellipse(canvas, middle, (width // 2, height // 2), 0, 0, 360, ink, -1, cv2.LINE_AA)
    elif choice == 1:
        canvas[:] = BLACK if kind == "board" else ground
    else:
        text = str(random.choice(WORDS))
        cv2.putText(canvas, text, (0, height - 2), 0, height / 30, BLACK, 1 + height // 8, 16)
    window[:] = canvas


def board(random: Random) -> Pixels:
    """Conductors of several widths with bends, pads and holes; binarised."""
    side = int(random.integers(560, 800))
    image = np.zeros((side, side, 3), np.uint8)
    y = int(random.integers(20, 40))
    while y < side - 40:
        wide = int(random.integers(9, 26))
        bend_x = int(random.integers(side // 6, side - side // 6))
        step = int(random.integers(-14, 15))
        course = np.array([[0, y], [bend_x, y], [bend_x + abs(step), y + step], [side, y + step]])
        cv2.polylines(image, [course.astype(np.int32)], False, WHITE, wide)
        for x in random.integers(20, side - 20, int(random.integers(1, 5))):
            place = (int(x), y if x < bend_x else y + step)
            cv2.circle(image, place, int(wide * random.uniform(0.8, 1.1)), WHITE, -1)
            cv2.circle(image, place, max(3, wide // 3), BLACK, -1)
        y += wide + int(random.integers(22, 50))
    return as_pixels(image if random.random() < 0.7 else np.rot90(image).copy())


def label(random: Random) -> Pixels:
    """A frame, a name in large letters, bars, and small print; on white or a tint."""
    width, height = int(random.integers(420, 900)), int(random.integers(260, 500))
    image = np.full((height, width, 3), random.integers(222, 256, 3), np.uint8)
    ink = _dark(random)
    cv2.rectangle(image, (8, 8), (width - 9, height - 9), ink, int(random.integers(2, 6)))
    size_px = int(random.integers(28, 54))
    _print(image, str(random.choice(WORDS)).upper(), (24, 22), size_px, ink, random)
    left, top = 26, 40 + size_px
    while left < width * 0.7:
        wide = int(random.integers(2, 8))
        cv2.rectangle(image, (left, top), (left + wide - 1, top + height // 5), ink, -1)
        left += wide + int(random.integers(2, 8))
    cv2.circle(image, (width - 60, top + 30), int(random.integers(18, 34)), _dark(random), -1, 16)
    for y in range(top + height // 5 + 16, height - 30, 26):
        words = " ".join(str(one) for one in random.choice(WORDS, 4))
        _print(image, words, (26, y), int(random.integers(12, 19)), BLACK, random)
    return image


def form(random: Random) -> Pixels:
    """Labelled boxes, filled in or empty."""
    return drawings.form(random).image


def _dark(random: Random) -> Colour:
    blue, green, red = random.integers(0, 120, 3)
    return int(blue), int(green), int(red)


def _print(
    image: Pixels, text: str, place: tuple[int, int], size_px: int, ink: Colour, random: Random
) -> None:
    face = ImageFont.truetype(FOLDER / FACES[random.integers(len(FACES))], size_px)
    drawings.print_on(image, text, place, ink, face)


KINDS: dict[str, Callable[[Random], Pixels]] = {"board": board, "label": label, "form": form}
