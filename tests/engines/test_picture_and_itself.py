"""Every picture that the packages and the documents carry, compared with itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import sklearn.datasets

from engines import alignment_matrix, differences, distance
from engines.core.shapes import Pixels

FOLDERS = (
    Path(skimage.data.__file__).parent,
    Path(sklearn.datasets.__file__).parent / "images",
    Path(__file__).parents[2] / "docs" / "pictures",
)
FILES = sorted(
    file
    for folder in FOLDERS
    for file in folder.iterdir()
    if file.suffix in (".png", ".jpg", ".gif")
)


def test_there_are_pictures_in_each_folder() -> None:
    assert {file.parent for file in FILES} == set(FOLDERS)


@pytest.fixture(params=FILES, ids=[file.name for file in FILES])
def picture(request: pytest.FixtureRequest) -> Pixels:
    return np.asarray(cv2.imread(str(request.param), cv2.IMREAD_COLOR), np.uint8)


def test_a_picture_and_itself_are_in_register_and_alike(picture: Pixels) -> None:
    both = picture, picture.copy()
    aligned = alignment_matrix.alignment_matrix(*both, params=alignment_matrix.Params())
    assert aligned.matrix1 == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert distance.distance(*both, params=distance.Params()).distance == 0
    for resolution in (400, 900):
        params = differences.Params(resolution=resolution)
        assert differences.differences(*both, params=params).on_image1 == []
