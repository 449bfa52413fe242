"""Printed pages with a known text, and how much of it was read."""

import difflib
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engines.core.shapes import Box, Pixels
from engines.text_detection import Params, Reader, Result, text_detection
from engines.vision.boxes import corners, iou

FOLDER = Path("/usr/share/fonts/truetype")
FONTS = (
    "dejavu/DejaVuSans.ttf",
    "dejavu/DejaVuSans-Bold.ttf",
    "dejavu/DejaVuSerif.ttf",
    "dejavu/DejaVuSansMono.ttf",
    "dejavu/DejaVuSansCondensed.ttf",
    "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationSerif-Regular.ttf",
    "liberation/LiberationSerif-Italic.ttf",
    "liberation/LiberationMono-Regular.ttf",
    "freefont/FreeSerif.ttf",
)
INSTALL = "not measured: apt-get install fonts-dejavu fonts-liberation fonts-freefont-ttf"

ENGLISH = """When the ferry reached the island, a boy in a yellow coat was waiting on the pier with
two dogs and a basket of eggs. He had walked since dawn, he said, because his uncle never trusted
the post. Nobody asked what the parcel held; on that coast people learned early to keep questions
for the tavern. By noon the fog had lifted and the hills looked close enough to touch. A bell rang
twice from the chapel, gulls quarrelled over scraps behind the kitchen, and the captain studied a
chart older than his ship. Later, over soup and dark bread, they agreed to leave before the tide
turned, although the engine coughed and the barometer kept falling."""
FRENCH = """Quand le bateau arriva près de l'île, un garçon vêtu d'un manteau jaune attendait déjà
sur la jetée avec deux chiens et un panier d'œufs. Il avait marché depuis l'aube, disait-il, parce
que son oncle ne se fiait jamais à la poste. Personne ne demanda ce que contenait le paquet; sur
cette côte, on apprend tôt à garder ses questions pour la taverne. À midi, le brouillard s'était
levé et les collines semblaient toutes proches. La cloche de l'église sonna deux fois, des mouettes
se disputaient derrière la cuisine, et le capitaine étudiait une carte plus âgée que son navire."""


class Style(NamedTuple):
    """How a page is printed and spoilt."""

    font: str
    letter_px: int
    degrees: float = 0
    noise: float = 3
    jpeg_quality: int = 60


class Print(NamedTuple):
    """A page, its lines, and the box of each word's ink."""

    image: Pixels
    lines: list[str]
    boxes: list[tuple[str, Box]]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Score(NamedTuple):
    """Words read right, their boxes' overlaps, and characters to change, of how many."""

    words: int
    right: int
    overlaps: list[float]
    characters: int
    changes: int


def fonts_are_installed() -> bool:
    """Whether all faces that pages are printed in are there."""
    return all((FOLDER / name).is_file() for name in FONTS)


def words_of(kind: str, count: int, random: np.random.Generator) -> list[str]:
    """Consecutive words of an English or French text, or numbers."""
    if kind == "digits":
        return [_number(random) for _ in range(count)]
    source = (ENGLISH if kind == "English" else FRENCH).split()
    start = int(random.integers(len(source)))
    return [source[(start + place) % len(source)] for place in range(count)]


def printed(
    words: list[str], style: Style, random: np.random.Generator, size: tuple[int, int]
) -> Print:
    """A page of words, tilted about its middle, with noise, as JPEG."""
    width, height = size
    canvas = Image.new("RGB", size, (250, 248, 244))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.truetype(FOLDER / style.font, style.letter_px)
    margin = 40 + round(abs(np.sin(np.deg2rad(style.degrees))) * max(size) / 2)
    x, y = float(margin), float(margin)
    lines: list[list[str]] = [[]]
    boxes = []
    for word in words:
        if x + font.getlength(word) > width - margin and lines[-1]:
            x, y = float(margin), y + 1.5 * style.letter_px
            lines.append([])
        if y + 1.5 * style.letter_px > height - margin:
            break
        pen.text((x, y), word, font=font, fill=(25, 25, 32))
        boxes.append((word, pen.textbbox((x, y), word, font=font)))
        lines[-1].append(word)
        x += font.getlength(word + " ")
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), style.degrees, 1)
    return Print(
        _spoilt(np.array(canvas)[..., ::-1], turn, style, random),
        [" ".join(line) for line in lines if line],
        [(word, _moved(box, turn)) for word, box in boxes],
    )


