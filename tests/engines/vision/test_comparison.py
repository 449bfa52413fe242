"""Comparison: light, noise and shifts leave no mark; what is added leaves one, and only there."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data

from engines.vision.comparison import (
    Flags,
    Layers,
    Strictness,
    differing,
    differing_exactly,
)

STRICTNESS = Strictness(
    levels=24,
    blur=0.8,
    finest=4,
    smallest=0,
    gap=3,
    tolerance=1,
    is_resampled=False,
    is_by_hue=False,
)


@pytest.fixture(scope="module")
def photograph() -> Layers:
    image = skimage.data.astronaut()[100:300:1, 100:350, ::-1]  # type: ignore[no-untyped-call]
    return np.asarray(image, np.float32)


def mark(first: Layers, second: Layers) -> Flags:
    return differing(first, second, np.ones(first.shape[:2], np.bool_), STRICTNESS).marked


def test_equal_pictures_are_left_unmarked(photograph: Layers) -> None:
    assert not mark(photograph, photograph).any()


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.25])
def test_exposure_leaves_no_mark(photograph: Layers, gain: float) -> None:
    assert not mark(photograph, np.clip(photograph * gain, 0, 255)).any()


@pytest.mark.parametrize("axis", [0, 1])
def test_light_that_falls_off_leaves_no_mark(photograph: Layers, axis: int) -> None:
    slope = np.linspace(0.3, 1, photograph.shape[axis], dtype=np.float32)
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
    assert not mark(photograph, photograph * slope.reshape(shape)).any()


def test_haze_leaves_no_mark(photograph: Layers) -> None:
    assert not mark(photograph, 0.7 * photograph + 60).any()


def test_shadows_and_lights_that_one_picture_lost_leave_no_mark(photograph: Layers) -> None:
    for lost in (np.clip(photograph - 60, 0, 255), np.clip(photograph + 60, 0, 255)):
        assert not mark(lost, photograph).any()


def test_a_shift_by_a_pixel_leaves_no_mark(photograph: Layers) -> None:
    assert not mark(photograph[:, 1:], photograph[:, :-1]).any()


def test_noise_leaves_no_mark(photograph: Layers) -> None:
    noise = np.random.default_rng(2026).normal(0, 6, photograph.shape)
    assert not mark(photograph, (photograph + noise).astype(np.float32)).any()


def test_a_new_part_is_marked_and_nothing_else(photograph: Layers) -> None:
    second = photograph * 0.8
    second[50:80, 60:100] = (200, 30, 120)
    marked = mark(photograph, second)
    assert marked[52:78, 62:98].mean() > 0.95
    marked[47:83, 57:103] = False
    assert not marked.any()


def ragged(tolerance: int, *, has_hole: bool = False) -> Flags:
    """A band with a straight edge against one whose edge steps out by 3 px every 24."""
    first = np.full((160, 200, 3), 240, np.float32)
    first[60:71] = 10
    second = first.copy()
    for left in range(10, 200, 24):
        second[57:60, left : left + 10] = 10
    if has_hole:
        second[63:66, 120:123] = 240
    strict = replace(STRICTNESS, tolerance=tolerance)
    return differing(first, second, np.ones((160, 200), np.bool_), strict).marked


def test_an_edge_within_the_tolerance_leaves_no_mark() -> None:
    assert ragged(2)[57:60].any()
    assert not ragged(3).any()


def test_a_hole_of_3_px_is_marked_whatever_the_tolerance() -> None:
    marked = ragged(4, has_hole=True)
    assert marked[64, 121]
    assert not marked[:, :110].any()


def bars(gap_levels: float) -> Flags:
    """Dark bars 2 px apart, three of whose gaps are so light on the other picture; marked ones."""
    first = np.full((100, 120, 3), 240, np.float32)
    for left in range(20, 100, 8):
        first[20:80, left : left + 6] = 10
    second = first.copy()
    for left in (50, 58, 66):
        second[35:60, left : left + 2] = gap_levels
    strict = replace(STRICTNESS, tolerance=3)
    return differing(first, second, np.ones((100, 120), np.bool_), strict).marked


def test_gaps_that_ragged_edges_all_but_close_leave_no_mark() -> None:
    assert not bars(150).any()
    assert bars(10)[37:58, 50:68].any()


def test_a_line_of_one_pixel_is_marked_on_a_clean_page() -> None:
    first = np.full((100, 100, 3), 240, np.float32)
    second = first.copy()
    cv2.line(second, (20, 50), (80, 50), (0, 0, 0), 1)
    assert mark(first, second)[50, 20:81].all()


def test_a_dark_part_that_one_picture_shows_black_leaves_no_mark(photograph: Layers) -> None:
    second = 60 + 0.6 * photograph
    second[60:120, 60:160] = 10
    assert not mark(np.clip(second - 60, 0, 255), second).any()


def page(*parts: tuple[int, int, float]) -> Layers:
    """Grey but for parts 40 px high: left, right, and by how much lighter."""
    image = np.full((100, 200, 3), 120, np.float32)
    for left, right, levels in parts:
        image[30:70, left:right] += levels
    return image


def test_a_weak_part_is_marked_only_where_it_touches_a_strong_one() -> None:
    # So narrow, it is no even area.
    alone = mark(page(), page((52, 60, 18)))
    touching = mark(page(), page((52, 60, 18), (60, 100, 60)))
    assert not alone.any()
    assert touching[34:66, 54:98].all()


def test_a_weak_part_of_an_even_page_is_marked() -> None:
    marked = mark(page(), page((20, 60, 12)))
    assert marked[32:68, 22:58].all()
    assert not marked[:26].any()


def test_a_line_is_marked_whichever_picture_has_it() -> None:
    line = page((50, 51, 90))
    for marked in (mark(page(), line), mark(line, page())):
        assert marked[32:68, 50].all()
        assert not marked[:, 60:].any()


@pytest.mark.parametrize("colour", [(232, 101, 120), (120, 101, 163)], ids=["bluer", "redder"])
def test_another_colour_of_the_same_brightness_is_marked(colour: tuple[int, int, int]) -> None:
    second = page()
    second[30:70, 40:90] = colour
    assert mark(page(), second)[32:68, 42:88].all()


def test_most_of_the_picture_in_another_colour_is_no_other_light() -> None:
    second = page()
    second[:, :120, 0] = 240
    marked = mark(page(), second)
    assert marked[:, :118].all()
    assert not marked[:, 122:].any()


def test_parts_nearer_than_the_gap_are_one_and_others_two() -> None:
    near, far = (mark(page(), page((20, 40, 90), (40 + gap, 80, 90))) for gap in (5, 12))
    assert near[35:65, 20:80].all()
    assert not far[:, 45:48].any()


@pytest.mark.parametrize(("smallest", "is_marked"), [(20, True), (60, False)])
def test_what_is_smaller_than_the_smallest_is_left_out(smallest: float, is_marked: bool) -> None:
    strict = replace(STRICTNESS, smallest=smallest)
    valid = np.ones((100, 200), np.bool_)
    assert differing(page(), page((50, 90, 90)), valid, strict).marked.any() == is_marked


def test_a_strong_dot_of_2_px_is_marked_and_a_weak_one_is_not() -> None:
    strong, weak = page(), page()
    strong[50:52, 60:62], weak[50:52, 60:62] = 255, 165
    assert mark(page(), strong)[50:52, 60:62].all()
    assert not mark(page(), weak).any()


@pytest.mark.parametrize("side", [5, 9])
def test_the_mark_of_a_blurred_spot_is_as_large_as_the_spot(side: int) -> None:
    sharp = page()
    sharp[50 : 50 + side, 80 : 80 + side] = 255
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1), np.float32)
    y, x = np.nonzero(mark(page(), blurred))
    assert (np.ptp(y) + 1, np.ptp(x) + 1) == pytest.approx((side, side), abs=2)


def test_what_resampling_takes_from_fine_print_is_no_difference() -> None:
    printed = np.full((120, 300, 3), 240, np.float32)
    cv2.putText(printed, "meter Ellipse", (20, 60), 0, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    softer = np.asarray(cv2.GaussianBlur(printed, (0, 0), 0.5), np.float32)
    valid = np.ones(printed.shape[:2], np.bool_)
    strict = replace(STRICTNESS, levels=10)
    assert differing(printed, softer, valid, strict).marked.any()
    resampled = replace(strict, is_resampled=True)
    assert not differing(printed, softer, valid, resampled).marked.any()


def test_what_is_not_valid_is_unmarked_between_marked_parts() -> None:
    valid = np.ones((100, 200), np.bool_)
    valid[:, 60:63] = False
    marked, _ = differing(page(), page((20, 100, 90)), valid, STRICTNESS)
    assert marked[32:68, 22:60].all()
    assert marked[32:68, 63:98].all()
    assert not marked[:, 60:63].any()


def test_in_exact_register_the_mark_is_as_sharp_as_the_dot() -> None:
    plain = page().astype(np.uint8)
    dotted = plain.copy()
    dotted[50:52, 60:62] = 0
    everywhere = np.ones(dotted.shape[:2], np.bool_)
    marked, _ = differing_exactly(plain, dotted, everywhere, STRICTNESS)
    assert np.argwhere(marked).tolist() == [[50, 60], [50, 61], [51, 60], [51, 61]]


@pytest.mark.parametrize(
    ("hue", "saturation", "is_marked"), [(0, 255, False), (90, 255, True), (0, 0, True)]
)
def test_by_hue_a_dark_part_differs_by_hue_or_saturation_alone(
    hue: int, saturation: int, is_marked: bool
) -> None:
    strict = replace(STRICTNESS, is_by_hue=True)
    hsv = np.full((100, 200, 3), (0, 255, 12), np.uint8)
    first = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32)
    hsv[30:70, 50:90, :2] = (hue, saturation)
    second = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32)
    valid = np.ones((100, 200), np.bool_)
    assert differing(first, second, valid, strict).marked[32:68, 52:88].all() == is_marked


def test_by_hue_the_faintest_noise_in_the_dark_is_no_difference() -> None:
    noise = np.random.default_rng(7).integers(0, 3, (2, 25, 50, 3)).astype(np.float32)
    first, second = (cv2.resize(one, (200, 100)) for one in noise)
    strict = replace(STRICTNESS, is_by_hue=True)
    valid = np.ones((100, 200), np.bool_)
    assert not differing(first, second, valid, strict).marked.any()


def test_nothing_is_marked_outside_what_is_valid(photograph: Layers) -> None:
    valid = np.zeros(photograph.shape[:2], np.bool_)
    valid[:, :80] = True
    second = photograph.copy()
    second[50:80, 60:100] = 0
    assert not (differing(photograph, second, valid, STRICTNESS).marked & ~valid).any()


def test_nothing_valid_is_nothing_marked(photograph: Layers) -> None:
    none = np.zeros(photograph.shape[:2], np.bool_)
    assert not differing(photograph, 255 - photograph, none, STRICTNESS).marked.any()
