"""Bending: the smooth local motion that a homography leaves, and a picture without it.

Line scans, curled paper, lenses and a little depth move parts by a few pixels.
"""

from typing import Any, NamedTuple, Self, TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.morphology import square
from engines.vision.scaling import Size, size_of

Plane: TypeAlias = NDArray[np.float32]
Flow: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 2): how far along x and y each pixel of one picture lies on the other, px."""

Steps: TypeAlias = tuple[tuple[float, float], ...]

BLUR = 1.0
MOST_PX = 6.0
"""What lies further away has moved."""
LEAST_GAIN = 0.25
"""Share of the distance that has to go; else there is no bend, and moving only softens edges."""
STEPS = ((0.16, 4.0), (0.16, 4.0), (0.08, 2.0), (0.08, 2.0), (0.04, 0.7), (0.04, 0.7))
"""From the wide to the narrow, so that a changed or moved part follows what is around it: sigma of
the window that moves as one, share of the longer side; sigma by which both pictures are blurred."""
WIDE_STEPS = STEPS[:4]
"""Windows too wide to lay the letters of one text on those of another."""
WINDOW_PX = 4.0
"""The same sigma on the grid that the motion is solved on."""
DOUBT = 2.0
"""Weight of no motion, as a squared gradient everywhere, at a blur of 1."""
ALIKE_LEVELS = 60
"""What differs by more is no measure of how well two pictures lie on one another."""
NOISE_LEVELS = 12
NEW_LEVELS = 24
"""What is so far beyond all that the other picture has within `MOST_PX` is no guide to a bend."""


class _Ranged(NamedTuple):
    """A picture in grey, and its darkest and lightest levels within `MOST_PX`."""

    levels: Plane
    darkest: Plane
    lightest: Plane

    @classmethod
    def of(cls, levels: Plane) -> Self:
        near = square(round(MOST_PX))
        darkest, lightest = (morph(levels, near) for morph in (cv2.erode, cv2.dilate))
        return cls(levels, np.asarray(darkest, np.float32), np.asarray(lightest, np.float32))


def unbent(first: Plane, second: Plane, valid: NDArray[np.bool_], steps: Steps = STEPS) -> Plane:
    """The second picture as it shows the same as the first at the same place; see `bend`."""
    return moved(second, bend(first, second, valid, steps))


def bend(first: Plane, second: Plane, valid: NDArray[np.bool_], steps: Steps = STEPS) -> Flow:
    """Where a smooth motion by a few pixels leads on the second picture; zero if of no use.

    Args:
        first: (H, W, 3), BGR, in the second's light.
        second: of the same size, laid on the first by a homography.
        valid: bool (H, W), where both show something.
        steps: windows and blurs, as `STEPS`.

    Source:
        Lucas and Kanade, IJCAI 1981, from coarse to fine; in windows so wide that a changed part is
        no guide and that a lone line, which says nothing along itself, is moved with its like.
    """
    here, there = (_blurred(_grey(one), BLUR) for one in (first, second))
    before = _apart(here, there, valid)
    if not before:
        return unmoved(valid)
    seen, flow = _Ranged.of(here), unmoved(valid)
    soft = {blur: _blurred(here, blur) for blur in {blur for _, blur in steps}}
    for window, blur in steps:
        laid = _Ranged.of(moved(there, flow))
        is_guide = valid & (cv2.dilate(_is_new(seen, laid), square(round(2 * blur) + 1)) == 0)
        pair = soft[blur], _blurred(laid.levels, blur)
        flow += _motion(*pair, is_guide, window * max(valid.shape), DOUBT / blur**2)
        flow = flow.clip(-MOST_PX, MOST_PX)
    after = _apart(here, moved(there, flow), valid)
    return flow if before - after > LEAST_GAIN * before else unmoved(valid)


def unmoved(valid: NDArray[np.bool_]) -> Flow:
    """The flow of pictures that are not bent."""
    return np.zeros((*valid.shape, 2), np.float32)


def _motion(
    here: Plane, there: Plane, is_guide: NDArray[np.bool_], sigma: float, doubt: float
) -> Flow:
    """What best explains the rest between them, by least squares in windows of a sigma."""
    weights = is_guide.astype(np.float32)
    along_x, along_y = (_slope(here + there, axis) for axis in (1, 0))
    left = here - there
    weighed_x, weighed_y = weights * along_x, weights * along_y
    xx, xy, yy, x, y = (
        _in_windows(one * other, sigma)
        for one, other in (
            (weighed_x, along_x),
            (weighed_x, along_y),
            (weighed_y, along_y),
            (weighed_x, left),
            (weighed_y, left),
        )
    )
    xx, yy = xx + doubt, yy + doubt
    solved = np.stack([yy * x - xy * y, xx * y - xy * x], axis=2) / (xx * yy - xy**2)[..., None]
    return np.asarray(cv2.resize(solved, size_of(here), interpolation=cv2.INTER_CUBIC), np.float32)


def _slope(total: Plane, axis: int) -> Plane:
    """Of the mean of two pictures that were added up."""
    is_flat = total.shape[axis] < 2
    return (
        np.zeros_like(total)
        if is_flat
        else np.asarray(np.gradient(total, axis=axis) / 2, np.float32)
    )


def _is_new(here: _Ranged, there: _Ranged) -> Pixels:
    """1 where one shows what the other has nowhere near."""
    beyond = [
        np.maximum(one.levels - other.lightest, other.darkest - one.levels)
        for one, other in ((here, there), (there, here))
    ]
    return np.asarray((np.maximum(*beyond) > NEW_LEVELS).astype(np.uint8))


def _in_windows(plane: Plane, sigma: float) -> Plane:
    """The mean around each point of a coarse grid."""
    step = max(1.0, sigma / WINDOW_PX)
    width, height = (max(1, round(side / step)) for side in size_of(plane))
    coarse = _reduced(plane, (width, height))
    ends = cv2.BORDER_CONSTANT
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), WINDOW_PX, borderType=ends), np.float32)


def _reduced(plane: MatLike, size: Size) -> MatLike:
    """The means; along one side first if that takes whole pixels, at which OpenCV is quick."""
    (width, height), (columns, rows) = size_of(plane), size
    if width % columns == 0:
        plane = cv2.resize(plane, (columns, height), interpolation=cv2.INTER_AREA)
    elif height % rows == 0:
        plane = cv2.resize(plane, (width, rows), interpolation=cv2.INTER_AREA)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def _apart(here: Plane, there: Plane, valid: NDArray[np.bool_]) -> float:
    """How far they are from each other by more than noise, and by no more than a bend explains."""
    levels = np.clip(cv2.absdiff(here, there), NOISE_LEVELS, ALIKE_LEVELS) - NOISE_LEVELS
    return cv2.norm(levels, cv2.NORM_L1, valid.view(np.uint8))


def _blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def _grey(image: Plane) -> Plane:
    return np.asarray(cv2.cvtColor(np.clip(image, 0, 255), cv2.COLOR_BGR2GRAY), np.float32)


def moved(image: NDArray[Any], flow: Flow) -> NDArray[Any]:
    """The picture with each pixel taken from where the flow points."""
    if not flow.any():
        return image
    width, height = size_of(flow)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    map_x, map_y = x + flow[..., 0], y + flow[..., 1]
    # Interpolated linearly: beyond an edge a cubic one overshoots.
    return np.asarray(
        cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
