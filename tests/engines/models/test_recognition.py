"""Lines are read in the order they come in, whatever their widths; repeats are one character."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.core.errors import ModelUnavailable
from engines.core.shapes import Pixels
from engines.models import recognition, weights
from engines.models.descriptions import Recognizer
from engines.models.recognition import Text, fitted, texts
from engines.models.weights import Label, ModelFiles
from tests.engines.drawing import written
from tests.engines.models.networks import columns, placed

LINES = ["Harbour lights and lanterns", "OK", "Eleven boats", "17 coins"]


def line(text: str) -> Pixels:
    return written(text, width=60 + 16 * len(text), height=90)[24:68]


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the network say the same rows of beliefs about every line; gives what it was shown."""

    def let(rows: list[list[float]]) -> list[tuple[int, ...]]:
        shown: list[tuple[int, ...]] = []

        def run(inputs: Pixels) -> NDArray[np.float32]:
            shown.append(inputs.shape)
            return np.repeat(np.array([rows], np.float32), len(inputs), axis=0)

        labels = tuple(Label(one) for one in ("", "a", "b"))
        described = Recognizer(range=(0, 255), height=48)
        stand_in = SimpleNamespace(labels=labels, run=run, description=described)
        monkeypatch.setattr(weights, "model", lambda name: stand_in)
        return shown

    return let


def said(text: Text) -> str:
    return "".join(text.characters)


@pytest.mark.parametrize("batch_width", [1, recognition.BATCH_WIDTH])
def test_lines_of_any_widths_are_read_in_their_order(
    monkeypatch: pytest.MonkeyPatch, batch_width: int
) -> None:
    monkeypatch.setattr(recognition, "BATCH_WIDTH", batch_width)
    assert [said(one) for one in texts([line(text) for text in LINES])] == LINES


def test_what_a_line_says_does_not_depend_on_longer_ones_beside_it() -> None:
    lines = [line(text) for text in ("Short", "A line that is a good deal longer than that")]
    assert texts(lines) == [texts([one])[0] for one in lines]


def test_no_lines_say_nothing() -> None:
    assert texts([]) == []


def test_a_blank_line_says_nothing_and_is_sure_of_nothing() -> None:
    (text,) = texts([np.full((40, 200, 3), 255, np.uint8)])
    assert text == Text((), (), ())
    assert text.score == 0


def test_each_character_has_its_place_along_the_line() -> None:
    picture = line("HHHHH")
    (text,) = texts([picture])
    ink = np.flatnonzero((picture < 128).any(axis=(0, 2))) / picture.shape[1]
    letter = (ink[-1] - ink[0]) / 5
    middles = ink[0] + letter * (np.arange(5) + 0.5)
    assert np.abs(np.array(text.places) - middles).max() < letter / 2


def test_places_are_those_in_the_line_not_in_the_wider_one_read_with_it() -> None:
    alone, beside = texts([line("OK")])[0], texts([line("OK"), line("Eleven boats")])[0]
    assert beside.places == pytest.approx(alone.places, abs=0.05)


NONE, A, B = [0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.1, 0.2, 0.7]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [([A, A, B], "ab"), ([A, NONE, A], "aa"), ([NONE, NONE], ""), ([NONE, B, B, NONE, A], "ba")],
)
def test_repeats_are_one_character_unless_nothing_is_between(
    hears: Any, rows: list[list[float]], expected: str
) -> None:
    hears(rows)
    assert said(texts([np.zeros((48, 96, 3), np.uint8)])[0]) == expected


def test_a_repeated_character_is_as_sure_as_it_ever_was_and_stands_in_its_middle(
    hears: Any,
) -> None:
    hears([NONE, [0.1, 0.6, 0.3], A, [0.3, 0.7, 0.0]])
    (text,) = texts([np.zeros((48, 192, 3), np.uint8)])
    assert text.scores == pytest.approx([0.8])
    assert text.places == pytest.approx([2.5 / 4])


def test_a_text_is_as_sure_as_its_characters_on_average() -> None:
    assert Text(("a", "b"), (0.2, 0.6), (0.5, 0.9)).score == pytest.approx(0.7)


@pytest.mark.parametrize(("shape", "width"), [((48, 300), 300), ((24, 100), 200), ((48, 4), 160)])
def test_lines_are_shown_48_px_high_and_not_too_short(
    hears: Any, shape: tuple[int, int], width: int
) -> None:
    shown = hears([NONE])
    texts([np.zeros((*shape, 3), np.uint8)])
    assert shown == [(1, 48, width, 3)]


def test_no_more_lines_are_read_at_once_than_memory_is_meant_for(hears: Any) -> None:
    shown = hears([NONE])
    texts([np.zeros((48, 900, 3), np.uint8)] * 5)
    assert [shape[0] for shape in shown] == [2, 2, 1]


def test_a_short_line_is_followed_by_grey_and_a_long_one_squeezed() -> None:
    white = np.full((24, 50, 3), 255, np.uint8)
    assert (fitted(white, 100, (130, 48))[:, :100] == 255).all()
    assert (fitted(white, 100, (130, 48))[:, 100:] == 128).all()
    assert (fitted(white, 60, (60, 48)) == 255).all()


