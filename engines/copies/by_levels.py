"""Copies by levels: pictures of little detail that look the same, laid on one another."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.copies.match import (
    MOST_DIFFERING,
    Match,
    Two,
    common_parts,
    lie_on_one_another,
    match_of_levels,
    whole,
)
from engines.core.errors import NotAlignable
from engines.vision.disagreement import disagreement
from engines.vision.homography import inverse, stretch
from engines.vision.registration import register
from engines.vision.scaling import reduced, scaled, size_of

SAME_FORM = 0.05
SAME_LEVELS = 28.0
SAME_SHARE = 0.6
SOFT_PX, COARSER = 12, 4
"""By how much thumbnails are softened, in a copy so many times smaller, for so much blur hides
that."""


def match_by_levels(originals: Two, sides: Two) -> Match | None:
    """The match: in one of eight orientations, or the one cut from the other.

    Args:
        originals: uint8 (H, W, 3), BGR; of one scale, if one is cut from the other.
        sides: the same, as they are compared.
    """
    first, second = sides
    turned = [np.rot90(first[:, ::side], turns) for turns in range(4) for side in (1, -1)]
    ways = [
        cv2.resize(np.ascontiguousarray(one), size_of(second), interpolation=cv2.INTER_AREA)
        for one in turned
        if abs(np.log(_slant(one) / _slant(second))) < SAME_FORM
    ]
    there = _thumbnail(second)
    nearest = min(ways, key=lambda one: np.abs(_thumbnail(one) - there).max(), default=None)
    if nearest is not None and (strength := _strength(nearest, second)):
        return match_of_levels((whole(first), whole(second)), strength)
    return _match_in_register(originals, sides)


def _slant(image: MatLike) -> float:
    return float(image.shape[0] / image.shape[1])


def _match_in_register(originals: Two, sides: Two) -> Match | None:
    try:
        found = register(*originals).matrix
    except NotAlignable:
        return None
    first, second = sides
    size, other = size_of(first), size_of(second)
    to_first = stretch(size_of(originals[0]), size)
    matrix = stretch(size_of(originals[1]), other) @ found @ inverse(to_first)
    if not lie_on_one_another(first, second, matrix):
        return None
    # Replicated: black beyond the rim would be mixed into the pixels along it, a line of its own.
    laid = cv2.warpPerspective(first, matrix, other, borderMode=cv2.BORDER_REPLICATE)
    covered = cv2.warpPerspective(np.ones(first.shape[:2], np.uint8), matrix, other)
    if strength := _strength(np.where(covered[..., None] > 0, laid, second), second):
        return match_of_levels(common_parts(size, other, matrix), strength)
    return None


def _strength(laid: MatLike, second: MatLike) -> float:
    """Of the match of pictures of one size, by what is left between them; 0 if it is none."""
    here, there = _thumbnail(laid), _thumbnail(second)
    if not _is_same(here, there):
        return 0.0
    differing = disagreement(laid, second, np.eye(3))
    if differing.clear_share > MOST_DIFFERING:
        return 0.0
    apart = float(np.abs(here - there).max()) / SAME_LEVELS
    return 0.99 * (1 - differing.share) * (1 - apart)


def _is_same(here: NDArray[np.float32], there: NDArray[np.float32]) -> bool:
    """Whether two thumbnails differ little, and much less than each varies within itself."""
    apart = here - there
    varied = max(one.std(axis=(0, 1)).max() for one in (here, there))
    is_near = np.abs(apart).max() < SAME_LEVELS
    return bool(is_near and np.sqrt((apart**2).mean()) < SAME_SHARE * varied + 6)


def _thumbnail(image: MatLike) -> NDArray[np.float32]:
    small = reduced(image, scaled(size_of(image), 1 / COARSER))
    soft = cv2.GaussianBlur(small, (0, 0), SOFT_PX / COARSER)
    return cv2.resize(soft, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
