"""Parallax: what depth moves between two pictures of a scene, beyond what a homography lays right.

Along a line of the scene, seen in both pictures, what is nearer or farther than the plane that the
homography fits lies elsewhere, and hides other things.
"""

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.bending import Flow, moved
from engines.vision.channels import largest
from engines.vision.comparison import Comparison, Flags, Strictness, differing
from engines.vision.homography import Matrix, Points, inverse, outline, stretch, transform
from engines.vision.local_contrast import flattened
from engines.vision.morphology import closed, square
from engines.vision.overlay import Overlay
from engines.vision.scaling import Size, shrink, size_of

LEAST_MARKED = 0.005
"""Share of the compared area that has to differ before depth is looked for."""
LEAST_GAIN = 0.25
"""Share of what differs that depth has to explain; else there is none."""
FINEST = 0.02
"""Side of the smallest detail that is no noise, share of the longer side: from elsewhere, gloss and
thin things look otherwise."""
LOOK_SIDE = 400
LEAST_SIDE = 12
"""OpenCV's dense inverse search takes no less."""
MOST_CORNERS, CORNER, APART_PX = 800, 0.01, 4
ASTRAY_PX, LINE_PX = 0.5, 0.5
"""How far a corner may be from where it set out if it is followed there and back, and from its
epipolar line; of the small copies."""
FAR_PX = 2.0
"""What lies further off is no matter of the homography's fit."""
FEWEST = 100
LEAST_SUPPORT = 0.9
"""Share of the corners that keep to their epipolar lines."""
CELLS, LEAST_FAR = 8, 0.1
"""Cells a side; the share of those with corners in which some lie far off: a thing that was moved
keeps to epipolar lines, too, but fills few."""
MOST_CANVAS = 3.0
"""Area of the canvas, of one picture."""
MOST_TRIED = 3e8
"""Pixels of the canvas times the disparities tried: two seconds of matching."""
SPARE_PX = 8
BLOCK = 5
SMALL_STEP, LARGE_STEP = 8, 32
"""Penalties of a change of disparity by one pixel and by more, for each value of a block."""
SAME_PX = 1.5
"""How far the disparities of both views may be apart."""
ALIKE_LEVELS = 40.0
"""Mean distance of two blocks that show the same, each flattened."""
SPECK = 0.0005
"""Share of the picture: what agrees in so small a part does so by chance."""
UNKNOWN = -9999.0

Disparity = NDArray[np.float32]
"""float32 (H, W): how far to the left each pixel of one rectified picture lies on the other, px."""


class Parallax(NamedTuple):
    """Where each pixel lies on the second picture, and which ones something nearer hides there."""

    flow: Flow
    hidden: Flags


class Rectified(NamedTuple):
    """Both pictures on one canvas, where what is on a row of one is on that row of the other."""

    first: Matrix
    second: Matrix
    canvas: Size
    lowest: int
    highest: int


def differing_in_depth(laid: Overlay, valid: Flags, strictness: Strictness) -> Comparison:
    """Find the pixels of which two pictures show different things, in scenes with depth too.

    Depth is looked for where much differs, and believed if it explains most of that. With a
    tolerance for edges, what only one picture shows, as something nearer hides it on the other,
    is no difference then, nor is what is small.
    """
    first, second = (one.astype(np.float32) for one in (laid.first, laid.second))
    plain = differing(first, second, valid, strictness)
    if plain.marked.sum() <= LEAST_MARKED * valid.sum():
        return plain
    found = parallax(laid.first, laid.second, laid.common)
    if found is None:
        return plain
    seen = valid & _is_seen(laid.common, found.flow)
    if strictness.tolerance > 1:
        seen &= ~found.hidden
        finest = max(strictness.finest, FINEST * max(valid.shape))
        strictness = replace(strictness, finest=finest)
    deep = differing(first, moved(second, found.flow), seen, strictness)
    if deep.marked.sum() > (1 - LEAST_GAIN) * plain.marked.sum():
        return plain
    return Comparison(deep.marked, deep.flow + moved(found.flow, deep.flow))


def _is_seen(common: Flags, flow: Flow) -> Flags:
    """Which pixels lie on what the second picture covers."""
    height, width = common.shape
    framed = np.pad(common.astype(np.float32), 1)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = x + flow[..., 0] + 1, y + flow[..., 1] + 1
    return np.asarray(np.asarray(cv2.remap(framed, x, y, cv2.INTER_LINEAR)) > 0.99)