def bars(apart: int) -> Pixels:
    """Upright strokes at a distance, on a line as high as it is shown."""
    picture = np.full((48, 480, 3), 255, np.uint8)
    picture[8:40].reshape(32, 480, 3)[:, np.arange(480) % apart < 3] = 0
    return picture


@pytest.mark.parametrize(("apart", "width"), [(7, 480), (9, 480), (12, 360), (30, 288)])
def test_a_line_is_squeezed_as_its_strokes_allow(hears: Any, apart: int, width: int) -> None:
    shown = hears([A])
    texts([bars(apart)])
    assert shown == [(1, 48, width, 3)]


@pytest.mark.parametrize("rows", [[NONE], [[0.4, 0.6, 0.0]], [A, B] * 13])
def test_a_squeezed_line_in_doubt_is_read_again_as_it_is(
    hears: Any, rows: list[list[float]]
) -> None:
    shown = hears(rows)
    texts([bars(30)])
    assert [shape[2] for shape in shown] == [288, 480]


def test_a_line_is_not_squeezed_below_the_width_that_is_shown_anyway(hears: Any) -> None:
    shown = hears([A])
    texts([bars(30)[:, :200]])
    assert shown == [(1, 48, 160, 3)]


def test_a_line_too_long_for_the_network_is_cut_between_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recognition, "LONGEST", 300)
    picture = line(LINES[0])
    (text,) = texts([picture])
    assert said(text) == LINES[0]
    assert text.places == tuple(sorted(text.places))
    assert np.abs(np.subtract(text.places[-1], _last_ink(picture))) < 0.04


def _last_ink(picture: Pixels) -> float:
    return float(np.flatnonzero((picture < 128).any(axis=(0, 2)))[-1] / picture.shape[1])


@pytest.fixture
def brought(tmp_path: Path) -> Iterator[Any]:
    """Bring a recogniser of one's own, for which blue is nothing, green an a and red a b."""

    def bring(description: str, takes: Sequence[int | str], labels: str = "a\nb\n") -> None:
        file = placed(tmp_path, columns(takes), f"colour = 'BGR'\nrange = [0, 1]\n{description}")
        (tmp_path / "labels.txt").write_text(labels)
        own = ModelFiles(file, tmp_path / "labels.txt")
        weights.configure({"text_recognizer": own})

    yield bring
    weights.configure({})


def painted(letters: str, width: int = 20, height: int = 48) -> Pixels:
    """A line of columns of colour: `-` is blue, a green, b red."""
    colours = [np.eye(3, dtype=np.uint8)["-ab".index(letter)] * 255 for letter in letters]
    return np.repeat(np.repeat([colours], width, axis=1), height, axis=0).astype(np.uint8)


def test_a_recogniser_of_one_line_at_a_time_reads_many(brought: Any) -> None:
    brought("space = false", (1, 3, 48, "W"))
    lines = [painted("-a-b-bb-"), painted("b-"), painted("-aa-a-")]
    assert [said(one) for one in texts(lines)] == ["abb", "b", "aa"]


def test_a_recogniser_of_one_width_reads_longer_lines_in_pieces(brought: Any) -> None:
    brought("space = false", (1, 3, 48, 80))
    (text,) = texts([painted("-a-b" * 40, width=1)])  # Squeezed, its columns would run together.
    assert said(text).replace(" ", "") == "ab" * 40


def test_lines_are_as_high_as_the_file_or_its_description_says(brought: Any) -> None:
    for description, takes in (("", ("N", 3, 32, "W")), ("height = 32", ("N", 3, "H", "W"))):
        brought(f"space = false\n{description}", takes)
        (text,) = texts([painted("-a-b-")])
        assert said(text) == "ab"
        assert text.places == pytest.approx((0.3, 0.7), abs=0.02)


def test_the_last_class_may_be_the_blank_and_none_the_space(brought: Any) -> None:
    brought("space = false\nblank = 'last'", ("N", 3, 48, "W"))
    assert (
        said(texts([painted("-bab-")])[0]) == "aba"
    )  # Of -, a, b: blue is a, green b, red nothing.


def test_the_space_is_the_class_after_the_characters(brought: Any) -> None:
    brought("", ("N", 3, 48, "W"), "a\n")
    assert said(texts([painted("-a-b-a-")])[0]) == "a a"


def test_logits_of_a_recogniser_become_shares(brought: Any) -> None:
    brought("space = false\nscores = 'logits'\nmean = [0.5]\nstd = [0.25]", (1, 3, 48, "W"))
    (text,) = texts([painted("-a-")])
    assert text.scores == pytest.approx([np.exp(2) / (np.exp(2) + 2 * np.exp(-2))], abs=1e-4)


def test_an_alphabet_of_another_length_is_refused(brought: Any) -> None:
    brought("", (1, 3, 48, "W"))
    with pytest.raises(
        ModelUnavailable, match=r"its output is \[1, \*, 3\]; expected \[\*, \*, 4\]"
    ):
        weights.model("text_recognizer")
