"""Subject: which pixels of a photograph are what it is of."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.errors import ModelUnavailable
from engines.core.shapes import Pixels
from engines.models import things
from engines.models.things import Found
from engines.vision.morphology import disc
from engines.vision.saliency import saliency
from engines.vision.scaling import Size, shrink, size_of

LONGEST_PX = 200
LEAST_SCORE = 0.1
SURE_SCORE = 0.35
AS_GOOD = 0.6
"""Share of the best box's score from which another counts."""
LEAST_AREA = 0.03
NEAR_SIDE = 0.04
"""Share of the picture's side within which a box reaches it."""
SALIENCY_WEIGHT = 5.0
INSIDE, OUTSIDE = 2.0, -1.5
EDGE = 0.2
"""Share of a box's half side over which what lies within passes into what lies without."""
SURELY_GROUND, SURELY_SUBJECT = -2.5, 3.5
ROUNDS = 2
SOFT_PX = 0.8

Values = NDArray[np.float64]


def subject(image: Pixels) -> Pixels:
    """1 where the subject is, which stands out and is mostly one that the detector sees a thing in.

    Without the detector what stands out decides alone.

    Args:
        image: uint8 (H, W, 3), BGR.

    Source:
        GrabCut: Rother et al., "GrabCut": interactive foreground extraction using iterated graph
        cuts, SIGGRAPH 2004, begun from saliency and boxes; own in how these are weighed.
    """
    small = np.asarray(shrink(image, LONGEST_PX), np.uint8)
    salient = saliency(small)
    levels = np.rint(255 * salient).astype(np.uint8)
    split = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)[0] / 255
    belief = SALIENCY_WEIGHT * (salient - split) + _seen(image, size_of(small))
    found = cv2.morphologyEx(_cut(small, belief), cv2.MORPH_OPEN, disc(1))
    soft = cv2.GaussianBlur(found.astype(np.float32), (0, 0), SOFT_PX)
    return np.asarray(
        cv2.resize(soft, size_of(image), interpolation=cv2.INTER_CUBIC) > 0.5, np.uint8
    )


def _seen(image: Pixels, size: Size) -> Values:
    """For and against each pixel of a copy of this size, by the detector's boxes."""
    try:
        found = [one for one in things.look(image, LEAST_SCORE) if _parts(one, size_of(image))]
    except ModelUnavailable:
        found = []
    best = max((one.score for one in found), default=0.0)
    sureness = min(1.0, max(0.0, best - LEAST_SCORE) / (SURE_SCORE - LEAST_SCORE))
    good = (one for one in found if one.score >= AS_GOOD * best)
    return sureness * _inside(good, size_of(image), size)


def _parts(one: Found, size: Size) -> bool:
    """Whether a box is large enough to be a subject, and leaves something to be its ground."""
    width, height = size
    near_x, near_y = NEAR_SIDE * width, NEAR_SIDE * height
    is_across = one.left < near_x and one.right > width - near_x
    is_down = one.top < near_y and one.bottom > height - near_y
    area = (one.right - one.left) * (one.bottom - one.top)
    return area > LEAST_AREA * width * height and not (is_across and is_down)


def _inside(found: Iterable[Found], whole: Size, size: Size) -> Values:
    """INSIDE within any box, OUTSIDE around them all."""
    x, y = (
        (np.arange(shown) + 0.5) * side / shown for side, shown in zip(whole, size, strict=True)
    )
    levels = np.full(size[::-1], OUTSIDE)
    for one in found:
        across = np.abs(2 * x - one.left - one.right) / (one.right - one.left)
        down = np.abs(2 * y - one.top - one.bottom) / (one.bottom - one.top)
        from_middle = np.maximum(across, down[:, np.newaxis])
        near = np.interp(from_middle, (1 - EDGE, 1 + EDGE), (INSIDE, OUTSIDE))
        levels = np.maximum(levels, near)
    return levels


def _cut(image: Pixels, belief: Values) -> Pixels:
    """Where a pixel is likelier of the subject's colours than of the ground's, as seams allow."""
    labels = np.where(belief > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if np.ptp(labels) == 0:
        return np.zeros_like(labels)
    labels[belief < SURELY_GROUND] = cv2.GC_BGD
    labels[belief > SURELY_SUBJECT] = cv2.GC_FGD
    colours = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, (0, 0, 1, 1), *colours, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
