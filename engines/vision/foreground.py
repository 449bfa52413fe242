"""Foreground: which pixels of one channel differ from the ground around them, and their outlines.

The ground is a quadratic surface through the picture's border; what lies further from it than the
border itself does is foreground. Where the border is no plain ground, Otsu's threshold divides.
"""

from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.core.transparency import visible
from engines.vision.counting import percentile
from engines.vision.morphology import disc
from engines.vision.scaling import reduced

MOST_PIXELS = 4_000_000
"""Of a picture in which objects are looked for; edges of larger ones are seldom as sharp."""
BORDER = 0.02
BORDER_LOOK_PX = 200
"""Longer side of the copy whose border is looked at; it hides a fine texture."""
ARCS_A_SIDE = 6
SURFACE_PX = 256
PLAIN = 28.0
"""Levels by which the border of a plain ground deviates from the surface through it, at most."""
FIT_POINTS = 2000
LEAST_CONTRAST = 3.0
EDGE_RADIUS_PX = 3
LEAST_AREA_PX = 16
LEAST_AREA = 2e-5

Outline = NDArray[np.int32]


class Foreground(NamedTuple):
    """The pixels that differ, and by how much every pixel does."""

    mask: Pixels
    contrast: Pixels


def foreground(channel: Pixels) -> Foreground:
    """Divide a channel into what is like the ground at its border, 0, and what is not, 1.

    Source:
        Otsu, A threshold selection method from gray-level histograms, IEEE SMC 9(1), 1979;
        own in where the ground comes from.
    """
    smooth = np.asarray(cv2.GaussianBlur(channel, (0, 0), 1), np.uint8)
    contrast = np.asarray(cv2.absdiff(smooth, ground(smooth)), np.uint8)
    _, differs = cv2.threshold(contrast, _threshold(smooth, contrast), 1, cv2.THRESH_BINARY)
    without_specks = cv2.morphologyEx(differs, cv2.MORPH_OPEN, disc(1))
    return Foreground(_trimmed(without_specks, contrast), contrast)


def cut_out(image: Pixels) -> Foreground | None:
    """What is visible on a transparent ground; None where the border is not mostly transparent.

    Args:
        image: BGRA, or BGR without any ground.
    """
    if image.shape[2] < 4:
        return None
    mask = visible(image)
    around = np.concatenate([arc.ravel() for arc in border(mask)])
    return Foreground(mask, image[..., 3]) if around.mean() < 0.5 else None


def fisher_ratio(found: Foreground) -> float:
    """How well a channel parts object and ground: 0 without an object, no upper bound.

    The squared difference of their mean contrasts, by the sum of the contrasts' variances; the 1
    is one grey level, for what is wholly even.

    Source:
        Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7(2),
        1936.
    """
    if not found.mask.any():
        return 0.0
    inside, inner_spread = cv2.meanStdDev(found.contrast, mask=found.mask)
    outside, outer_spread = cv2.meanStdDev(found.contrast, mask=1 - found.mask)
    return float(((inside - outside) ** 2 / (inner_spread**2 + outer_spread**2 + 1))[0, 0])


def outlines(mask: MatLike) -> list[Outline]:
    """The outer outlines of what is not 0, the biggest first, without specks."""
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    least = max(LEAST_AREA_PX, LEAST_AREA * mask.size)
    sized = [(enclosed_pixels(one), np.asarray(one[:, 0], np.int32)) for one in found]
    big = [one for one in sized if one[0] >= least]
    return [outline for _, outline in sorted(big, key=lambda one: one[0], reverse=True)]


def enclosed_pixels(outline: MatLike) -> float:
    """How many pixels an outline holds, those it runs over among them: Pick's theorem."""
    points = outline.reshape(-1, 2)
    steps = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1)
    return float(cv2.contourArea(points) + steps.sum() / 2 + 1)


def border(channel: MatLike) -> list[MatLike]:
    """The picture's border, in arcs of about one length."""
    width = _border_px(channel)
    across, down = (channel[:width], channel[-width:]), (channel[:, :width], channel[:, -width:])
    return [
        arc
        for axis, sides in ((1, across), (0, down))
        for side in sides
        for arc in np.array_split(side, ARCS_A_SIDE, axis)
        if arc.size
    ]


