"""PP-OCR: lines are read where they stand, however the page lies; steps with networks drawn."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.core.errors import EngineError, ModelUnavailable
from engines.core.shapes import Pixels
from engines.models import detection, weights
from engines.models.descriptions import Recognizer
from engines.models.lines import Corners, Line
from engines.models.ppocr import read
from engines.models.weights import Label, ModelFiles
from engines.vision.boxes import corners
from tests.engines.drawing import turned, written

TEXT = "Lanterns along\nthe harbour wall"


def printed(height: int, width: int) -> Pixels:
    """A page that is blank nowhere."""
    page = np.full((height, width, 3), 255, np.uint8)
    page[::16] = 0
    return page


PRINTED = printed(200, 400)
SHOWN = 32 / 21
"""How much larger the detector is shown that page."""
EDGE = 32
"""What it is shown around the page, px."""


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def unturned(corners: Corners, quarters: int, page: Pixels) -> Corners:
    """Where points of a page turned counter-clockwise lie on the page itself."""
    for done in range(quarters):
        width = page.shape[1] if (quarters - done) % 2 else page.shape[0]
        corners = np.stack([width - corners[:, 1], corners[:, 0]], axis=1)
    return corners


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_corners_start_at_the_texts_own_upper_left(quarters: int) -> None:
    page = written(TEXT)
    upright, aside = read(page), read(turned(page, quarters))
    assert texts(aside) == texts(upright) == TEXT.split("\n")
    for one, other in zip(upright, aside, strict=True):
        assert np.abs(unturned(other.corners, quarters, page) - one.corners).max() <= 5


@pytest.mark.parametrize("degrees", [6, -9])
def test_a_line_askew_has_corners_askew(degrees: float) -> None:
    page = written("Lanterns along", height=160)
    matrix = cv2.getRotationMatrix2D((230, 80), degrees, 1)
    askew = cv2.warpAffine(page, matrix, (460, 160), borderValue=(255, 255, 255))
    (level,), (line,) = read(page), read(np.asarray(askew, np.uint8))
    assert line.text == "Lanterns along"
    assert np.abs(cv2.transform(level.corners[None], matrix)[0] - line.corners).max() <= 6


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("against", [1, 2, 3])
def test_a_line_that_runs_against_its_page_is_read_however_the_page_lies(
    quarters: int, against: int
) -> None:
    page = written(TEXT, width=420, height=360)
    contrary = turned(written("Fresh oysters", width=230, height=80), against)
    height, width = contrary.shape[:2]
    page[120 : 120 + height, 150 : 150 + width] = contrary
    assert sorted(texts(read(turned(page, quarters)))) == sorted(
        [*TEXT.split("\n"), "Fresh oysters"]
    )


def test_a_line_beyond_the_longest_side_that_opencv_warps_is_read() -> None:
    page = np.full((33_000, 300, 3), 255, np.uint8)
    page[32_900:, :] = written("Lanterns", width=300, height=100)
    (line,) = read(page)
    assert line.text == "Lanterns"
    assert 32_920 < line.corners[0, 1] < line.corners[2, 1] < 32_970


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (60, 60)])
def test_pictures_without_text_have_no_lines(shape: tuple[int, int]) -> None:
    assert read(np.full((*shape, 3), 90, np.uint8)) == []


@pytest.mark.parametrize("name", ["text_detector", "text_recognizer"])
def test_a_model_that_is_absent_is_named(tmp_path: Path, name: str) -> None:
    weights.configure({name: ModelFiles(tmp_path / "absent.onnx")})
    try:
        with pytest.raises(ModelUnavailable, match=f"model '{name}' cannot be used"):
            read(written(TEXT))
    finally:
        weights.configure({})


Networks = Callable[..., list[tuple[int, ...]]]


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    """Let networks see lines where a test draws them, and read `a`; gives the sizes they saw."""

    def let(
        *boxes: tuple[int, int, int, int], seen: float = 1, read: float = 0.9, turned: float = 0
    ) -> list[tuple[int, ...]]:
        sizes: list[tuple[int, ...]] = []

        def detector(inputs: Pixels) -> NDArray[np.float32]:
            sizes.append(inputs.shape[1:3])
            found = np.zeros((1, 1, *inputs.shape[1:3]), np.float32)
            for left, top, right, bottom in boxes:
                found[0, 0, top:bottom, left:right] = seen
            return found

        def recognizer(inputs: Pixels) -> NDArray[np.float32]:
            return np.full((len(inputs), 1, 2), (0, read), np.float32)

        def angle(inputs: Pixels) -> NDArray[np.float32]:
            return np.array([[1 - turned, turned]], np.float32)

        stand_ins = {"text_detector": detector, "text_recognizer": recognizer}
        labels, described = (Label(""), Label("a")), Recognizer(range=(0, 255), height=48)
        monkeypatch.setattr(
            weights,
            "model",
            lambda name: SimpleNamespace(
                labels=labels, run=stand_ins.get(name, angle), description=described
            ),
        )
        return sizes

    return let


def test_a_line_reaches_beyond_its_image_by_area_and_perimeter(networks: Networks) -> None:
    """Differentiable binarization shrinks lines; by how much is in the paper's section 3.5."""
    networks((150, 150, 450, 210))
    (line,) = read(PRINTED)
    beyond = 1.6 * (300 * 60) / (2 * (300 + 60))
    shown = np.array([[150 - beyond, 150 - beyond], [450 + beyond, 210 + beyond]])
    expected = (shown - EDGE) / SHOWN
    assert np.abs(line.corners[[0, 2]] - expected).max() < 1.5