def cropped(
    text: str, font: str, letter_px: int, margin: int, random: np.random.Generator
) -> Pixels:
    """A text with hardly more than its ink, dark on light or light on dark."""
    face = ImageFont.truetype(FOLDER / font, letter_px)
    left, top, right, bottom = (round(side) for side in face.getbbox(text))
    size = (right - left + 2 * margin, bottom - top + 2 * margin)
    ink, paper = random.integers(0, 110, 3).tolist(), random.integers(190, 256, 3).tolist()
    if random.random() < 0.3:
        ink, paper = paper, ink
    canvas = Image.new("RGB", size, tuple(paper))
    ImageDraw.Draw(canvas).text((margin - left, margin - top), text, font=face, fill=tuple(ink))
    return np.array(canvas)[..., ::-1].copy()


def spread(
    text: str, style: Style, tracking: float, random: np.random.Generator, width: int
) -> Pixels:
    """A line whose letters stand so much further apart than usual, in em; smaller if it must."""
    letter_px = min(style.letter_px, int(width / (len(text) + 2) / (0.8 + tracking)))
    face = ImageFont.truetype(FOLDER / style.font, letter_px)
    canvas = Image.new("RGB", (width, 3 * letter_px), (250, 248, 244))
    x = float(letter_px)
    for letter in text:
        ImageDraw.Draw(canvas).text((x, letter_px), letter, font=face, fill=(25, 25, 32))
        x += face.getlength(letter) + tracking * letter_px
    return _spoilt(np.array(canvas)[..., ::-1], np.eye(2, 3), style, random)


def scored(page: Print, result: Result) -> Score:
    """How much of a page was read, its words taken in order."""
    found = [word for line in result.lines for word in line.words]
    matcher = difflib.SequenceMatcher(
        None, [word for word, _ in page.boxes], [word.text for word in found], autojunk=False
    )
    pairs = [
        (page.boxes[block.a + place][1], found[block.b + place].box)
        for block in matcher.get_matching_blocks()
        for place in range(block.size)
    ]
    overlaps = [iou(drawn, box) for drawn, box in pairs]
    changes = _distance(page.text, result.text.rstrip("\n"))
    return Score(len(page.boxes), len(pairs), overlaps, len(page.text), changes)


def read(image: Pixels, reader: Reader = Reader.PPOCR) -> Result:
    """What a reader finds in a picture."""
    return text_detection(image, params=Params(reader=reader))


def _number(random: np.random.Generator) -> str:
    if random.random() < 0.5:
        return str(random.integers(10 ** int(random.integers(1, 7))))
    return f"{random.integers(1000)}.{random.integers(100):02d}"


def _spoilt(
    page: NDArray[np.uint8], turn: cv2.typing.MatLike, style: Style, random: np.random.Generator
) -> Pixels:
    size = (page.shape[1], page.shape[0])
    tilted = cv2.warpAffine(
        page, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    noisy = np.clip(tilted + random.normal(0, style.noise, page.shape), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, style.jpeg_quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _moved(box: tuple[float, float, float, float], turn: cv2.typing.MatLike) -> Box:
    moved = cv2.transform(corners(*box)[np.newaxis], turn)[0]
    return Box(*np.round([*moved.min(axis=0), *moved.max(axis=0)]).astype(int).tolist())


def _distance(one: str, other: str) -> int:
    """Levenshtein's."""
    row = np.arange(len(other) + 1)
    letters = np.array(list(other))
    for place, letter in enumerate(one, 1):
        changed = np.minimum(row[1:] + 1, row[:-1] + (letters != letter))
        changed = np.concatenate([[place], changed])
        steps = np.arange(len(changed))
        row = np.minimum.accumulate(changed - steps) + steps
    return int(row[-1])
