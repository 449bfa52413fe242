"""Chroma shows what has the value of its ground, and nothing that JPEG or noise makes."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.vision.chroma import by_value_or_chroma
from engines.vision.foreground import foreground
from tests.engines.drawing import encoded_again, mask_iou

WHITE, RED, DARK = (255, 255, 255), (0, 0, 255), (60, 60, 60)


def drawn(*inks: tuple[int, int, int]) -> Pixels:
    """Squares of 50 px in a row on white."""
    image = np.full((240, 320, 3), WHITE, np.uint8)
    for number, ink in enumerate(inks):
        image[90:140, 30 + 90 * number : 80 + 90 * number] = ink
    return image


def shown(image: Pixels) -> Pixels:
    value = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 2], np.uint8)
    return by_value_or_chroma(image, foreground(value))


@pytest.mark.parametrize("inks", [(RED,), (DARK,), (RED, DARK), (DARK, RED, DARK)])
def test_every_square_is_shown_whatever_its_value(inks: tuple[tuple[int, int, int], ...]) -> None:
    image = drawn(*inks)
    assert mask_iou(shown(image), (image != WHITE).any(axis=2)) > 0.95


def test_what_jpeg_leaves_beside_an_edge_is_no_part_of_its_own() -> None:
    image = encoded_again(drawn(RED, DARK), quality=75)
    count, _ = cv2.connectedComponents(shown(np.asarray(image, np.uint8)))
    assert count == 1 + 2


def test_dark_discs_beside_coloured_ones_are_whole_in_a_jpeg() -> None:
    image = np.full((300, 400, 3), (245, 248, 250), np.uint8)
    inks = [(0, 0, 255), (255, 0, 0), (180, 105, 255), (40, 40, 40), (0, 200, 255)]
    for ink, centre in zip(
        inks, [(60, 60), (180, 70), (310, 80), (90, 210), (300, 220)], strict=True
    ):
        cv2.circle(image, centre, 40, ink, -1)
    dark = np.zeros((300, 400), np.uint8)
    cv2.circle(dark, (90, 210), 40, 1, -1)
    found = shown(np.asarray(encoded_again(image, quality=80), np.uint8))
    found[:, 150:] = found[:130] = 0
    assert mask_iou(found, dark > 0) > 0.9


def test_noise_in_colour_is_nothing() -> None:
    noise = np.random.default_rng(7).normal(0, 10, (240, 320, 3))
    assert not shown(np.clip(180 + noise, 0, 255).astype(np.uint8)).any()
