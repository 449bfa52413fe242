"""Homographies: what they do to points, each by a fact that holds by construction."""

import numpy as np
import pytest

from engines.vision.homography import (
    Fit,
    are_spread,
    fit_homography,
    fit_similarity,
    is_sane,
    outline,
    stretch,
    transform,
)

TILT = np.array([[1.1, 0.1, 5], [-0.1, 0.9, -3], [1e-4, 2e-4, 1]])


def points(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(2026).uniform(0, 300, (count, 2))


def test_stretching_leads_outer_corners_to_outer_corners() -> None:
    matrix = stretch((40, 30), (80, 90))
    assert np.allclose(transform(outline((40, 30)), matrix), outline((80, 90)))


def test_a_homography_is_found_among_wrong_pairs() -> None:
    first = points(100)
    second = transform(first, TILT)
    second[:40] = points(240)[200:]
    fit = fit_homography(first, second, 2.0)
    assert fit is not None
    assert len(fit.first) == pytest.approx(60, abs=3)
    assert np.allclose(fit.matrix / fit.matrix[2, 2], TILT, atol=0.02)


def test_the_pairs_that_agree_are_told_and_their_share() -> None:
    first = points(100)
    second = transform(first, TILT)
    second[:40] = points(240)[200:]
    fit = fit_homography(first, second, 2.0)
    assert fit is not None
    assert fit.chosen[40:].all()
    assert fit.support == fit.chosen.mean() == pytest.approx(0.6, abs=0.03)
    assert np.array_equal(fit.first, first[fit.chosen])


def test_too_few_points_give_no_homography() -> None:
    first = points(7)
    assert fit_homography(first, transform(first, TILT), 2.0) is None


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([-1.0, 1, 1]),
        np.diag([20.0, 20, 1]),
        np.diag([0.05, 0.05, 1]),
        np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]]),
        np.array([[1, 0, 0], [0, 1, 0], [0.02, 0, 1]]),
    ],
    ids=["mirrored", "too near", "too far", "folded", "too steep"],
)
def test_a_homography_no_camera_gives_is_not_sane(
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    assert not is_sane(Fit(matrix, points(9), points(9), 1.0, np.ones(9, np.bool_)), (300, 300))


def test_an_ordinary_homography_is_sane() -> None:
    assert is_sane(Fit(TILT, points(9), points(9), 1.0, np.ones(9, np.bool_)), (300, 300))


def test_points_on_a_line_or_in_a_spot_are_not_spread() -> None:
    scattered = points(50)
    assert are_spread(scattered)
    assert not are_spread(scattered / 50)
    assert not are_spread(np.stack([scattered[:, 0], 2 * scattered[:, 0] + 5], axis=1))


def test_a_similarity_is_found_among_wrong_pairs_and_of_points_on_a_line() -> None:
    truth = np.array([[0.6, -0.8, 40], [0.8, 0.6, -7], [0, 0, 1]])
    first = np.stack([np.linspace(0, 200, 9), np.full(9, 30.0)], axis=1)
    second = transform(first, truth)
    second[:3] = points(3)
    fit = fit_similarity(first, second)
    assert fit is not None
    assert np.allclose(fit.matrix, truth, atol=1e-6)
    assert fit.chosen.tolist() == [False] * 3 + [True] * 6


def test_three_pairs_tell_no_similarity() -> None:
    assert fit_similarity(points(3), points(3)) is None
