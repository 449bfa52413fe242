"""Text detection: printed pages of known text, and a scanned one transcribed by eye."""

import shutil
import time

import numpy as np

from benchmarks.quality.pairs import photographs
from benchmarks.quality.prints import (
    FONTS,
    INSTALL,
    Score,
    Style,
    cropped,
    fonts_are_installed,
    printed,
    read,
    scored,
    spread,
    words_of,
)
from benchmarks.quality.row import Row
from engines.text_detection import Reader

SEED = 2026
KINDS = ("English", "French", "digits")
SIZES = (12, 16, 20, 26, 32, 40, 48, 60)
ANGLES = (-5, -3, -1, 0, 1, 3, 5)
QUARTERS = (1, 2, 3)
DIGITS = tuple("0123456789")
SHORT = ("WOW", "00", "III", "H", "NO", "SOS", "MOM", "69", "On", "OK", "EXIT", "808", "XIX")
"""Most of them could stand on their heads."""
COUNT = 200
SCAN = """Region-based segmentation
Let us first determine markers of the coins and the
background. These markers are pixels that we can label
unambiguously as either object or background. Here,
the markers are found at the two extreme parts of the
histogram of grey values:
>>> markers = np.zeros_like(coins)"""


def rows() -> list[Row]:
    """Lines in many faces, pages turned by quarters, a scan, and the time."""
    scan = _scan()
    if not fonts_are_installed():
        return [Row("print", INSTALL, "", False, 0, SEED), scan]
    return [
        *_print(),
        _short("digits with 2 to 5 px around", DIGITS, (2, 6)),
        _short("short upright words", SHORT, (10, 50)),
        _lone(),
        _wide(),
        _long(),
        _turned(Reader.PPOCR),
        _turned(Reader.TESSERACT),
        _beside(),
        scan,
        _time(),
    ]


def _print() -> list[Row]:
    """Every face with every kind of text, at sizes and angles in turn."""
    random = np.random.default_rng(SEED)
    scores = []
    for place, (font, kind) in enumerate((font, kind) for font in FONTS for kind in KINDS):
        style = Style(font, SIZES[place % len(SIZES)], ANGLES[place % len(ANGLES)])
        page = printed(words_of(kind, 40, random), style, random, (1000, 700))
        scores.append(scored(page, read(page.image)))
    words = sum(one.words for one in scores)
    accuracy = sum(one.right for one in scores) / words
    rate = _error_rate(scores)
    overlaps = np.array([one for score in scores for one in score.overlaps])
    tight = float(np.mean(overlaps >= 0.6))
    figure = f"{accuracy:.3f} of the words, CER {rate:.4f}"
    reached = accuracy >= 0.95 and rate <= 0.02
    boxes = f"{tight:.3f}, median IoU {np.median(overlaps):.2f}"
    return [
        Row("print", figure, ">= 0.95, CER <= 0.02", reached, words, SEED),
        Row("word boxes of IoU >= 0.6", boxes, ">= 0.95", tight >= 0.95, len(overlaps), SEED),
    ]


def _short(case: str, words: tuple[str, ...], margins: tuple[int, int]) -> Row:
    """Words alone on a small picture, in any face, size and colours."""
    random = np.random.default_rng(SEED)
    right = 0
    for place in range(COUNT):
        word, font = words[place % len(words)], FONTS[random.integers(len(FONTS))]
        letter_px, margin = int(random.integers(16, 60)), int(random.integers(*margins))
        page = cropped(word, font, letter_px, margin, random)
        right += read(page).text == f"{word}\n"
    share = right / COUNT
    return Row(case, f"{share:.3f}", ">= 0.95", share >= 0.95, COUNT, SEED)