def parallax(first: MatLike, second: MatLike, valid: Flags) -> Parallax | None:
    """Where the parts of a scene with depth lie on the second picture; None if it has none.

    Args:
        first: (H, W, 3), BGR.
        second: of the same size, laid on the first by a homography.
        valid: bool (H, W), where both show something.

    Source:
        Corners by Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016; epipolar
        lines by MAGSAC++, CVPR 2020; Hartley, Theory and practice of projective rectification, IJCV
        1999; Hirschmüller, Stereo processing by semiglobal matching, PAMI 2008.
    """
    size = size_of(first)
    here, there = (np.clip(one, 0, 255).astype(np.uint8) for one in (first, second))
    rectified = _rectified(*_followed(here, there, valid), size)
    if rectified is None:
        return None
    left, right = (
        cv2.warpPerspective(flattened(one), matrix, rectified.canvas, borderValue=(128, 128, 128))
        for one, matrix in ((here, rectified.first), (there, rectified.second))
    )
    disparity, hidden = _disparity(left, right, rectified.lowest, rectified.highest)
    return _on_the_first(disparity, hidden, rectified, size)


def _followed(here: Pixels, there: Pixels, valid: Flags) -> tuple[Points, Points]:
    """Corners of one picture, and where they are on the other."""
    small, other = (
        flattened(cv2.cvtColor(shrink(one, LOOK_SIDE), cv2.COLOR_BGR2GRAY)) for one in (here, there)
    )
    mask = cv2.resize(valid.astype(np.uint8), size_of(small), interpolation=cv2.INTER_NEAREST)
    spots = cv2.goodFeaturesToTrack(small, MOST_CORNERS, CORNER, APART_PX, mask=mask)
    if spots is None or min(small.shape) < LEAST_SIDE:
        return np.empty((0, 2)), np.empty((0, 2))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    ahead, back = (
        search.calc(*pair, np.zeros((*small.shape, 2), np.float32))
        for pair in ((small, other), (other, small))
    )
    places = spots[:, 0].astype(int)
    moves = _at(ahead, places)
    returned = _at(back, np.rint(places + moves).astype(int))
    kept = np.linalg.norm(moves + returned, axis=1) < ASTRAY_PX
    points = places[kept].astype(np.float64)
    to_full = stretch(size_of(small), size_of(here))
    return transform(points, to_full), transform(points + moves[kept], to_full)


def _at(flow: MatLike, places: NDArray[np.int_]) -> NDArray[np.float32]:
    """The flow at each place, or at the next one to it on the picture."""
    x, y = places.clip(0, np.array(size_of(flow)) - 1).T
    return np.asarray(flow[y, x])


def _rectified(here: Points, there: Points, size: Size) -> Rectified | None:
    """The canvas on which epipolar lines are rows; None if they tell of no depth."""
    unit = max(1.0, max(size) / LOOK_SIDE)
    if len(here) < FEWEST:
        return None
    lines, agreeing = cv2.findFundamentalMat(
        here, there, cv2.USAC_MAGSAC, LINE_PX * unit, 0.999, 2000
    )
    if lines is None or lines.shape != (3, 3) or np.mean(agreeing) < LEAST_SUPPORT:
        return None
    chosen = agreeing.ravel() > 0
    here, there = here[chosen], there[chosen]
    is_far = np.linalg.norm(there - here, axis=1) > FAR_PX * unit
    cells = (here * CELLS / size).astype(int) @ (1, CELLS)
    if len(np.unique(cells[is_far])) < LEAST_FAR * len(np.unique(cells)):
        return None
    is_found, first, second = cv2.stereoRectifyUncalibrated(here, there, lines, size)
    if not is_found:
        return None
    matrices = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return _on_a_canvas(*matrices, here, there, size)


def _on_a_canvas(
    first: Matrix, second: Matrix, here: Points, there: Points, size: Size
) -> Rectified | None:
    """The two homographies moved to where nothing is cut off.

    None if they tear the pictures, or leave too much to try.
    """
    frame = outline(size)
    if any(np.ptp(np.sign(frame @ one[2, :2] + one[2, 2])) for one in (first, second)):
        return None
    corners = np.concatenate([transform(frame, one) for one in (first, second)])
    canvas = np.ceil(np.ptp(corners, axis=0))
    if canvas.prod() > MOST_CANVAS * np.prod(size):
        return None
    shift = np.eye(3)
    shift[:2, 2] = -corners.min(axis=0)
    first, second = shift @ first, shift @ second
    apart = (transform(here, first) - transform(there, second))[:, 0]
    lowest, highest = np.percentile(apart, [1, 99])
    if canvas.prod() * (highest - lowest) > MOST_TRIED:
        return None
    return Rectified(
        first,
        second,
        (int(canvas[0]), int(canvas[1])),
        int(np.floor(lowest)) - SPARE_PX,
        int(np.ceil(highest)) + SPARE_PX,
    )


