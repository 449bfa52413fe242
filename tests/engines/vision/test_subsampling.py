"""Subsampling: what a JPEG file takes from coloured letters, and no other change, is known."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.vision.subsampling import alike, subsampled

COARSE, FULL = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


def sheet(ink: tuple[int, int, int] = (255, 40, 20)) -> Pixels:
    image = np.full((181, 303, 3), 255, np.uint8)
    for y in range(30, 170, 30):
        cv2.putText(image, "thin and blue", (10, y), 0, 0.6, ink, 1, cv2.LINE_AA)
    return image


def saved(image: Pixels, quality: int, sampling: int = COARSE) -> Pixels:
    told = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    decoded = cv2.imdecode(cv2.imencode(".jpg", image, told)[1], cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("ink", [(255, 40, 20), (20, 230, 10), (20, 20, 250)])
def test_a_subsampled_picture_is_that_of_the_best_jpeg(ink: tuple[int, int, int]) -> None:
    best = saved(sheet(ink), 100)
    assert np.abs(subsampled(sheet(ink)).astype(int) - best).max() < 10
    assert np.abs(sheet(ink).astype(int) - best).max() > 60


@pytest.mark.parametrize("quality", [40, 60, 90])
def test_a_picture_is_as_soft_as_its_jpeg_whichever_comes_first(quality: int) -> None:
    fresh, again = sheet(), saved(sheet(), quality)
    there, back = alike(fresh, again), alike(again, fresh)
    assert there[1] is again
    assert back[0] is again
    assert apart(*there) < 0.7 * apart(fresh, again)
    assert np.array_equal(there[0], back[1])


@pytest.mark.parametrize(
    "other",
    [
        sheet((20, 40, 255)),
        np.roll(sheet(), 1, axis=1),
        saved(sheet(), 60, FULL),
        cv2.GaussianBlur(sheet(), (0, 0), 0.8),
        255 - sheet(),
    ],
    ids=["another ink", "moved", "a JPEG of full colour", "blurred", "inverted"],
)
def test_what_differs_otherwise_is_left(other: Pixels) -> None:
    first, second = sheet(), np.asarray(other, np.uint8)
    assert alike(first, second)[0] is first
    assert alike(first, second)[1] is second


def test_grey_pictures_are_left() -> None:
    first = sheet((0, 0, 0))
    assert alike(first, saved(first, 60))[0] is first


def test_a_pixel_is_its_own_mean() -> None:
    pixel = np.full((1, 1, 3), (200, 30, 90), np.uint8)
    assert np.allclose(subsampled(pixel), pixel, atol=2)
