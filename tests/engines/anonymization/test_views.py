"""Views of pictures with drawn discs: across seams, at poles and in tiles each is covered."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.anonymization import views
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.shapes import Box, Pixels

GROUND, DISC = 120, 255


def sight(image: Pixels) -> list[Sighting]:
    """What is light, and not torn by the border of the picture."""
    light = np.asarray(image[..., 1] > 200).astype(np.uint8)
    found = []
    for contour in cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, width, height = cv2.boundingRect(contour)
        if x and y and x + width < image.shape[1] and y + height < image.shape[0]:
            found.append(boxed(Kind.FACE, Box(x, y, x + width, y + height), 0.9, "drawn"))
    return found


def sphere_disc(longitude: float, latitude: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Everything within 4 degrees of a direction, in a panorama."""
    height, width = shape
    across = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    up = (height / 2 - np.arange(height)[:, None] - 0.5) / width * 2 * np.pi
    middle, lift = np.radians([longitude, latitude])
    cosine = np.sin(up) * np.sin(lift) + np.cos(up) * np.cos(lift) * np.cos(across - middle)
    return np.asarray(cosine > np.cos(np.radians(4)))


def covered(found: list[Sighting], shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    for one in found:
        cv2.fillPoly(mask, [one.outline], 1)
    return mask > 0


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        *[(0, 0), (180, 3), (-179, -20), (50, 75), (-110, 88), (175, -86), (20, -60), (-90, 90)],
        # On the borders of the looks: where the panorama is continued to, and around the poles.
        *[(-90, 0), (-90, 30), (0, 35), (180, -35), (90, 36), (45, 26), (135, -27)],
    ],
)
@pytest.mark.parametrize("width", [1400, 3000])
def test_a_panorama_is_covered_all_around(width: int, longitude: float, latitude: float) -> None:
    shape = (width // 2, width)
    disc = sphere_disc(longitude, latitude, shape)
    image = np.full((*shape, 3), GROUND, np.uint8)
    image[disc] = DISC
    mask = covered(views.around(image, sight), shape)
    assert mask[disc].all()
    assert mask.mean() < 0.06


def test_a_panorama_without_poles_has_its_horizon_in_the_middle() -> None:
    shape = (500, 1600)
    disc = sphere_disc(180, 45, shape)
    image = np.full((*shape, 3), GROUND, np.uint8)
    image[disc] = DISC
    assert disc.any()
    assert covered(views.around(image, sight), shape)[disc].all()


def everywhere(image: Pixels) -> list[Sighting]:
    height, width = image.shape[:2]
    return [boxed(Kind.FACE, Box(0, 0, width, height), 0.9, "drawn")]


@pytest.mark.parametrize("shape", [(1, 1), (300, 1), (3, 20_000), (5, 40_000), (33_000, 2)])
def test_a_panorama_of_any_shape_is_covered(shape: tuple[int, int]) -> None:
    found = views.around(np.zeros((*shape, 3), np.uint8), everywhere)
    assert covered(found, shape).all()


@pytest.mark.parametrize("latitude", [75, -88])
def test_a_panorama_that_is_reduced_is_covered_at_its_poles(
    latitude: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_SHOWN_PX", 700)
    shape = (700, 1400)
    disc = sphere_disc(50, latitude, shape)
    image = np.full((*shape, 3), GROUND, np.uint8)
    image[disc] = DISC
    assert covered(views.around(image, sight), shape)[disc].all()


def test_tiles_are_looked_at_beside_the_whole() -> None:
    sizes = list[tuple[int, ...]]()

    def remember(image: Pixels) -> list[Sighting]:
        sizes.append(image.shape[:2])
        return []

    views.in_tiles(np.zeros((90, 100, 3), np.uint8), remember, (2, 3), (10, 20))
    assert sizes == [(90, 100), *[(40, 55)] * 2, *[(50, 55)] * 2, *[(40, 55)] * 2]


def test_what_is_seen_in_a_tile_has_its_place_in_the_picture() -> None:
    image = np.full((200, 300, 3), GROUND, np.uint8)
    image[120:130, 220:240] = DISC

    def only_in_tiles(part: Pixels) -> list[Sighting]:
        return [] if part.shape == image.shape else sight(part)

    (found,) = views.in_tiles(image, only_in_tiles, (2, 2), (0, 0))
    assert found.box == Box(220, 120, 240, 130)


@pytest.mark.parametrize("overlap", [0, 40])
@pytest.mark.parametrize("left", [110, 130, 140, 150, 160, 170])
def test_what_a_tiles_border_cuts_is_seen_once_in_the_overlap(left: int, overlap: int) -> None:
    image = np.full((200, 300, 3), GROUND, np.uint8)
    image[40:60, left : left + 18] = DISC

    def only_in_tiles(part: Pixels) -> list[Sighting]:
        return [] if part.shape == image.shape else sight(part)

    found = views.in_tiles(image, only_in_tiles, (2, 2), (overlap, 0))
    is_whole = overlap > 0 or not left <= 150 <= left + 18
    assert [one.box for one in found] == [Box(left, 40, left + 18, 60)] * is_whole


def test_what_fills_more_than_a_tile_is_seen_in_the_whole() -> None:
    image = np.full((200, 300, 3), GROUND, np.uint8)
    image[40:160, 60:240] = DISC
    (found,) = views.in_tiles(image, sight, (3, 2), (10, 10))
    assert found.box == Box(60, 40, 240, 160)


def test_more_tiles_than_pixels_are_as_many_as_pixels() -> None:
    assert views.in_tiles(np.zeros((2, 3, 3), np.uint8), sight, (8, 8), (0, 0)) == []