def _lone() -> Row:
    """One line of small print somewhere on a blank page."""
    random = np.random.default_rng(SEED)
    right = words = 0
    for _ in range(COUNT // 4):
        text = words_of("English", 5, random)
        font = FONTS[random.integers(len(FONTS))]
        line = cropped(" ".join(text), font, int(random.integers(11, 19)), 4, random)
        page = np.full((1100, 1500, 3), line[0, 0], np.uint8)
        y, x = (int(random.integers(side)) for side in np.subtract(page.shape, line.shape)[:2])
        page[y : y + line.shape[0], x : x + line.shape[1]] = line
        found = read(page).text.split()
        right += sum(one in found for one in text)
        words += len(text)
    share = right / words
    return Row("lone lines of 11 to 18 px", f"{share:.3f}", ">= 0.98", share >= 0.98, words, SEED)


def _wide() -> Row:
    """Headings of two words with up to 1 em between their letters, above ordinary lines."""
    random = np.random.default_rng(SEED)
    right = 0
    for place in range(COUNT // 2):
        style = Style(FONTS[random.integers(len(FONTS))], int(random.integers(14, 40)))
        page = printed(words_of("English", 30, random), style, random, (1000, 400))
        heading = " ".join(words_of("English", 2, random)).strip(".,;")
        heading = heading.upper() if place % 2 else heading
        strip = spread(heading, style, float(random.uniform(0.3, 1)), random, 1000)
        right += read(np.vstack([strip, page.image])).lines[0].text == heading
    share, count = right / (COUNT // 2), COUNT // 2
    return Row(
        "headings set wide, 0.3 to 1 em", f"{share:.3f}", ">= 0.9", share >= 0.9, count, SEED
    )


def _long() -> Row:
    """Pages ten times as long as wide."""
    random = np.random.default_rng(SEED)
    scores = []
    for font in FONTS[:3]:
        style = Style(font, int(random.integers(16, 28)))
        page = printed(words_of("English", 400, random), style, random, (500, 5000))
        scores.append(scored(page, read(page.image)))
    words = sum(one.words for one in scores)
    share = sum(one.right for one in scores) / words
    return Row("pages of 500 x 5000 px", f"{share:.3f}", ">= 0.98", share >= 0.98, words, SEED)


def _turned(reader: Reader) -> Row:
    case = f"pages by 90, 180, 270 degrees, {reader}"
    if reader is Reader.TESSERACT and shutil.which("tesseract") is None:
        return Row(case, "not measured: apt-get install tesseract-ocr", "", False, 0, SEED)
    random = np.random.default_rng(SEED)
    scores = []
    for place, quarters in enumerate(QUARTERS * 2):
        style = Style(FONTS[place], (18, 24, 30)[place % 3])
        words = words_of(KINDS[place % 2], 80, random)
        page = printed(words, style, random, (1000, 1000))
        aside = np.ascontiguousarray(np.rot90(page.image, quarters))
        scores.append(scored(page, read(aside, reader)))
    rate = _error_rate(scores)
    return Row(case, f"CER {rate:.4f}", "<= 0.02", rate <= 0.02, len(scores), SEED)


def _beside() -> Row:
    """A label of three words, turned by 90, 180 or 270 degrees, beside upright lines."""
    random = np.random.default_rng(SEED)
    right, count = 0, COUNT // 2
    for place in range(count):
        style = Style(FONTS[random.integers(len(FONTS))], int(random.integers(14, 32)))
        page = printed(words_of("English", 20, random), style, random, (900, 420)).image
        text = " ".join(words_of("English", 3, random))
        level = cropped(text, style.font, int(random.integers(14, 32)), 12, random)
        label = np.rot90(level, QUARTERS[place % len(QUARTERS)])
        height, width = label.shape[:2]
        both = np.full((max(420, height + 40), 940 + width, 3), page[0, 0], np.uint8)
        both[:420, :900] = page
        both[20 : 20 + height, 900 : 900 + width] = label
        right += text in [line.text for line in read(both).lines]
    share = right / count
    return Row("turned labels beside lines", f"{share:.3f}", ">= 0.95", share >= 0.95, count, SEED)


def _scan() -> Row:
    found = read(photographs()["page"]).text.split()
    known = SCAN.split()
    right = sum(min(found.count(word), known.count(word)) for word in set(known))
    accuracy = right / len(known)
    figure = f"{accuracy:.3f} of the words"
    return Row("skimage.data.page", figure, ">= 0.85", accuracy >= 0.85, len(known), SEED)


def _time() -> Row:
    """CPU seconds of a page of 1 Mpx with 100 words; the median of five."""
    random = np.random.default_rng(SEED)
    page = printed(words_of("English", 100, random), Style(FONTS[0], 20), random, (1000, 1000))
    seconds = []
    for _ in range(5):
        start = time.process_time()
        read(page.image)
        seconds.append(time.process_time() - start)
    median = float(np.median(seconds))
    figure = f"{median:.2f} s of CPU"
    return Row("page of 1 Mpx, 100 words", figure, "<= 2.5 s", median <= 2.5, 5, SEED)


def _error_rate(scores: list[Score]) -> float:
    """Characters to change, of all."""
    return sum(one.changes for one in scores) / sum(one.characters for one in scores)
