"""Pairs of drawn things: pages, screens, forms, boards, QR codes and logos, changed or only resent.

Everything is drawn at sizes, in colours and in faces by chance, so that no threshold is mirrored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.pairs import Pair, Random, as_pixels, jpeg
from benchmarks.quality.prints import ENGLISH, FOLDER, FONTS, FRENCH
from engines.core.shapes import Box, Pixels
from engines.vision.bending import Flow
from engines.vision.homography import stretch, transform
from engines.vision.scaling import Size, size_of

FACES = tuple(name for name in FONTS if (FOLDER / name).is_file())
WORDS = tuple(word for word in (ENGLISH + " " + FRENCH).split() if len(word) > 2)
BENT_PX = 4.0
CLEAR_LEVELS = 6
"""A pixel that changed by less is no part of a truth's box: nobody sees it."""
Colour: TypeAlias = tuple[int, int, int]


@dataclass(slots=True)
class Drawing:
    """A drawn thing, where its parts lie, and where it is empty."""

    image: Pixels
    parts: list[Box] = field(default_factory=list)
    blanks: list[Box] = field(default_factory=list)


def changed(kind: str, random: Random, *, count: int) -> Pair:
    """A drawing before and after so many of its parts were erased, replaced, tinted or added."""
    drawing = KINDS[kind](random)
    after = drawing.image.copy()
    places = [(one, True) for one in drawing.parts] + [(one, False) for one in drawing.blanks]
    boxes: list[Box] = []
    for index in random.permutation(len(places)):
        place, is_part = places[index]
        if len(boxes) == count:
            break
        if place.right > after.shape[1] or place.bottom > after.shape[0]:
            continue
        window = after[place.top : place.bottom, place.left : place.right]
        before = window.copy()
        (_replace if is_part else _fill)(kind, window, random)
        apart = np.abs(before.astype(int) - window).max(axis=2) >= CLEAR_LEVELS
        x, y, width, height = cv2.boundingRect(apart.astype(np.uint8))
        if width:
            left, top = place.left + x, place.top + y
            boxes.append(Box(left, top, left + width, top + height))
    return Pair(drawing.image, after, np.eye(3), tuple(boxes), tuple(boxes))


def _replace(kind: str, window: Pixels, random: Random) -> None:
    """A part goes, gets another colour, or another part takes its place."""
    ground = _ground(window)
    choice = random.integers(3)
    if choice == 1 and kind in ("page", "screen", "logo"):
        ink = np.abs(window.astype(int) - ground).max(axis=2) > CLEAR_LEVELS
        window[ink] = (0.5 * window[ink] + 0.5 * np.array(_colour(random))).astype(np.uint8)
        return
    window[:] = ground
    if choice == 2 and kind in ("page", "screen", "form"):
        _write(window, str(random.choice(WORDS)), (1, 1), window.shape[0] - 4, random)


