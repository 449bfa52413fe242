"""Overlay: what lies where is known, for the second picture is the first, cut, moved or resized."""

import cv2
import numpy as np
import pytest

from engines.core.errors import NotAlignable
from engines.core.shapes import Pixels
from engines.vision.homography import Matrix, stretch, transform
from engines.vision.overlay import SEAM_PX, Overlay, align, overlay, without_rim
from engines.vision.scaling import size_of
from tests.engines import drawing


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return drawing.photograph("astronaut.png")[:400]


@pytest.fixture(scope="module")
def twice(photograph: Pixels) -> Pixels:
    """Of twice the size, each pixel four times."""
    return np.repeat(np.repeat(photograph, 2, axis=0), 2, axis=1)


def flat(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 90, np.uint8)


def shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def apart(laid: Overlay) -> float:
    """Most grey levels between the two where both are."""
    return float(cv2.absdiff(laid.first, laid.second)[laid.common].max())


def test_a_cut_picture_is_aligned_by_what_was_cut_off(photograph: Pixels) -> None:
    matrix = align(photograph, photograph[20:, 30:], resolution=512, is_wanted=True)
    assert np.allclose(matrix, shift(-30, -20), atol=0.1)


def test_unwanted_alignment_stretches_the_one_to_the_other(photograph: Pixels) -> None:
    matrix = align(photograph, photograph[:100, :128], resolution=512, is_wanted=False)
    assert np.array_equal(matrix, stretch((512, 400), (128, 100)))


def test_pictures_of_which_one_is_flat_lie_as_they_are(photograph: Pixels) -> None:
    matrix = align(photograph, flat(200, 256), resolution=512, is_wanted=True)
    assert np.array_equal(matrix, stretch((512, 400), (256, 200)))


@pytest.mark.parametrize("other", [flat(400, 400), drawing.photograph("chelsea.png")[:200, :256]])
def test_another_form_or_another_subject_is_refused(photograph: Pixels, other: Pixels) -> None:
    with pytest.raises(NotAlignable):
        align(photograph, other, resolution=512, is_wanted=True)


def written(*words: str) -> Pixels:
    sheet = np.full((380, 440, 3), (60, 150, 90), np.uint8)
    for place, word in enumerate(words):
        origin = (30 + 170 * (place % 2), 100 + 200 * (place // 2))
        cv2.putText(sheet, word, origin, 0, 1.2, (240, 240, 240), 2, cv2.LINE_AA)
    return sheet


def test_drawings_of_which_a_third_is_left_lie_as_they_are_if_no_fit_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotAlignable("No common part.")

    monkeypatch.setattr("engines.vision.overlay.register", refuse)
    first = written("kept", "mark", "Quand", "other")
    kept, unrelated = written("kept", "never", "beau", "ici"), written("never", "ici")
    matrix = align(first, kept, resolution=512, is_wanted=True)
    assert np.array_equal(matrix, np.eye(3))
    with pytest.raises(NotAlignable):
        align(first, unrelated, resolution=512, is_wanted=True)


def test_a_picture_on_itself_is_the_same_everywhere(photograph: Pixels) -> None:
    laid = overlay(photograph, photograph, np.eye(3), 512)
    assert np.array_equal(laid.first, photograph)
    assert laid.common.all()
    assert apart(laid) == 0


@pytest.mark.parametrize("resolution", [300, 64])
def test_the_longer_side_is_what_is_asked_for(photograph: Pixels, resolution: int) -> None:
    laid = overlay(photograph, 255 - photograph, np.eye(3), resolution)
    assert max(laid.common.shape) == resolution
    assert transform(np.array([[511.5, 399.5]]), laid.scale)[0] == pytest.approx(
        [laid.common.shape[1] - 0.5, laid.common.shape[0] - 0.5]
    )


def test_the_common_part_is_what_both_show_without_its_seam(photograph: Pixels) -> None:
    laid = overlay(photograph, photograph[20:, 30:], shift(-30, -20), 512)
    y, x = np.nonzero(laid.common)
    assert (x.min(), y.min()) == (30 + SEAM_PX, 20 + SEAM_PX)
    assert (x.max(), y.max()) == (511 - SEAM_PX, 399 - SEAM_PX)
    assert apart(laid) < 1


@pytest.mark.parametrize("is_moved", [False, True])
def test_the_coarser_picture_says_how_fine_both_are(
    photograph: Pixels, twice: Pixels, is_moved: bool
) -> None:
    left, top = (60, 40) if is_moved else (0, 0)
    coarse = photograph[top // 2 :, left // 2 :]
    matrix = shift(-left / 2, -top / 2) @ stretch((1024, 800), (512, 400))
    laid = overlay(twice, coarse, matrix, 900)
    assert size_of(laid.first) == size_of(laid.second) == (512, 400)
    assert apart(laid) < 1


@pytest.mark.parametrize("is_moved", [False, True])
def test_the_finer_second_picture_is_made_smaller_without_skipping(
    photograph: Pixels, twice: Pixels, is_moved: bool
) -> None:
    chequered = twice.copy()
    chequered[::2, ::2], chequered[1::2, 1::2] = 0, 255
    left, top = (60, 40) if is_moved else (0, 0)
    matrix = shift(-left, -top) @ stretch((512, 400), (1024, 800))
    laid = overlay(photograph, chequered[top:, left:], matrix, 900)
    mean = (255 + 2 * photograph.astype(float)) / 4
    assert np.abs(laid.second - mean)[laid.common].max() <= 1


def test_the_rim_of_a_rectangle_is_as_wide_as_asked() -> None:
    flags = np.zeros((20, 30), np.bool_)
    flags[5:15, 5:20] = True
    inner = np.zeros_like(flags)
    inner[7:13, 7:18] = True
    assert np.array_equal(without_rim(flags, 2), inner)


def test_beyond_the_border_is_outside() -> None:
    whole = without_rim(np.ones((20, 30), np.bool_), 3)
    assert whole[3:-3, 3:-3].all()
    assert whole.sum() == 14 * 24


def test_one_pixel_lies_on_one_pixel() -> None:
    laid = overlay(flat(1, 1), flat(1, 1), np.eye(3), 512)
    assert laid.common.tolist() == [[True]]
    assert apart(laid) == 0
