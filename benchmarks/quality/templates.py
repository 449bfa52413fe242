"""Pairs of drawn things of one template: one thing sent again, or two of other content.

Letters under one letterhead, pages of one layout, forms filled in, codes, logos, screens, boards
and signs; sizes, colours, faces and words are by chance, the template's and the content's apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality import drawings
from benchmarks.quality.drawings import FACES, WORDS, Colour
from benchmarks.quality.pairs import Pair, Random, as_pixels
from benchmarks.quality.prints import FOLDER
from engines.core.shapes import Pixels
from engines.vision.morphology import square

WAYS = ("as it is", "rescaled", "taller", "jpeg", "bent", "cut")
OTHER_SHARE = 0.25
"""Of the detail of either that differs, at least, on two of other content."""
CLEAR_LEVELS = 30
MARKS = 6
Both: TypeAlias = tuple[Pixels, Pixels]
Outline: TypeAlias = NDArray[np.float64]


def same(kind: str, way: str, random: Random) -> Both:
    """A drawing and itself, sent again in one of the ways."""
    draw, template, content = KINDS[kind], *_seeds(random, 2)
    image = draw(np.random.default_rng(template), np.random.default_rng(content))
    return _resent(image, image, way, random)


def other(kind: str, way: str, random: Random) -> Both:
    """Two drawings of one template, of which a quarter of the detail differs at least."""
    while True:
        template, *contents = _seeds(random, 3)
        first, second = (
            KINDS[kind](np.random.default_rng(template), np.random.default_rng(content))
            for content in contents
        )
        if _differing_share(first, second) > OTHER_SHARE:
            return _resent(first, second, way, random)


def _seeds(random: Random, count: int) -> list[int]:
    return [int(one) for one in random.integers(0, 2**32, count)]


def _resent(first: Pixels, second: Pixels, way: str, random: Random) -> Both:
    pair = drawings.resent(Pair(first, second, np.eye(3)), way, random)
    return pair.first, pair.second


def _differing_share(first: Pixels, second: Pixels) -> float:
    steps = [cv2.morphologyEx(one, cv2.MORPH_GRADIENT, square(1)) for one in (first, second)]
    detail = np.maximum(*steps).max(axis=2) > CLEAR_LEVELS
    apart = cv2.absdiff(first, second).max(axis=2) > CLEAR_LEVELS
    return float((apart & detail).sum() / max(1, detail.sum()))


@dataclass(frozen=True, slots=True)
class Pen:
    """A face at a size and in a colour."""

    face: str
    size_px: int
    ink: Colour

    def write(self, image: Pixels, text: str, place: tuple[int, int]) -> int:
        """Print a text with its upper left corner at a place; returns where it ends, px."""
        face = ImageFont.truetype(FOLDER / self.face, self.size_px)
        (left, top), length = place, int(face.getlength(text))
        window = image[top : top + 2 * self.size_px, left : left + length + self.size_px]
        sheet = Image.fromarray(window)
        ImageDraw.Draw(sheet).text((0, 0), text, self.ink, font=face, anchor="la")
        window[:] = np.asarray(sheet)
        return left + length


def _pen(random: Random, ground: Colour, sizes: tuple[int, int]) -> Pen:
    """Any face; of an ink that stands out from the ground."""
    ink = _colour(random)
    while np.abs(np.subtract(ground, ink)).max() < 90:
        ink = _colour(random)
    return Pen(FACES[random.integers(len(FACES))], int(random.integers(*sizes)), ink)


def _colour(random: Random) -> Colour:
    blue, green, red = random.integers(0, 256, 3)
    return int(blue), int(green), int(red)


def _paper(random: Random) -> Colour:
    level = int(random.integers(228, 256))
    return level, level, min(255, level + int(random.integers(0, 8)))


def _sheet(width: int, height: int, ground: Colour) -> Pixels:
    return np.full((height, width, 3), ground, np.uint8)


def _phrase(random: Random, count: int) -> str:
    return " ".join(str(one) for one in random.choice(WORDS, count))


def letter(template: Random, content: Random) -> Pixels:
    """A letterhead with its rule, and lines of text."""
    width = int(template.integers(500, 1240))
    height, ground, margin = int(width * 1.414), _paper(template), width // 14
    image = _sheet(width, height, ground)
    head = _pen(template, ground, (width // 26, width // 14))
    head.write(image, _phrase(template, 2).title(), (margin, margin))
    top = margin + 2 * head.size_px
    cv2.line(image, (margin, top), (width - margin, top), head.ink, int(template.integers(1, 4)))
    text = replace(_pen(template, ground, (11, max(13, width // 40))), ink=(20, 20, 20))
    top, pitch = top + 2 * text.size_px, int(text.size_px * template.uniform(1.3, 2))
    last = top + (height - margin - top) * content.uniform(0.6, 1)
    while top < last - pitch:
        right = int(width * content.uniform(0.5, 0.9))
        left = margin
        while left < right - 5 * text.size_px:
            left = text.write(image, _phrase(content, 1) + " ", (left, top))
        top += pitch
    return image


def page(template: Random, content: Random) -> Pixels:
    """Headings, and columns of text with a ragged end, on a sheet of any form."""
    width, height = (int(side) for side in template.integers(420, 1300, 2))
    ground = _paper(template)
    image, margin = _sheet(width, height, ground), int(template.integers(14, 60))
    text, heading = _pen(template, ground, (11, 26)), _pen(template, ground, (20, 44))
    pitch, gap = int(text.size_px * template.uniform(1.3, 2.2)), 2 * text.size_px
    columns = max(1, min(int(template.integers(1, 4)), width // (16 * text.size_px)))
    wide = (width - 2 * margin + gap) // columns
    for column in range(columns):
        left, top = margin + column * wide, margin
        while top < height - margin - 2 * heading.size_px:
            heading.write(
                image, _phrase(content, 1).title()[: wide // heading.size_px], (left, top)
            )
            top = _paragraph(
                image, text, (left, top + 2 * heading.size_px), wide - gap, pitch, content
            )
    return image


def _paragraph(
    image: Pixels, pen: Pen, place: tuple[int, int], width: int, pitch: int, content: Random
) -> int:
    """Some lines of words; returns where the next one may begin, px."""
    left, top = place
    for _ in range(int(content.integers(2, 9))):
        x = left
        while x < left + width - 6 * pen.size_px and top < image.shape[0] - 2 * pen.size_px:
            x = pen.write(image, _phrase(content, 1)[:9] + " ", (x, top))
        top += pitch
    return top + pitch


def board(template: Random, content: Random) -> Pixels:
    """Pads in a grid, joined by conductors with a bend; binarised or in colours."""
    side, pitch = int(template.integers(360, 900)), int(template.integers(30, 70))
    ground, copper = ((0, 0, 0), (255, 255, 255))
    if template.random() < 0.6:
        ground, copper = (_colour(template) for _ in range(2))
        while np.abs(np.subtract(ground, copper)).max() < 90:
            copper = _colour(template)
    image, wide = _sheet(side, side, ground), int(template.integers(4, pitch // 3))
    places = range(pitch, side - pitch // 2, pitch)
    for y in places:
        for x in places:
            across, down = (int(one) for one in content.integers(-3, 4, 2) * pitch)
            if content.random() < 0.6:
                bend, end = (x + across, y), (x + across, y + down)
                course = np.array([(x, y), bend, end], np.int32)
                cv2.polylines(image, [course], False, copper, wide, cv2.LINE_AA)
            cv2.circle(image, (x, y), round(0.8 * wide) + 2, copper, -1, cv2.LINE_AA)
            cv2.circle(image, (x, y), wide // 2, ground, -1, cv2.LINE_AA)
    return image


def form(template: Random, content: Random) -> Pixels:
    """A title, and labelled boxes of which most are filled in."""
    width, rows = int(template.integers(480, 1000)), int(template.integers(6, 16))
    pitch, ground = int(template.integers(44, 76)), _paper(template)
    image = _sheet(width, (rows + 1) * pitch + 40, ground)
    label = replace(_pen(template, ground, (11, 18)), ink=(40, 40, 40))
    replace(label, size_px=26).write(image, _phrase(template, 2).upper(), (20, 10))
    entry = _pen(template, ground, (16, pitch // 2 + 6))
    split = int(width * template.uniform(0.25, 0.4))
    for top in range(pitch, (rows + 1) * pitch, pitch):
        label.write(image, _phrase(template, 1), (20, top + 8))
        cv2.rectangle(image, (split, top), (width - 20, top + pitch - 12), (120, 120, 120), 1)
        if content.random() < 0.85:
            text = _phrase(content, 4)[: int((width - split) / entry.size_px * 1.3)]
            entry.write(image, text, (split + 8, top + 2))
    return image


def qr(template: Random, content: Random) -> Pixels:
    """A QR code; its template is its size."""
    count, module = int(template.integers(10, 160)), int(template.integers(3, 14))
    text = "".join(str(one) for one in content.integers(0, 10, count))
    code = as_pixels(cv2.QRCodeEncoder.create().encode(text))
    grey = cv2.copyMakeBorder(code, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=255)
    large = np.repeat(np.repeat(as_pixels(grey), module, axis=0), module, axis=1)
    return np.ascontiguousarray(np.stack([large] * 3, axis=2))


def logo(template: Random, content: Random) -> Pixels:
    """A mark and a name, in two colours on a plain ground."""
    ground = _colour(template)
    pen = _pen(template, ground, (28, 90))
    side = int(pen.size_px * template.uniform(1.2, 2))
    width = side * 2 + int(pen.size_px * 5)
    image = _sheet(width, int(side * template.uniform(1.3, 2.2)), ground)
    thickness = int(template.choice([-1, 3, 6]))
    middle = (int(side * 0.8), image.shape[0] // 2)
    _mark(image, int(content.integers(MARKS)), middle, side // 2, pen.ink, thickness)
    name = replace(pen, ink=_pen(template, ground, (28, 90)).ink)
    text = _phrase(content, 1).title()[:8]
    name.write(image, text, (int(side * 1.6), (image.shape[0] - pen.size_px) // 2))
    return image


def _mark(
    image: Pixels, mark: int, middle: tuple[int, int], radius: int, ink: Colour, thickness: int
) -> None:
    """A circle, a triangle, a square, a pentagon, a star or a cross."""
    if mark == 0:
        cv2.circle(image, middle, radius, ink, thickness, cv2.LINE_AA)
        return
    outline = [
        _polygon([1] * 3),
        _polygon([1] * 4, turn=np.pi / 4),
        _polygon([1] * 5),
        _polygon([1, 0.4] * 5),
        _polygon([1, 1, 0.42] * 4, turn=np.pi / 4 - 0.3),
    ][mark - 1]
    points = np.rint(np.array(middle) + radius * outline).astype(np.int32)
    if thickness < 0:
        cv2.fillPoly(image, [points], ink, cv2.LINE_AA)
    else:
        cv2.polylines(image, [points], True, ink, thickness, cv2.LINE_AA)


def _polygon(radii: Sequence[float], turn: float = 0.0) -> Outline:
    angles = turn - np.pi / 2 + np.arange(len(radii)) * 2 * np.pi / len(radii)
    spokes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(spokes * np.array(radii)[:, np.newaxis])


def screen(template: Random, content: Random) -> Pixels:
    """A bar, headed panels with figures, lines and charts; light or dark."""
    width, height = [(1920, 1080), (1366, 768), (800, 600), (390, 844)][template.integers(4)]
    level = template.integers(15, 45) if template.random() < 0.3 else template.integers(235, 256)
    ground = (int(level),) * 3
    image = _sheet(width, height, ground)
    bar = _colour(template)
    cv2.rectangle(image, (0, 0), (width, 44), bar, -1)
    _pen(template, bar, (18, 24)).write(image, _phrase(template, 2), (16, 8))
    text = _pen(template, ground, (12, 17))
    wide, high = int(template.integers(170, 320)), int(template.integers(130, 230))
    for top in range(64, height - high, high):
        for left in range(14, width - wide, wide):
            text.write(image, _phrase(template, 1).upper(), (left + 8, top + 6))
            window = image[top + 30 : top + high - 16, left + 8 : left + wide - 16]
            PANELS[template.integers(len(PANELS))](window, text, content)
    return image


def _figure(window: Pixels, pen: Pen, content: Random) -> None:
    large = replace(pen, size_px=min(60, window.shape[0] - 16))
    large.write(window, str(content.integers(10, 1000)), (0, 0))


def _lines(window: Pixels, pen: Pen, content: Random) -> None:
    for top in range(0, window.shape[0] - pen.size_px, 2 * pen.size_px):
        pen.write(window, _phrase(content, int(content.integers(1, 4))), (0, top))


def _chart(window: Pixels, pen: Pen, content: Random) -> None:
    for left in range(0, window.shape[1] - 14, 20):
        high = int(content.uniform(0.1, 1) * window.shape[0])
        corner = (left + 13, window.shape[0] - 1)
        cv2.rectangle(window, (left, window.shape[0] - high), corner, pen.ink, -1)


PANELS = (_figure, _lines, _chart)


def sign(template: Random, content: Random) -> Pixels:
    """One letter or one mark on a plain ground."""
    width, height = (int(side) for side in template.integers(120, 640, 2))
    ground = _colour(template)
    image = _sheet(width, height, ground)
    size_px = int(min(width, height) * template.uniform(0.3, 0.8))
    pen = replace(_pen(template, ground, (10, 20)), size_px=size_px)
    room = np.array([width - size_px, height - size_px])
    left, top = (int(one) for one in room * template.random(2))
    if template.random() < 0.5:
        pen.write(image, chr(65 + content.integers(26)), (left, top))
    else:
        radius, thickness = size_px // 2, int(template.choice([-1, 2, 8]))
        middle = (left + radius, top + radius)
        _mark(image, int(content.integers(MARKS)), middle, radius, pen.ink, thickness)
    return image


KINDS: dict[str, Callable[[Random, Random], Pixels]] = {
    "letter": letter,
    "page": page,
    "form": form,
    "qr": qr,
    "logo": logo,
    "screen": screen,
    "board": board,
    "sign": sign,
}