def has_plain_border(image: Pixels) -> bool:
    """Whether a surface fits the border in some channel, as it does on a plain ground.

    Args:
        image: uint8 (H, W, 3), BGR; a copy of `BORDER_LOOK_PX`.
    """
    planes = [np.ascontiguousarray(plane, np.uint8) for plane in cv2.split(image)]
    return any(deviation(cv2.absdiff(one, ground(one))) <= PLAIN for one in planes)


def _border_px(channel: MatLike) -> int:
    side: int = min(channel.shape[:2])
    return max(1, round(BORDER * side))


def ground(channel: Pixels) -> Pixels:
    """The quadratic surface that fits a channel's border best."""
    height, width = channel.shape
    x, y = _places(min(width, SURFACE_PX)), _places(min(height, SURFACE_PX))[:, np.newaxis]
    level, by_x, by_y, by_xx, by_xy, by_yy = _fit(channel)
    levels = level + by_x * x + by_xx * x * x + (by_y + by_yy * y + by_xy * x) * y
    small = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _fit(channel: Pixels) -> NDArray[np.float64]:
    """The surface's coefficients, by least squares without those that deviate.

    First a level, then a plane, then the whole: an object over the border bends no level.
    """
    x, y, levels = _border_points(channel)
    terms, coefficients = _terms(x, y), np.zeros(6)
    residuals = levels - _median(levels)
    for order in (1, 3, 3, 6, 6, 6):
        apart = np.abs(residuals)
        is_ground = apart <= 1 + 3.7 * _median(apart)
        used = terms.compress(is_ground, axis=0)[:, :order]
        products = used.T @ used, used.T @ levels[is_ground]
        coefficients[:order] = cv2.solve(*products, flags=cv2.DECOMP_SVD)[1][:, 0]
        residuals = levels - terms @ coefficients
    return coefficients


def _median(values: NDArray[np.float64]) -> float:
    """NumPy's, which takes three times as long for so few."""
    middle = (len(values) - 1) // 2, len(values) // 2
    return float(np.partition(values, middle)[[*middle]].mean())


def _border_points(channel: Pixels) -> tuple[NDArray[np.float64], ...]:
    height, width = channel.shape
    thickness = _border_px(channel)
    inner_height, inner_width = (max(0, side - 2 * thickness) for side in channel.shape)
    count = channel.size - inner_height * inner_width
    places = np.arange(0, count, max(1, count // FIT_POINTS))
    # Of the border row by row: what lies between its sides is passed over once for each row.
    passed = (places - thickness * width - thickness) // (2 * thickness) + 1
    rows, columns = np.divmod(places + inner_width * passed.clip(0, inner_height), width)
    return _places(width)[columns], _places(height)[rows], channel[rows, columns].astype(float)


def _places(count: int) -> NDArray[np.float64]:
    """The pixels' middles along a side that reaches from -1 to 1."""
    return (2 * np.arange(count) + 1) / count - 1


def _terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _threshold(channel: Pixels, contrast: Pixels) -> float:
    """A little above the contrast of the ground itself; Otsu's where that is a smaller one."""
    own = LEAST_CONTRAST + 1.3 * deviation(contrast)
    if not _has_large_parts(channel):
        return own
    otsu, _ = cv2.threshold(contrast, 0, 255, cv2.THRESH_OTSU)
    return max(LEAST_CONTRAST, min(own, otsu))


def deviation(contrast: MatLike) -> float:
    """The border's contrast with the surface through it.

    Of the arcs' figures a higher one, not the highest: an object may reach over the border.
    """
    return float(np.percentile([percentile(arc, 98) for arc in border(contrast)], 70))


def _has_large_parts(channel: Pixels) -> bool:
    """Whether more than noise and texture is there: much variance is left in a 16 x 16 picture."""
    coarse = reduced(channel, (16, 16))
    _, spread = cv2.meanStdDev(channel)
    return bool(coarse.std() > spread[0, 0] / 3)


def _trimmed(differs: MatLike, contrast: Pixels) -> Pixels:
    """Without the rim that blur and compression lay round an edge: its inner half is kept."""
    around = cv2.dilate(contrast, disc(EDGE_RADIUS_PX))
    is_inner = cv2.compare(contrast, around // 2, cv2.CMP_GT)
    return np.asarray(cv2.bitwise_and(differs, is_inner), np.uint8)
