"""Edges: where lines lie, how thick they are, and what the parameters do."""

import io
import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.core.errors import BadParameter
from engines.core.pixels import Mode, decode
from engines.core.shapes import Mask, Pixels
from engines.edges import Params, edges
from tests.pictures import encoded


@pytest.fixture
def square() -> Pixels:
    """A bright square from 30 to 70 on a dark ground."""
    image = np.zeros((100, 100), np.uint8)
    image[30:70, 30:70] = 200
    return image


def found(image: Pixels, **params: float) -> Mask:
    mask: Mask = edges(image, params=Params.model_validate(params)).edges.pixels
    return mask


def test_a_square_has_its_outline_as_edges(square: Pixels) -> None:
    mask = found(square)
    y, x = np.nonzero(mask)
    to_outline = np.abs(np.maximum(np.abs(x - 49.5), np.abs(y - 49.5)) - 20)
    assert 150 <= mask.sum() <= 164
    assert to_outline.max() <= 1.5


@pytest.mark.parametrize("level", [0, 255])
def test_what_is_visible_on_a_transparent_ground_has_its_outline(level: int) -> None:
    picture = np.zeros((100, 100, 2), np.uint8)
    picture[30:70, 30:70] = level, 255
    mask = found(decode(encoded("PNG", picture), Mode.GREY))
    assert 150 <= mask.sum() <= 164


@pytest.mark.parametrize(("threshold", "said"), [(79, "Edges found."), (80, "No edges found.")])
def test_the_message_tells_whether_a_step_of_20_levels_is_an_edge(
    threshold: float, said: str
) -> None:
    step = np.repeat(np.array([[90, 110]], np.uint8), 20, axis=1).repeat(30, axis=0)
    params = Params(threshold_min=threshold, threshold_max=threshold)
    assert edges(step, params=params).details.message == said


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (40, 60)])
def test_a_flat_picture_has_no_edges(shape: tuple[int, int]) -> None:
    result = edges(np.full(shape, 90, np.uint8), params=Params(edge_thickness=9))
    assert result.details.message == "No edges found."
    assert result.edges.pixels.shape == shape
    assert not result.edges.pixels.any()


@pytest.mark.parametrize("thickness", [1, 2, 3, 4, 7, 20, 50])
def test_lines_are_as_thick_as_asked(thickness: int) -> None:
    image = np.zeros((200, 200), np.uint8)
    image[:, 100:] = 200
    assert (found(image, edge_thickness=thickness).sum(axis=1) == thickness).all()


def test_thick_lines_hold_the_thin_ones(photograph: Pixels) -> None:
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    masks = [found(grey, edge_thickness=thickness) for thickness in (1, 2, 3, 5, 9)]
    for thin, thick in itertools.pairwise(masks):
        assert not (thin & ~thick).any()
        assert thick.sum() > thin.sum()


def test_thresholds_may_come_in_either_order(photograph: Pixels) -> None:
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    one = found(grey, threshold_min=50, threshold_max=150)
    other = found(grey, threshold_min=150, threshold_max=50)
    assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ["threshold_min", "threshold_max"])
def test_higher_thresholds_leave_fewer_edges(photograph: Pixels, name: str) -> None:
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    bounds = {"threshold_min": 0, "threshold_max": 500}
    counts = [found(grey, **{**bounds, name: value}).sum() for value in (0, 100, 250, 500)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_step_counts_four_times_its_grey_levels() -> None:
    image = np.zeros((20, 20), np.uint8)
    image[:, 10:] = 30
    assert found(image, threshold_min=119, threshold_max=119).any()
    assert not found(image, threshold_min=120, threshold_max=120).any()


def test_a_diagonal_step_counts_across_and_down() -> None:
    y, x = np.mgrid[:40, :40]
    step = np.where(x + y > 40, 120, 100).astype(np.uint8)
    assert found(step, threshold_min=119, threshold_max=119).any()
    assert not found(step, threshold_min=120, threshold_max=120).any()


def test_thick_lines_are_round_at_corners(square: Pixels) -> None:
    mask = found(square, edge_thickness=21)
    assert mask[21, 50]
    assert mask[50, 21]
    assert not mask[21, 21]


def test_weak_edges_count_only_where_they_touch_strong_ones() -> None:
    image = np.zeros((40, 60), np.uint8)
    image[:20, 20:] = 80  # strong above, weak below
    image[20:, 20:] = 30
    assert found(image, threshold_min=60, threshold_max=200)[30:].any()
    image[:20] = 0
    assert not found(image, threshold_min=130, threshold_max=200).any()


def test_the_picture_is_a_png_of_one_bit(square: Pixels) -> None:
    picture = edges(square[:, :97], params=Params(edge_thickness=3)).edges
    data = picture.encoded()
    assert Image.open(io.BytesIO(data)).mode == "1"
    assert np.array_equal(decode(data, Mode.MASK), picture.pixels)


def test_a_view_with_strides_is_taken_and_left_alone(square: Pixels) -> None:
    view = np.dstack([square] * 3)[::-1, ::2, 1]
    view.flags.writeable = False
    assert np.array_equal(found(view), found(np.ascontiguousarray(view)))


@pytest.mark.parametrize("value", ["50", "50.0", "+50"])
def test_thresholds_are_read_from_text(value: str) -> None:
    assert Params.from_text({"threshold_min": value}) == Params(threshold_min=50)


@pytest.mark.parametrize(
    "fields",
    [
        {"threshold_min": "-1"},
        {"threshold_max": "501"},
        {"threshold_max": "NaN"},
        {"edge_thickness": "0"},
        {"edge_thickness": "51"},
        {"edge_thickness": "1.5"},
        {"edge_thickness": "1_0"},
    ],
)
def test_values_out_of_range_are_refused_by_name(fields: dict[str, str]) -> None:
    with pytest.raises(BadParameter, match="expected"):
        Params.from_text(fields)