def _fill(kind: str, window: Pixels, random: Random) -> None:
    """An empty place is tinted, or gets a word, a tick, a disc, or a flaw."""
    height, width = window.shape[:2]
    ink = (0, 0, 0) if np.mean(_ground(window)) > 127 else (255, 255, 255)
    choice = random.integers(3)
    if kind in ("board", "qr"):
        window[height // 4 : -(height // 4), width // 4 : -(width // 4)] = ink
    elif choice == 0:
        tint = np.array(_ground(window), int) + random.integers(-24, -7, 3)
        window[2:-2, 2:-2] = np.clip(np.abs(tint), 0, 255)
    elif choice == 1:
        cv2.line(window, (3, height // 2), (height // 3, height - 4), ink, 2, cv2.LINE_AA)
        cv2.line(window, (height // 3, height - 4), (height - 4, 3), ink, 2, cv2.LINE_AA)
    else:
        _write(window, str(random.choice(WORDS)), (1, 1), height - 4, random)


def _ground(window: Pixels) -> Colour:
    """The colour along the border of a window."""
    rim = np.concatenate([window[0], window[-1], window[:, 0], window[:, -1]])
    blue, green, red = np.median(rim, axis=0)
    return int(blue), int(green), int(red)


def _colour(random: Random) -> Colour:
    blue, green, red = random.integers(0, 256, 3)
    return int(blue), int(green), int(red)


def _write(image: Pixels, text: str, place: tuple[int, int], size_px: int, random: Random) -> int:
    """Print text with its upper left corner at a place; returns its width, px."""
    face = ImageFont.truetype(FOLDER / FACES[random.integers(len(FACES))], max(7, size_px))
    ground = np.array(image[place[1], place[0]], int)
    ink = _colour(random)
    while np.abs(ground - ink).max() < 90:
        ink = _colour(random)
    print_on(image, text, place, ink, face)
    return int(face.getlength(text))


def print_on(
    image: Pixels, text: str, place: tuple[int, int], ink: Colour, face: ImageFont.FreeTypeFont
) -> None:
    """Print text with its upper left corner at a place."""
    sheet = Image.fromarray(image)
    ImageDraw.Draw(sheet).text(place, text, ink, font=face, anchor="la")
    image[:] = np.asarray(sheet)


def _words(drawing: Drawing, left: int, top: int, right: int, size_px: int, random: Random) -> None:
    """A line of words, each a part of its own or, sometimes, left blank."""
    gap = max(18, size_px)
    while left < right - 6 * size_px:
        if random.random() < 0.15:
            drawing.blanks.append(Box(left, top, left + 3 * size_px, top + size_px + 6))
            left += 3 * size_px + gap
            continue
        width = _write(drawing.image, str(random.choice(WORDS)), (left, top), size_px, random)
        drawing.parts.append(Box(left - 2, top - 2, left + width + 4, top + size_px + 8))
        left += width + gap


def page(random: Random) -> Drawing:
    """Printed lines on a white or tinted sheet."""
    width, height = (int(side) for side in random.integers(420, 1300, 2))
    drawing = Drawing(np.full((height, width, 3), random.integers(225, 256, 3), np.uint8))
    top = int(random.integers(12, 40))
    while top < height - 60:
        size_px = int(random.choice([11, 13, 14, 16, 18, 24, 31]))
        _words(drawing, int(random.integers(10, 40)), top, width - 8, size_px, random)
        top += int(size_px * random.uniform(2.2, 3)) + 14
    return drawing


def screen(random: Random) -> Drawing:
    """Bars, panels, buttons, figures; light or dark, up to 1920 x 1080."""
    width, height = [(1920, 1080), (1366, 768), (1080, 1920), (800, 600), (390, 844)][
        int(random.integers(5))
    ]
    is_dark = random.random() < 0.3
    ground = random.integers(10, 50, 3) if is_dark else random.integers(230, 256, 3)
    drawing = Drawing(np.full((height, width, 3), ground, np.uint8))
    cv2.rectangle(drawing.image, (0, 0), (width, int(random.integers(30, 60))), _colour(random), -1)
    for top in range(80, height - 120, int(random.integers(110, 190))):
        for left in range(20, width - 150, int(random.integers(170, 340))):
            _widget(drawing, left, top, random)
    return drawing


def _widget(drawing: Drawing, left: int, top: int, random: Random) -> None:
    kind, size_px = random.integers(4), int(random.integers(10, 22))
    if kind == 0:
        cv2.rectangle(drawing.image, (left, top), (left + 110, top + 36), _colour(random), -1)
        drawing.parts.append(Box(left - 3, top - 3, left + 114, top + 40))
    elif kind == 1:
        _write(drawing.image, str(random.integers(10)), (left, top), size_px, random)
        drawing.parts.append(Box(left - 2, top - 2, left + size_px, top + size_px + 6))
    elif kind == 2:
        drawing.blanks.append(Box(left, top, left + 120, top + 70))
    else:
        _words(drawing, left, top, left + 150, size_px, random)


def form(random: Random) -> Drawing:
    """Labelled boxes, filled in or empty."""
    width, height = int(random.integers(500, 1000)), int(random.integers(500, 1300))
    drawing = Drawing(np.full((height, width, 3), 255, np.uint8))
    rows, size_px = int(random.integers(44, 80)), int(random.integers(12, 20))
    for top in range(20, height - rows, rows):
        _write(drawing.image, str(random.choice(WORDS)), (16, top + 8), size_px, random)
        cv2.rectangle(drawing.image, (180, top), (width - 20, top + rows - 14), (90, 90, 90), 1)
        if random.random() < 0.6:
            _words(drawing, 190, top + 8, width - 30, size_px, random)
        else:
            drawing.blanks.append(Box(190, top + 4, 190 + 5 * size_px, top + size_px + 10))
    return drawing


def board(random: Random) -> Drawing:
    """A binarised board: conductors with pads; its flaws are holes and spots."""
    side = int(random.integers(480, 800))
    drawing = Drawing(np.zeros((side, side, 3), np.uint8))
    pitch = int(random.integers(34, 60))
    for place in range(pitch, side - pitch, pitch):
        wide = int(random.integers(9, 16))
        bend = int(random.integers(60, side - 60))
        course = np.array([[20, place], [bend, place], [bend + 14, place + 8], [side, place + 8]])
        cv2.polylines(drawing.image, [course.astype(np.int32)], False, (255, 255, 255), wide)
        cv2.circle(drawing.image, (20, place), wide, (255, 255, 255), -1)
        for x in range(60, side - 40, 90):
            y = place if x < bend else place + 8
            if abs(x - bend) > 30:
                drawing.blanks.append(Box(x, y - 3, x + 7, y + 4))
                between = y + pitch // 2
                drawing.blanks.append(Box(x + 44, between - 5, x + 54, between + 5))
    return drawing


def qr(random: Random) -> Drawing:
    """A QR code; single modules change."""
    text = "".join(str(one) for one in random.integers(0, 10, int(random.integers(10, 120))))
    code = cv2.QRCodeEncoder.create().encode(text)
    module = int(random.integers(4, 14))
    grey = cv2.copyMakeBorder(code, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=255)
    large = np.repeat(np.repeat(as_pixels(grey), module, axis=0), module, axis=1)
    drawing = Drawing(np.ascontiguousarray(np.stack([large] * 3, axis=2)))
    for y in range(6 * module, len(large) - 6 * module, 6 * module):
        for x in range(6 * module, len(large) - 6 * module, 6 * module):
            drawing.blanks.append(Box(x - module, y - module, x + module, y + module))
    return drawing


def logo(random: Random) -> Drawing:
    """A few flat shapes and a name on a plain ground."""
    width, height = (int(side) for side in random.integers(160, 640, 2))
    drawing = Drawing(np.full((height, width, 3), _colour(random), np.uint8))
    step = max(60, width // 3)
    for left in range(10, width - step, step):
        side = int(random.integers(24, step - 20))
        middle = (left + side // 2 + 6, 14 + side // 2)
        cv2.circle(drawing.image, middle, side // 2, _colour(random), -1, cv2.LINE_AA)
        drawing.parts.append(Box(left + 3, 10, left + side + 10, min(height, side + 18)))
    if height > 150:
        _words(drawing, 10, height - 40, width, 20, random)
    return drawing


KINDS: dict[str, Callable[[Random], Drawing]] = {
    "page": page,
    "screen": screen,
    "form": form,
    "board": board,
    "qr": qr,
    "logo": logo,
}


def bent(image: Pixels, random: Random, most_px: float = BENT_PX) -> Pixels:
    """As a line scan, curled paper or a lens leaves it: moved smoothly by up to so many pixels."""
    return bent_by(image, bend(size_of(image), random, most_px))


def bend(size: Size, random: Random, most_px: float = BENT_PX) -> Flow:
    """Smooth: where in the picture each pixel of the bent one comes from, px."""
    coarse = random.uniform(-1, 1, (4, 4, 2)).astype(np.float32)
    moves = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))
    return moves * np.float32(most_px / np.abs(moves).max())


def bent_by(image: Pixels, flow: Flow) -> Pixels:
    """The picture with each pixel taken from where the flow points."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    map_x, map_y = x + flow[..., 0], y + flow[..., 1]
    return as_pixels(
        cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def moved(box: Box, flow: Flow) -> Box:
    """Where a box lies on the bent picture."""
    height, width = flow.shape[:2]
    x, y = min(width - 1, (box.left + box.right) // 2), min(height - 1, (box.top + box.bottom) // 2)
    right, down = np.rint(flow[y, x]).astype(int).tolist()
    return Box(box.left - right, box.top - down, box.right - right, box.bottom - down)


def resized(image: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at another size, without stairs."""
    is_smaller = size[0] < image.shape[1]
    return as_pixels(
        cv2.resize(image, size, interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC)
    )


def resent(pair: Pair, way: str, random: Random) -> Pair:
    """The pair, its second picture at another scale, a pixel taller, saved again, bent, cut."""
    width, height = size_of(pair.second)
    second, matrix = pair.second, np.eye(3)
    if way == "rescaled":
        factor = float(random.choice([0.5, 0.75, 1.25, 1.5, 2]))
        second = resized(second, (round(width * factor), round(height * factor)))
        matrix = stretch((width, height), size_of(second))
    elif way == "taller":
        second = resized(second, (width, height + 1))
        matrix = stretch((width, height), size_of(second))
    elif way == "jpeg":
        second = jpeg(second, 60)
    elif way == "bent":
        flow = bend((width, height), random)
        bent_boxes = tuple(moved(box, flow) for box in pair.second_boxes)
        return Pair(pair.first, bent_by(second, flow), matrix, pair.first_boxes, bent_boxes)
    elif way == "cut":
        left, top = int(random.integers(0, width // 8)), int(random.integers(0, height // 8))
        second = np.ascontiguousarray(second[top : height - top // 2, left:])
        matrix = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    boxes = tuple(_mapped(box, matrix) for box in pair.second_boxes)
    return Pair(pair.first, second, matrix, pair.first_boxes, boxes)


def _mapped(box: Box, matrix: np.ndarray) -> Box:
    corners = np.array([[box.left, box.top], [box.right, box.bottom]]) - 0.5
    (left, top), (right, bottom) = (transform(corners, matrix) + 0.5).tolist()
    return Box(round(left), round(top), round(right), round(bottom))
