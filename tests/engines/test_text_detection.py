"""Text detection reads print in any direction and tells where each word stands."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from engines.core.errors import BadParameter, EngineError, ModelUnavailable
from engines.core.shapes import Box, Pixels
from engines.models import ppocr, tesseract
from engines.models.lines import Line, Word
from engines.text_detection import Params, Reader, Result, draw, text_detection
from engines.vision.boxes import corners
from engines.vision.marking import FONT
from tests.engines.drawing import on_transparent, turned, written

TEXT = "The old keeper counts\n17 silver coins by\nthe window at 9:45"
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="the program tesseract is not installed"
)
READERS = [Reader.PPOCR, pytest.param(Reader.TESSERACT, marks=needs_tesseract)]


def read(image: Pixels, reader: Reader = Reader.PPOCR) -> Result:
    return text_detection(image, params=Params(reader=reader))


def boxes(result: Result) -> dict[str, Box]:
    return {word.text: word.box for line in result.lines for word in line.words}


def drawn_box(word: str, x: int, y: int, size: int = 26) -> Box:
    """Where a word's ink is when it is drawn at a place."""
    draw_on = ImageDraw.Draw(Image.new("1", (1, 1)))
    bounds = draw_on.textbbox((x, y), word, font=ImageFont.truetype(FONT, size))
    return Box(*(round(side) for side in bounds))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("level", [0, 255])
def test_print_on_a_transparent_ground_is_read_whatever_its_colour(
    reader: Reader, level: int
) -> None:
    assert read(on_transparent(written(TEXT), level), reader).text == TEXT + "\n"


def test_black_and_white_print_on_one_transparent_ground_is_read() -> None:
    words = [
        on_transparent(written(word, height=90), level)
        for word, level in (("Morning", 0), ("Evening", 255))
    ]
    assert read(np.vstack(words)).text == "Morning\nEvening\n"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_is_read_whichever_way_it_is_turned(reader: Reader, quarters: int) -> None:
    result = read(turned(written(TEXT), quarters), reader)
    assert result.text == TEXT + "\n"
    assert result.language == "en"
    expected = {0: 0, 1: 90, 2: 180, 3: -90}[quarters]
    assert all(abs((line.angle - expected + 180) % 360 - 180) < 2 for line in result.lines)


@pytest.mark.parametrize("reader", READERS)
def test_each_word_has_the_box_of_its_ink(reader: Reader) -> None:
    found = boxes(read(written(TEXT), reader))
    for side, drawn in zip(found["The"], drawn_box("The", 30, 30), strict=True):
        assert abs(side - drawn) <= 3


def test_boxes_of_a_turned_page_are_in_its_own_pixels() -> None:
    page = written(TEXT)
    upright, aside = (boxes(read(turned(page, quarters)))["keeper"] for quarters in (0, 1))
    width = page.shape[1]
    expected = (upright.top, width - upright.right, upright.bottom, width - upright.left)
    assert np.abs(np.subtract(aside, expected)).max() <= 4


def test_accents_and_the_languages_of_lines_are_told() -> None:
    result = read(written("MADE IN ITALY\nJUMBO LÈVRES MAT\nLE ROUGE CRAYON", letter_px=30))
    assert [line.text for line in result.lines][1] == "JUMBO LÈVRES MAT"
    assert [line.language for line in result.lines] == ["en", "fr", "fr"]
    assert result.language == "fr"


