"""Alignment matrix: the homography that lays one picture of a thing on another one."""

import cv2
import numpy as np
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Picture
from engines.vision.registration import register
from engines.vision.scaling import size_of


class Params(Parameters):
    """What `alignment_matrix` can be told."""

    resolution: int = Field(
        512,
        ge=64,
        le=1600,
        description="Longer side to which both pictures are reduced while they are compared, px.",
    )
    return_image: bool = Field(False, description="Add image 1 as it lies on image 2.")


class AlignmentInfo(Info):
    """How well the matrix is founded."""

    inliers: int = Field(description="Points that agree with it; 0 where whole pictures agree.")
    residual: float = Field(
        description="How far those points are from where it puts them, in the middle; px of the "
        "reduced pictures."
    )


class Result(EngineResult[AlignmentInfo]):
    """Both directions, in pixels of the pictures as they were sent.

    A point is (x, y, 1) with the middle of the first pixel at 0, 0, as OpenCV's
    `warpPerspective` takes it.
    """

    matrix1: list[float] = Field(
        min_length=9, max_length=9, description="Image 1 to image 2, row by row; the last is 1."
    )
    matrix2: list[float] = Field(
        min_length=9, max_length=9, description="Image 2 to image 1: the inverse of matrix1."
    )
    image: Picture | None = Field(
        None,
        exclude_if=lambda picture: picture is None,
        description="Image 1 warped onto image 2, of its size; only with return_image.",
    )


def draw(image1: Image, image2: Image, result: Result) -> Picture:
    """Image 1 as it lies on image 2."""
    matrix = np.reshape(result.matrix1, (3, 3))
    return Picture(cv2.warpPerspective(image1, matrix, size_of(image2)))


@engine(version="5.0.0", draw=draw)
def alignment_matrix(image1: Image, image2: Image, *, params: Params) -> Result:
    """Find how image 1 has to be moved, turned, scaled and tilted to lie on image 2.

    Pictures that already fit give exactly the identity, those that fit when stretched to one size
    that stretch, and those that are the same but for a shift by whole pixels that shift.

    Args:
        image1: uint8 (H, W, 3), BGR.
        image2: uint8 (H, W, 3), BGR; of any size.

    Returns:
        the two homographies, each exactly the other's inverse.

    Raises:
        NotAlignable: the pictures have no common part, or too little of one.

    Source:
        engines.vision.registration: SIFT, MAGSAC++, pyramidal Lucas-Kanade, phase correlation.
    """
    found = register(image1, image2, resolution=params.resolution)
    result = Result(
        matrix1=found.matrix.ravel().tolist(),
        matrix2=np.linalg.inv(found.matrix).ravel().tolist(),
        details=Details[AlignmentInfo](
            message="The pictures are aligned.",
            info=AlignmentInfo(inliers=found.inliers, residual=found.residual_px),
        ),
    )
    if params.return_image:
        result.image = draw(image1, image2, result)
    return result
