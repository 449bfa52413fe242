"""Overlay: two pictures of one thing brought into one frame, the first's."""

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.core.errors import NotAlignable
from engines.core.shapes import Image, Pixels
from engines.vision.comparison import Flags
from engines.vision.equality import is_exact
from engines.vision.homography import Matrix, inverse, stretch, transform
from engines.vision.registration import NOTHING, as_they_lie, has_detail, register
from engines.vision.scaling import Size, reduced, resampled, scaled, size_of
from engines.vision.subsampling import alike
from engines.vision.translation import common_parts

FINE_ENOUGH_PX = 256
"""Longer side up to which a coarser picture is enlarged, for its details are a few pixels."""
MOST_EXACT_SIDE = 2560
PARTLY = 0.3
"""Share of a picture's detail that the other shows if the two are one thing, however changed.

Photographs, pages and marks that are not have up to 0.15."""
SEAM_PX = 2
"""What is left out along the rim of the common part, where one picture was interpolated."""


def align(image1: Image, image2: Image, *, resolution: int, is_wanted: bool) -> Matrix:
    """Image 1 to image 2; if not wanted, or without detail to go by, they lie as they are.

    Raises:
        NotAlignable: they have no common part, or show nothing that is the same.
    """
    plain = stretch(size_of(image1), size_of(image2))
    if not is_wanted:
        return plain
    try:
        return register(image1, image2, resolution=resolution).matrix
    except NotAlignable:
        is_alike = abs(plain[0, 0] / plain[1, 1] - 1) < 0.02
        has_details = has_detail(image1) and has_detail(image2)
        if is_alike and as_they_lie(image1, image2) >= (PARTLY if has_details else NOTHING):
            return plain
        raise


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Both pictures in the frame of the first, made smaller by `scale`.

    Args:
        first: uint8 (H, W, 3), BGR; as it is, but for colour that the other lost as a JPEG; see
            `subsampling.alike`.
        second: laid on the first; the same holds for it.
        common: what both cover.
        scale: from the first picture's pixels to these.
        is_exact: what did not change is level for level the same.
        is_resampled: the second was moved or scaled otherwise than the first.
    """

    first: Pixels
    second: Pixels
    common: Flags
    scale: Matrix
    is_exact: bool
    is_resampled: bool


def overlay(image1: Image, image2: Image, matrix: Matrix, resolution: int) -> Overlay:
    """Neither picture is enlarged, if it is not tiny: the coarser one says how fine both are.

    Those in exact register are not made smaller, either: each pixel counts there.
    """
    exact = _are_exact(image1, image2, matrix)
    resolution = MOST_EXACT_SIDE if exact else resolution
    width, height = size_of(image1)
    longer = max(width, height)
    finer = _magnification(matrix, width, height)
    factor = min(1.0, max(finer, FINE_ENOUGH_PX / longer), resolution / longer)
    size = scaled((width, height), factor)
    scale = stretch((width, height), size)
    first = reduced(image1, size)
    if np.array_equal(matrix, stretch(size_of(image1), size_of(image2))):
        second = resampled(image2, size)
        common = np.ones((size[1], size[0]), np.bool_)
    else:
        second, common = _warped(image2, scale @ inverse(matrix), size, factor / finer)
    is_resampled = not np.array_equal(matrix, np.eye(3))
    if not (exact or is_resampled) and size == size_of(image1):
        first, second = alike(np.asarray(first, np.uint8), np.asarray(second, np.uint8))
    return Overlay(
        first=np.asarray(first, np.uint8),
        second=np.asarray(second, np.uint8),
        common=common,
        scale=scale,
        is_exact=exact,
        is_resampled=is_resampled,
    )


def _are_exact(image1: Image, image2: Image, matrix: Matrix) -> bool:
    shift = np.rint(matrix)
    if not np.array_equal(matrix, shift) or not np.array_equal(shift[:, :2], np.eye(3)[:, :2]):
        return False
    parts = common_parts(image1, image2, matrix)
    return is_exact(*(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in parts))


def _magnification(matrix: Matrix, width: int, height: int) -> float:
    """Pixels of image 2 for one of image 1, in the middle of it."""
    x, y = width / 2, height / 2
    here, right, below = transform(np.array([[x, y], [x + 1, y], [x, y + 1]]), matrix)
    return float(np.sqrt(abs(np.linalg.det([right - here, below - here]))))


def _warped(image: Image, matrix: Matrix, size: Size, factor: float) -> tuple[MatLike, Flags]:
    """A picture on a frame, first made smaller so that nothing is skipped; and what it covers."""
    small = reduced(image, scaled(size_of(image), factor)) if factor < 1 else image
    onto = matrix @ inverse(stretch(size_of(image), size_of(small)))
    laid = cv2.warpPerspective(small, onto, size, flags=cv2.INTER_CUBIC)
    cover = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), onto, size)
    return laid, without_rim(np.asarray(cover) >= 254, SEAM_PX)


def without_rim(flags: Flags, rim_px: float) -> Flags:
    """Without the pixels that are less than so many from the outside."""
    inside = cv2.distanceTransform(np.pad(flags.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(flags & (inside > rim_px))