def test_a_line_that_does_not_tell_has_the_language_of_its_page() -> None:
    result = read(written("Le petit marché ouvre\nchaque matin à sept heures\n9:45"))
    assert [line.language for line in result.lines] == ["fr", "fr", "fr"]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the reader find words of a line as a test says: text, score, and the box of each."""

    def let(*words: tuple[str, float, tuple[float, float, float, float]], turns: int = 0) -> None:
        found = tuple(Word(text, score, corners(*box)) for text, score, box in words)
        points = np.concatenate([word.corners for word in found])
        around = corners(*points.min(axis=0), *points.max(axis=0))
        line = Line(found, np.roll(around, turns, axis=0))
        monkeypatch.setattr(ppocr, "read", lambda image: [line])

    return let


PAGE = np.full((100, 200, 3), 255, np.uint8)


def test_scores_are_those_of_the_reader_between_0_and_1(says: Callable[..., None]) -> None:
    says(("a", 0.7, (0, 0, 10, 9)), ("b", 1.2, (20, 0, 30, 9)), ("c", -0.1, (40, 0, 50, 9)))
    (line,) = read(PAGE).lines
    assert [word.score for word in line.words] == [0.7, 1, 0]


def test_boxes_are_cut_to_the_picture(says: Callable[..., None]) -> None:
    says(("a", 1, (-5, -3, 90.4, 20)), ("b", 1, (95.6, 80, 230, 120)))
    (line,) = read(PAGE).lines
    assert [word.box for word in line.words] == [Box(0, 0, 90, 20), Box(96, 80, 200, 100)]
    assert line.box == Box(0, 0, 200, 100)


@pytest.mark.parametrize(("turns", "angle"), [(0, 0), (1, 90), (2, 180), (3, -90)])
def test_the_angle_is_which_way_the_corners_say_the_text_runs(
    says: Callable[..., None], turns: int, angle: float
) -> None:
    says(("a", 1, (10, 10, 90, 30)), turns=turns)
    assert read(PAGE).lines[0].angle == angle


def test_a_square_is_no_text() -> None:
    drawn = np.zeros((64, 96, 3), np.uint8)
    drawn[50:61, 5:16] = (200, 10, 10)
    assert read(drawn).lines == []


def test_characters_that_are_shapes_are_text_beside_words_alone(says: Callable[..., None]) -> None:
    says(("●", 1, (0, 0, 10, 9)), ("■", 1, (20, 0, 30, 9)))
    assert read(PAGE).text == ""
    says(("□", 1, (0, 0, 10, 9)), ("Yes", 1, (20, 0, 50, 9)))
    assert read(PAGE).text == "□ Yes\n"


def test_a_single_word_is_one_word(says: Callable[..., None]) -> None:
    says(("a", 1, (10, 10, 90, 30)))
    result = read(PAGE)
    assert result.details.message == "Found 1 word"
    assert result.text == "a\n"


def test_the_drawing_writes_words_the_way_they_run(says: Callable[..., None]) -> None:
    says(("window", 1, (90, 5, 110, 95)), turns=1)
    shown = draw(PAGE, read(PAGE)).pixels
    dark = np.argwhere(shown[..., 2] < 100)
    height, width = np.ptp(dark, axis=0)
    assert height > 3 * width


@pytest.mark.parametrize("word", ["OK", "EXIT", "7", "1"])
def test_a_single_short_word_is_read(word: str) -> None:
    assert read(written(word, width=200, height=110)).text == f"{word}\n"


@pytest.mark.parametrize("word", ["WOW", "00", "H", "NO", "SOS", "69", "On"])
def test_a_short_word_that_could_stand_on_its_head_is_upright(word: str) -> None:
    (line,) = read(written(word, width=200, height=110)).lines
    assert line.text == word
    assert abs(line.angle) < 10


@pytest.mark.parametrize("digit", "0123456789")
@pytest.mark.parametrize("margin", [3, 5])
def test_a_digit_with_hardly_a_margin_is_read(digit: str, margin: int) -> None:
    left, top, right, bottom = drawn_box(digit, 30, 30)
    page = written(digit)
    assert read(page[top - margin : bottom + margin, left - margin : right + margin]).text == (
        f"{digit}\n"
    )


@pytest.mark.parametrize("letter_px", [13, 16])
@pytest.mark.parametrize("place", [(0, 0), (600, 800), (1000, 100)])
def test_a_lone_line_of_small_print_on_a_large_page_is_read(
    letter_px: int, place: tuple[int, int]
) -> None:
    page = np.full((1100, 1500, 3), 255, np.uint8)
    y, x = place
    page[y : y + 80, x : x + 400] = written("Lanterns by the old harbour", letter_px=letter_px)[
        :80, :400
    ]
    assert read(page).text == "Lanterns by the old harbour\n"


@pytest.mark.parametrize("height", [200, 240])
def test_a_line_on_its_head_beside_an_upright_one_is_read_whole(height: int) -> None:
    page = written("Horizontal text with 0 degrees", letter_px=20, height=height)
    page[height - 80 :] = turned(
        written("Rotated text with 180 degrees", letter_px=20, height=80), 2
    )
    lines = read(page).lines
    assert [line.text for line in lines] == [
        "Horizontal text with 0 degrees",
        "Rotated text with 180 degrees",
    ]
    assert [round(abs(line.angle), -1) for line in lines] == [0, 180]


def test_a_page_of_any_length_is_read_to_its_end() -> None:
    numbers = [f"Line number {number}" for number in range(100, 150)]
    page = np.vstack([written(text, letter_px=20, height=110)[:, :440] for text in numbers])
    assert read(page).text.splitlines() == numbers


def test_a_line_of_any_length_is_read_to_its_end() -> None:
    words = " ".join(f"word{number}" for number in range(100, 160))
    assert read(written(words, letter_px=24, width=7200, height=90)).text == words + "\n"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_single_word_is_read_sideways_and_upside_down(quarters: int) -> None:
    page = written("EXIT", letter_px=40, width=200, height=110)
    assert read(turned(page, quarters)).text == "EXIT\n"


def test_a_line_that_runs_against_the_page_is_read_too() -> None:
    page = written(TEXT, height=330)
    aside = written("Upside down line", width=420, height=80)
    page[240:320, 20:440] = turned(aside, 2)
    assert read(page).text == TEXT + "\nUpside down line\n"


def test_white_print_on_black_is_read() -> None:
    assert read(255 - written(TEXT)).text == TEXT + "\n"


@pytest.mark.parametrize("heading", ["Kitchen menu", "BELL RANG"])
@pytest.mark.parametrize("tracking", [0.5, 0.75, 1.0])
def test_letters_set_wide_apart_are_words(tracking: float, heading: str) -> None:
    page = Image.new("RGB", (1100, 200), "white")
    font = ImageFont.truetype(FONT, 36)
    x = 40.0
    for letter in heading:
        ImageDraw.Draw(page).text((x, 40), letter, font=font, fill="black")
        x += font.getlength(letter) + 36 * tracking
    ImageDraw.Draw(page).text((40, 120), "bread and soup", font=font, fill="black")
    result = read(np.array(page))
    assert result.text == f"{heading}\nbread and soup\n"
    first, second = heading.split()
    assert boxes(result)[second].left > boxes(result)[first].right + 36 * tracking


def test_words_of_one_letter_are_words() -> None:
    result = read(written("A B C D", letter_px=36))
    assert [word.text for word in result.lines[0].words] == list("ABCD")


def test_numbers_that_stand_apart_are_words_of_their_own() -> None:
    assert read(written("66 997 6627 88", letter_px=20)).text == "66 997 6627 88\n"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("shape", [(1, 1), (40, 60), (1, 700)])
def test_a_blank_picture_holds_no_text(reader: Reader, shape: tuple[int, int]) -> None:
    result = read(np.full((*shape, 3), 255, np.uint8), reader)
    assert (result.text, result.language, result.lines) == ("", "und", [])
    assert result.details.message == "Found 0 words"


def test_details_name_the_models() -> None:
    info = read(written("Hello")).details.info
    assert info.model == "PP-OCRv6 det small, PP-OCR mobile v2.0 cls, PP-OCRv6 rec small"
    assert (info.device, info.reader) == ("CPU", "ppocr")


def test_the_drawing_writes_each_word_into_its_box() -> None:
    page = written(TEXT)
    shown = draw(page, read(page)).pixels
    assert shown.shape == page.shape
    assert (shown[30:60, 30:80, 2] < 100).any()


@pytest.mark.parametrize("reader", ["ppocr", "PPOCR", "tesseract", "Tesseract"])
def test_a_reader_may_be_written_in_any_case(reader: str) -> None:
    assert Params.from_text({"reader": reader}).reader == reader.lower()


def test_an_unknown_reader_is_refused() -> None:
    with pytest.raises(BadParameter, match="expected 'ppocr' or 'tesseract'"):
        Params.from_text({"reader": "azure"})


@needs_tesseract
@pytest.mark.parametrize("degrees", [7, -12])
def test_tesseract_reads_a_tilted_page(degrees: float) -> None:
    page = Image.fromarray(written(TEXT, width=560, height=340)).rotate(
        degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white"
    )
    assert read(np.array(page), Reader.TESSERACT).text == TEXT + "\n"


@needs_tesseract
def test_tesseract_finds_nothing_on_a_thin_strip() -> None:
    assert read(np.full((1, 5000, 3), 255, np.uint8), Reader.TESSERACT).lines == []


@needs_tesseract
def test_tesseract_names_its_version_and_languages() -> None:
    assert read(written("Hello"), Reader.TESSERACT).details.info.model.startswith("Tesseract ")
    assert "osd" not in tesseract.languages()


def test_without_tesseract_the_message_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ModelUnavailable, match="apt-get install tesseract-ocr"):
        read(written("Hello"), Reader.TESSERACT)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_tesseract_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    code = f"""
from engines.models import ppocr, tesseract
from engines.models.lines import Line, Word
tesseract._program = lambda: {str(program)!r}
tesseract._run('--version')
"""
    reader = psutil.Popen([sys.executable, "-c", code])
    try:
        child = _child(reader)
    finally:
        reader.kill()
        reader.wait()
    assert child.wait(timeout=60) is None or not child.is_running()


def _child(process: psutil.Popen) -> psutil.Process:
    """The sleeping program that a process started, once it is there."""
    for _ in range(1200):
        asleep = [one for one in process.children(recursive=True) if one.name() == "sleep"]
        if asleep:
            return asleep[0]
        time.sleep(0.05)
    raise AssertionError("the program was not started within 60 s")


def test_a_program_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    monkeypatch.setattr(tesseract, "_program", lambda: str(program))
    monkeypatch.setattr(tesseract, "LONGEST_RUN_SECONDS", 0.2)
    with pytest.raises(EngineError, match=r"did not end within 0\.2 s"):
        tesseract._run("--version")
