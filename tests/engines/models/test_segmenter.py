"""A user's segmenter is shown the whole picture, and tells of each of its pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.core.errors import ModelUnavailable
from engines.core.shapes import Box
from engines.models import weights
from engines.models.segmenter import enlarged, segment
from tests.engines.models.networks import AS_SEEN, colour_segmenter, placed

RED, BLUE = (0, 0, 255), (255, 0, 0)


@pytest.fixture
def colours(tmp_path: Path) -> Iterator[None]:
    weights.configure(
        {"segmenter": weights.ModelFiles(placed(tmp_path, colour_segmenter(), AS_SEEN))}
    )
    yield
    weights.configure({})


@pytest.mark.usefixtures("colours")
@pytest.mark.parametrize("size", [(768, 512), (2000, 1400), (90, 300), (1, 1)])
def test_each_half_of_a_picture_is_what_its_colour_says(size: tuple[int, int]) -> None:
    width, height = size
    image = np.full((height, width, 3), RED, np.uint8)
    image[:, width // 2 :] = BLUE
    whole = Box(0, 0, width, height)
    person, vehicle = (enlarged(one, whole, size) > 0.5 for one in segment(image))
    assert person.shape == (height, width)
    assert (person != vehicle).all()
    assert abs(int(person[0].sum()) - width // 2) <= max(width, height) // 96


@pytest.mark.usefixtures("colours")
def test_a_part_is_told_the_same_as_the_whole() -> None:
    image = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    likely = segment(image)[0]
    whole = enlarged(likely, Box(0, 0, 400, 300), (400, 300))
    part = enlarged(likely, Box(50, 70, 220, 290), (400, 300))
    assert np.abs(part - whole[70:290, 50:220]).max() < 0.01


def test_there_is_no_segmenter_but_a_users() -> None:
    with pytest.raises(ModelUnavailable, match="none but a user's own, and none is given"):
        segment(np.zeros((64, 64, 3), np.uint8))


def test_a_segmenter_of_one_mask_is_refused(tmp_path: Path) -> None:
    file = placed(tmp_path, colour_segmenter(channels=1), AS_SEEN)
    (check,) = weights.configure({"segmenter": weights.ModelFiles(file)}, preload=["segmenter"])
    weights.configure({})
    assert check.fault.endswith("its output is [*, 1, *, *]; expected [*, 2, *, *].")