def test_a_large_page_is_not_enlarged_where_its_print_is_not_small(networks: Networks) -> None:
    sizes = networks((150, 150, 450, 210))
    assert len(read(printed(400, 800))) == 1
    assert sizes[1] == (13 * 32 + 2 * EDGE, 800 + 2 * EDGE)


def test_lines_are_read_from_top_to_bottom(networks: Networks) -> None:
    networks((90, 300, 390, 330), (90, 60, 390, 90), (90, 180, 390, 210))
    tops = [line.corners[0, 1] for line in read(PRINTED)]
    assert len(tops) == 3
    assert tops == sorted(tops)


@pytest.mark.parametrize(("seen", "count"), [(0.29, 0), (0.45, 0), (0.55, 1), (1, 1)])
def test_a_line_that_is_hardly_seen_is_none(networks: Networks, seen: float, count: int) -> None:
    networks((150, 150, 450, 210), seen=seen)
    assert len(read(PRINTED)) == count


@pytest.mark.parametrize(("height", "count"), [(1, 0), (2, 0), (4, 1)])
def test_a_line_as_thin_as_a_stroke_is_none(networks: Networks, height: int, count: int) -> None:
    networks((150, 150, 450, 150 + height))
    assert len(read(PRINTED)) == count


@pytest.mark.parametrize(("belief", "count"), [(0.45, 0), (0.55, 1)])
def test_what_is_hardly_read_is_no_line(networks: Networks, belief: float, count: int) -> None:
    networks((150, 150, 450, 210), read=belief)
    assert len(read(PRINTED)) == count


def test_more_lines_than_time_is_meant_for_are_refused(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "MOST_LINES", 2)
    networks((90, 300, 390, 330), (90, 60, 390, 90), (90, 180, 390, 210))
    with pytest.raises(EngineError, match="more than 2 lines of text"):
        read(PRINTED)


@pytest.mark.parametrize(("height", "looks"), [(4, [(672, 896), (1184, 1568)]), (40, [(672, 896)])])
def test_a_closer_look_is_taken_at_small_print(
    networks: Networks, height: int, looks: list[tuple[int, int]]
) -> None:
    sizes = networks((150, 150, 450, 150 + height))
    read(printed(1100, 1500))
    assert sizes[1:] == looks


@pytest.mark.parametrize(("reach", "looks"), [(1100, 1), (900, 2)])
def test_a_glance_is_enough_where_no_print_is_outside_its_lines(
    monkeypatch: pytest.MonkeyPatch, reach: int, looks: int
) -> None:
    scales: list[float] = []

    def look(page: Pixels, scale: float) -> list[Corners]:
        scales.append(scale)
        return [corners(0, 0, 1500, reach)]

    monkeypatch.setattr(detection, "look", look)
    detection.detect(printed(1100, 1500), lambda share: None)
    assert len(scales) == looks
    assert scales == sorted(scales)


@pytest.mark.parametrize(("height", "looks"), [(2, 1), (6, 2)])
def test_what_is_too_little_for_a_letter_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, height: int, looks: int
) -> None:
    seen: list[int] = []

    def look(page: Pixels, scale: float) -> list[Corners]:
        seen.append(page.size)
        return [corners(0, 0, page.shape[1], page.shape[0])]

    monkeypatch.setattr(detection, "look", look)
    page = np.full((1000, 1500, 3), 255, np.uint8)
    page[:200, :600] = printed(200, 600)
    page[800 : 800 + height, 1200] = 0
    detection.detect(page, lambda share: None)
    assert len(seen) == looks


def test_small_lines_of_a_glance_that_saw_all_are_looked_at_as_closely_as_they_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scales: list[float] = []

    def look(page: Pixels, scale: float) -> list[Corners]:
        scales.append(scale)
        return [corners(0, top, 1500, top + 50) for top in range(0, 1100, 45)]

    monkeypatch.setattr(detection, "look", look)
    detection.detect(printed(1100, 1500), lambda share: None)
    glance, closer = scales
    assert glance < closer == pytest.approx(detection.CLOSER_LINE / 50)


def test_what_only_the_rougher_look_saw_is_read_too(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks()
    looks = iter([[], [corners(300, 300, 600, 312)], []])
    monkeypatch.setattr(detection, "look", lambda page, scale: next(looks))
    assert len(read(printed(1100, 1500))) == 1


def test_a_page_read_as_well_either_way_stays_as_it_lies(networks: Networks) -> None:
    networks((150, 150, 450, 210), turned=0.8)
    (line,) = read(PRINTED)
    assert line.corners[0] == pytest.approx(line.corners.min(axis=0))
