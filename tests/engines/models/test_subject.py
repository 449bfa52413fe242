"""Subject: what stands out, and which of that a box speaks for."""

from typing import Any

import numpy as np
import pytest

from engines.core.errors import ModelUnavailable
from engines.core.shapes import Mask, Pixels
from engines.models import things
from engines.models.subject import subject
from engines.models.things import Found
from tests.engines.drawing import mask_iou

HEIGHT, WIDTH = 300, 400
LEFT = np.hypot(*(np.indices((HEIGHT, WIDTH)) - np.array([150, 110]).reshape(2, 1, 1))) < 55


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """What the detector sees, instead of what it would."""
    boxes: list[Found] = []
    monkeypatch.setattr(things, "look", lambda image, min_score: boxes)
    return boxes


def drawn(*shapes: Mask) -> Pixels:
    """Red shapes between sky and sand, both of some texture."""
    noise = np.random.default_rng(2026).normal(0, 6, (HEIGHT, WIDTH, 1))
    is_sky = np.arange(HEIGHT)[:, np.newaxis, np.newaxis] < 160
    levels = np.where(is_sky, (220, 170, 120), (90, 150, 190)) + noise
    for shape in shapes:
        levels[shape] = (40, 40, 200)
    return np.asarray(levels).astype(np.uint8)


@pytest.mark.usefixtures("seen")
def test_what_stands_out_is_the_subject_where_no_box_is() -> None:
    assert mask_iou(subject(drawn(LEFT)) > 0, LEFT) > 0.95


def test_what_runs_over_the_border_is_the_subject_by_its_box(seen: list[Found]) -> None:
    near = np.zeros((HEIGHT, WIDTH), np.bool_)
    near[60:, :180] = True
    image = drawn(near)
    assert mask_iou(subject(image) > 0, near) < 0.75
    seen.append(Found(0, 58, 182, HEIGHT, 0.6, 0))
    assert mask_iou(subject(image) > 0, near) > 0.95


def test_a_box_around_the_whole_picture_says_nothing(seen: list[Found]) -> None:
    without = subject(drawn(LEFT))
    seen.append(Found(2, 3, WIDTH - 1, HEIGHT - 2, 0.9, 0))
    assert np.array_equal(subject(drawn(LEFT)), without)


def test_without_the_detector_what_stands_out_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: Any) -> list[Found]:
        raise ModelUnavailable("absent")

    monkeypatch.setattr(things, "look", absent)
    assert mask_iou(subject(drawn(LEFT)) > 0, LEFT) > 0.95


@pytest.mark.usefixtures("seen")
def test_a_mask_of_a_large_copy_is_as_smooth_as_of_a_small_one() -> None:
    large = np.kron(drawn(LEFT), np.ones((4, 4, 1), np.uint8))
    mask = subject(large) > 0
    assert mask_iou(mask, np.kron(LEFT, np.ones((4, 4))) > 0) > 0.95
    steps = np.abs(np.diff(mask.argmax(axis=1)[460:740].astype(int)))
    assert steps.max() <= 4