def _disparity(left: MatLike, right: MatLike, lowest: int, highest: int) -> tuple[Disparity, Flags]:
    """Of each pixel of the left one, and which of them the right one does not show.

    What is not matched for sure lies as near as what is beside it: whichever of the two looks
    more alike. It is hidden if something else is for sure at both of these places.
    """
    here = _matched(left, right, lowest, highest)
    there = _matched(right[:, ::-1], left[:, ::-1], lowest, highest)[:, ::-1]
    back = _along_rows(there.copy(), here, UNKNOWN)
    is_sure = (np.abs(here - back) < SAME_PX) & (_unlikeness(left, right, here) < ALIKE_LEVELS)
    is_sure = _without_specks(here, is_sure)
    before, after = _neighbours(is_sure)
    rows = np.arange(len(here))[:, np.newaxis]
    nearest = [here[rows, one] for one in (before, after)]
    taken = _taken(here, is_sure)
    hidden = ~is_sure
    for one in nearest:
        hidden &= _along_rows(taken, one, 0) > 0
    choice = np.where(
        _unlikeness(left, right, nearest[0]) <= _unlikeness(left, right, nearest[1]), *nearest
    )
    return np.where(is_sure, here, choice).astype(np.float32), np.asarray(hidden)


def _taken(disparity: Disparity, is_sure: Flags) -> Pixels:
    """1 where the right picture shows what is for sure on the left one."""
    rows, x = np.nonzero(is_sure)
    there = np.rint(x - disparity[is_sure]).astype(int)
    is_inside = (there >= 0) & (there < disparity.shape[1])
    taken = np.zeros(disparity.shape, np.uint8)
    taken[rows[is_inside], there[is_inside]] = 1
    return closed(taken, square(1))


def _matched(left: MatLike, right: MatLike, lowest: int, highest: int) -> Disparity:
    """By semiglobal matching."""
    count = -(-(highest - lowest + 1) // 16) * 16
    area = BLOCK**2 * left.shape[2]
    matcher = cv2.StereoSGBM.create(
        lowest,
        count,
        BLOCK,
        SMALL_STEP * area,
        LARGE_STEP * area,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
    # What is searched beyond a side would be left out.
    rim = max(abs(lowest), abs(lowest + count)) + 1
    wide = [cv2.copyMakeBorder(one, 0, 0, rim, rim, cv2.BORDER_REPLICATE) for one in (left, right)]
    return np.asarray(matcher.compute(*wide)[:, rim:-rim] / 16, np.float32)


def _along_rows(image: MatLike, disparity: Disparity, beyond: float) -> MatLike:
    """Each pixel taken from so far to its left."""
    height, width = disparity.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ends = (beyond, beyond, beyond, beyond)
    return cv2.remap(
        image, x - disparity, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=ends
    )


def _unlikeness(left: MatLike, right: MatLike, disparity: Disparity) -> Disparity:
    apart = largest(cv2.absdiff(left, _along_rows(right, disparity, 128)))
    return np.asarray(cv2.blur(apart.astype(np.float32), (BLOCK, BLOCK)), np.float32)


def _without_specks(disparity: Disparity, is_sure: Flags) -> Flags:
    sixteenths = np.where(is_sure, 16 * disparity, UNKNOWN).astype(np.int16)
    cv2.filterSpeckles(sixteenths, int(UNKNOWN), round(SPECK * is_sure.size), 16)
    return sixteenths > UNKNOWN


def _neighbours(is_sure: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The columns of the nearest sure pixel to the left and to the right; else the other one's."""
    width = is_sure.shape[1]
    x = np.arange(width)
    before = np.maximum.accumulate(np.where(is_sure, x, -1), axis=1)
    after = np.minimum.accumulate(np.where(is_sure, x, width)[:, ::-1], axis=1)[:, ::-1]
    first, last = np.where(before < 0, after, before), np.where(after == width, before, after)
    return first.clip(0, width - 1), last.clip(0, width - 1)


def _on_the_first(
    disparity: Disparity, hidden: Flags, rectified: Rectified, size: Size
) -> Parallax:
    """The same as a flow of the first picture."""
    width, height = size
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float64)
    shown = transform(places.reshape(-1, 2), rectified.first).reshape(height, width, 2)
    x, y = np.rint(shown).astype(int).transpose(2, 0, 1)
    x, y = x.clip(0, rectified.canvas[0] - 1), y.clip(0, rectified.canvas[1] - 1)
    shown[..., 0] -= disparity[y, x]
    there = transform(shown.reshape(-1, 2), inverse(rectified.second)).reshape(height, width, 2)
    return Parallax((there - places).astype(np.float32), hidden[y, x])
