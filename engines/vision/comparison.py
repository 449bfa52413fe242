"""Comparison: where two pictures that lie on each other differ, whatever their light and noise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.averages import apart_on_average
from engines.vision.bending import Flow, bend, moved, unmoved
from engines.vision.channels import largest
from engines.vision.lettering import lettered
from engines.vision.light import are_in_one_light, in_the_light_of
from engines.vision.morphology import closed, disc, square, window

Layers: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3): a picture, BGR."""
Planes: TypeAlias = NDArray[np.float32]
"""float32 (3, H, W): what is compared of a picture, brightness and two of colour."""
Levels: TypeAlias = NDArray[np.float32]
"""float32 (H, W)."""
Flags: TypeAlias = NDArray[np.bool_]
"""bool (H, W)."""
Labels: TypeAlias = NDArray[np.int32]
"""int32 (H, W): the number of the part a pixel belongs to; 0 for none."""
Areas: TypeAlias = NDArray[np.int32]
"""int32 (N,): of each part, in pixels."""

DARKEST, BRIGHTEST = 4, 250
"""Beyond these a sensor may have been blind to what the other picture shows."""
UNSURE_LEVELS = 18.0
"""How much of the least difference is for noise and light, which exact register has none of."""
LEAST_LEVELS = 4.0
EXACT_FINEST = 1.5
FEWEST = 3
"""Strong pixels that a weaker one has to touch; one twice as strong counts for two."""
STRENGTH = 1.5
"""How many limits, times the least area, a small part has to add up to if there is no noise."""
HALO_PX, HALO = 3, 0.35
"""How far blur spreads a mark, and the most that it leaves there of what is beside it."""
RINGING_PX, RINGING = 10, 0.1
"""The same of what a JPEG leaves in the blocks around a mark."""
BLOCK_PX, BLOCK_RINGING = 15, 0.2
"""The same in the blocks that changed, of 16 px in colour, of a JPEG that has left all others as
they were."""
SOFTNESS = 0.25
"""Share of the contrast of a thin line that is lost if its edges lie otherwise, and of its colour
if JPEG has halved that."""
FAINTNESS = 0.25
"""How much more a line may stand out than it does on the other picture, where ragged edges have all
but closed it: share of its contrast there."""
RESAMPLED_SOFTNESS = 0.06
"""The same where edges are in place, but one picture was resampled; of its colour nothing."""
COLOUR_REACH = 2
"""How far around it a JPEG's colour is soft, px."""
EVEN_LEVELS = 4.0
"""How much the levels vary where there is neither an edge nor noise."""
TINT_PX, BLOCKS_PX = 3, 9
"""Half the width of an even area that is none of a JPEG's blocks, of brightness and of colour."""
RING_PX = 4, 8
"""How far from an even area its surroundings begin and end."""
FAINT_LEVELS, FAINT_COLOUR = 3.0, 8.0
"""How far a pixel is apart, softness aside, or in colour, where the means around it are."""
MOST_USUAL = 20.0
"""Levels; more is no noise, but pictures that differ nearly everywhere."""
LEAST_VALUE = 12.0
"""Levels of the lightest channel below which hue and saturation count for less: one level of
noise is another hue there."""


@dataclass(frozen=True, slots=True)
class Strictness:
    """What counts as a difference; lengths in pixels of the pictures compared.

    Args:
        levels: least difference, in grey levels of 255.
        blur: sigma by which both are blurred if there is noise.
        finest: side of the smallest detail that is no noise.
        smallest: side of the smallest difference.
        gap: parts nearer than this are one difference.
        tolerance: an edge may lie so many pixels away.
        is_resampled: one picture was moved or scaled onto the other, which softens it.
        is_by_hue: weigh hue and saturation rather than brightness.
    """

    levels: float
    blur: float
    finest: float
    smallest: float
    gap: float
    tolerance: int
    is_resampled: bool
    is_by_hue: bool

    @property
    def sure_levels(self) -> float:
        """The least difference where there is neither noise nor another light."""
        return max(LEAST_LEVELS, self.levels - UNSURE_LEVELS)


class _Ranged(NamedTuple):
    """What is compared of a picture, and the darkest and lightest of it beside each pixel."""

    levels: Planes
    darkest: Planes
    lightest: Planes

    @property
    def contrast(self) -> Planes:
        return self.lightest - self.darkest


class Comparison(NamedTuple):
    """Which pixels differ, and where each of them lies on the second picture: see `bend`."""

    marked: Flags
    flow: Flow


def differing(first: Layers, second: Layers, valid: Flags, strictness: Strictness) -> Comparison:
    """Find the pixels of which the two pictures show different things.

    Each pixel is compared with the range of its neighbourhood on the other picture, so
    edges may lie a little apart; and must stand out from what is usual around it.

    Args:
        first: BGR.
        second: of the same size, laid on the first.
        valid: where both are to be compared; nothing outside is marked.
        strictness: see there.
    """
    if not valid.any():
        return Comparison(valid.copy(), unmoved(valid))
    is_same_light = are_in_one_light(first, second, valid)
    expected = in_the_light_of(first, second, valid)
    flow = bend(expected, second, valid)
    second = moved(second, flow)
    here, there = (
        _ranged(_compared(one, strictness.blur, strictness.is_by_hue))
        for one in (_unblinded(first, expected, second), second)
    )
    apart = _apart(here, there, strictness) * valid
    limit = strictness.levels + 2 * _usual(apart, valid)
    marked = _standing_out(apart, limit)
    if is_same_light:
        marked |= _little_apart(here, there, apart, valid, strictness)
    inside = window(marked, max(HALO_PX, _core_px(strictness)))
    parts = np.zeros_like(valid)
    parts[inside] = _parts(
        marked[inside],
        apart[inside],
        limit[inside],
        valid[inside],
        strictness,
        is_same_light=is_same_light,
    )
    return Comparison(lettered(parts) & valid, flow)


def differing_exactly(
    first: Pixels, second: Pixels, valid: Flags, strictness: Strictness
) -> Comparison:
    """The same, of uint8 pictures that are level for level the same where nothing changed.

    There is neither noise nor another light then, and no edge lies elsewhere.
    """
    # Beyond the box of all that differs nothing can be marked.
    inside = window(largest(cv2.absdiff(first, second)))
    here, there = (
        _compared(one[inside].astype(np.float32), 0, strictness.is_by_hue)
        for one in (first, second)
    )
    apart = _length(here - there)
    ringing = BLOCK_RINGING * cv2.dilate(apart, square(BLOCK_PX))
    is_apart = np.asarray((apart > np.maximum(strictness.sure_levels, ringing)) & valid[inside])
    whole, labels, areas = _joined(is_apart, valid[inside], strictness.gap)
    is_kept = areas >= _least_area(EXACT_FINEST, strictness)
    marked = np.zeros_like(valid)
    marked[inside] = whole & is_kept[labels]
    return Comparison(lettered(marked) & valid, unmoved(valid))


def _little_apart(
    here: _Ranged, there: _Ranged, apart: Levels, valid: Flags, strictness: Strictness
) -> Flags:
    """What differs by little in one light: even areas of another tint, letters in another ink."""
    limit = strictness.sure_levels
    moves = here.levels - there.levels
    darker, colour = np.abs(moves[0]), _length(moves[1:])
    is_even = valid & (np.maximum(here.contrast, there.contrast).max(axis=0) <= EVEN_LEVELS)
    tinted = _bounded(darker, is_even, valid, limit, TINT_PX)
    tinted |= _bounded(colour, is_even, valid, FAINT_COLOUR, BLOCKS_PX)
    marked = np.asarray(tinted & (apart > limit))
    layers = [np.asarray(cv2.merge([*one.levels]), np.float32) for one in (here, there)]
    around = apart_on_average(layers[0], layers[1], valid, is_ragged=strictness.tolerance > 1)
    if around.any():
        marked |= around & _faint(apart, colour)
    return marked


def _parts(
    marked: Flags,
    apart: Levels,
    limit: Levels,
    valid: Flags,
    strictness: Strictness,
    *,
    is_same_light: bool,
) -> Flags:
    """What was marked, joined where it is near, but for what is noise, or halo."""
    whole, labels, areas = _joined(marked, valid, strictness.gap)
    is_kept = _are_large(whole, labels, areas, strictness)
    if is_same_light and strictness.tolerance <= 1:
        is_kept |= _are_strong(labels, areas, apart / limit, strictness)
    kept = np.asarray(whole & is_kept[labels])
    # A wider tolerance has taken what is beside an edge already.
    return _without_halo(kept, apart) if strictness.tolerance <= 1 else kept


def _are_large(whole: Flags, labels: Labels, areas: Areas, strictness: Strictness) -> Flags:
    """Which parts are no noise by their size; those cut to pieces would count more, not fewer."""
    cores = cv2.morphologyEx(whole.astype(np.uint8), cv2.MORPH_OPEN, disc(_core_px(strictness)))
    is_kept = np.bincount(labels[np.asarray(cores) > 0], minlength=len(areas)) > 0
    return np.asarray(is_kept & (areas >= _least_area(strictness.finest, strictness)))


def _are_strong(labels: Labels, areas: Areas, limits: Levels, strictness: Strictness) -> Flags:
    """Which parts, however small, add up to so many limits, where edges are in place."""
    if _core_px(strictness) > 1:
        return np.zeros(len(areas), np.bool_)
    is_part = labels > 0
    strengths = np.bincount(labels[is_part], limits[is_part], len(areas))
    is_strong = strengths >= STRENGTH * _least_area(strictness.finest, strictness)
    return np.asarray(is_strong & (areas >= _least_area(0, strictness)))


def _core_px(strictness: Strictness) -> int:
    return max(1, round(strictness.finest / 3))


def _joined(marked: Flags, valid: Flags, gap: float) -> tuple[Flags, Labels, Areas]:
    """What was marked with its gaps filled; the number of each pixel's part, and their areas."""
    whole = (closed(marked.astype(np.uint8), disc(max(1, round(gap)))) > 0) & valid
    _, labels, facts, _ = cv2.connectedComponentsWithStats(whole.astype(np.uint8), connectivity=8)
    areas = np.asarray(facts, np.int32)[:, cv2.CC_STAT_AREA]
    return np.asarray(whole), np.asarray(labels, np.int32), areas


def _least_area(finest: float, strictness: Strictness) -> float:
    return float(0.6 * max(finest, strictness.smallest) ** 2)


def _unblinded(first: Layers, expected: Layers, second: Layers) -> Layers:
    """What is expected, but as the second has it where the first was over- or underexposed."""
    is_over = (first >= BRIGHTEST) & (second > expected)
    is_under = (first <= DARKEST) & (second < expected)
    return np.where(is_over | is_under, second, np.clip(expected, 0, 255))


def _compared(image: Layers, blur: float, is_by_hue: bool) -> Planes:
    """Brightness and two of colour, the latter softer, as JPEG files have it."""
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), blur) if blur else image, np.float32)
    planes = _by_hue(soft) if is_by_hue else _by_brightness(soft)
    if blur:
        planes[1:] = [cv2.GaussianBlur(one, (0, 0), 1.5) for one in planes[1:]]
    return planes


def _by_brightness(image: Layers) -> Planes:
    blue, green, red = cv2.split(image)
    luma = 0.114 * blue + 0.587 * green + 0.299 * red
    return np.stack([luma, 0.75 * (blue - luma), 0.75 * (red - luma)]).astype(np.float32)


def _by_hue(image: Layers) -> Planes:
    hue, saturation, value = cv2.split(cv2.cvtColor(np.clip(image / 255, 0, 1), cv2.COLOR_BGR2HSV))
    certainty = np.minimum(1, value * (255 / LEAST_VALUE))
    angle, radius = np.deg2rad(hue), 127 * certainty * saturation
    return np.stack([127 * value, radius * np.cos(angle), radius * np.sin(angle)])


def _ranged(planes: Planes) -> _Ranged:
    return _Ranged(planes, _each(cv2.erode, planes), _each(cv2.dilate, planes))


def _each(morph: Callable[..., MatLike], planes: Planes, reach: int = 1) -> Planes:
    """Each plane eroded or dilated, by so many pixels."""
    return np.stack([np.asarray(morph(one, square(reach)), np.float32) for one in planes])


def _apart(here: _Ranged, there: _Ranged, strictness: Strictness) -> Levels:
    """How far each pixel is from what the other picture has nearby, both ways."""
    beyond = np.maximum(_beyond(here, there, strictness), _beyond(there, here, strictness))
    beyond[1:] -= SOFTNESS * np.maximum(*(_colour_contrast(one.levels) for one in (here, there)))
    return _length(np.maximum(0, beyond))


def _beyond(image: _Ranged, other: _Ranged, strictness: Strictness) -> Planes:
    """How much darker or lighter each pixel is than all that the other has where it may lie.

    Beyond the nearest pixels, what is as dark or light is reached only through what is so on this
    picture too: an edge may lie off, but a hole in a line does not lie on the line's other side.
    """
    darker = np.maximum(other.darkest, image.levels)
    lighter = np.minimum(other.lightest, image.levels)
    for _ in range(strictness.tolerance - 1):
        darker = np.maximum(_each(cv2.erode, darker), image.levels)
        lighter = np.minimum(_each(cv2.dilate, lighter), image.levels)
    beyond = np.maximum(darker - image.levels, image.levels - lighter)
    if strictness.tolerance > 1:
        beyond -= SOFTNESS * image.contrast + FAINTNESS * _thin_lines(other)
    elif strictness.is_resampled:
        beyond[0] -= RESAMPLED_SOFTNESS * image.contrast[0]
    return np.asarray(beyond, np.float32)


def _thin_lines(image: _Ranged) -> Planes:
    """How far what is one or two pixels wide stands out from what is beside it."""
    closing, opening = _each(cv2.erode, image.lightest), _each(cv2.dilate, image.darkest)
    return closing - opening


def _colour_contrast(planes: Planes) -> Planes:
    """How much the colour varies around each pixel."""
    lightest, darkest = (_each(one, planes[1:], COLOUR_REACH) for one in (cv2.dilate, cv2.erode))
    return lightest - darkest


def _length(planes: Planes) -> Levels:
    """Of the vector that the planes are of, at each pixel."""
    return np.asarray(np.sqrt(np.square(planes).sum(axis=0)), np.float32)


def _standing_out(apart: Levels, limit: Levels) -> Flags:
    """Pixels above the limit, and weaker ones that touch enough of them."""
    is_strong = apart > limit
    weak = (apart > limit / 2).astype(np.uint8)
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    strong = np.bincount(labels[is_strong], (apart / limit)[is_strong], count)
    return np.asarray((strong >= FEWEST)[labels] & (weak > 0))


def _faint(apart: Levels, colour: Levels) -> Flags:
    """Pixels that are apart by little, in colour even if its softness explains that; no halo."""
    near, ringing = (
        share * cv2.dilate(apart, square(reach))
        for share, reach in ((HALO, HALO_PX), (RINGING, RINGING_PX))
    )
    is_other = apart > np.maximum(FAINT_LEVELS, np.maximum(near, ringing))
    beside = HALO * cv2.dilate(colour, square(HALO_PX))
    return np.asarray(is_other | (colour > np.maximum(FAINT_COLOUR, beside)))


def _without_halo(parts: Flags, apart: Levels) -> Flags:
    """Each part without what blur has spread around it: far below what is beside it.

    Only from outside, and no part is cut to pieces.
    """
    is_faint = apart < HALO * cv2.dilate(apart, square(HALO_PX))
    peeled = parts
    for _ in range(HALO_PX):
        inner = cv2.erode(peeled.astype(np.uint8), square(1)) > 0
        peeled = peeled & (inner | ~is_faint)
    count, whole = cv2.connectedComponents(parts.astype(np.uint8), connectivity=8)
    pieces, labels = cv2.connectedComponents(peeled.astype(np.uint8), connectivity=8)
    parents = np.zeros(pieces, np.int32)
    parents[labels[peeled]] = whole[peeled]
    is_one = np.bincount(parents[1:], minlength=count) == 1
    return np.where(is_one[whole], peeled, parts)


def _bounded(apart: Levels, is_even: Flags, valid: Flags, limit: float, half_px: int) -> Flags:
    """Even areas that are apart, so wide somewhere, and what is near; all but those in a light.

    Another light is smooth: it differs beyond the area too.
    """
    areas = (is_even & (apart > limit)).astype(np.uint8)
    cores = cv2.erode(areas, square(half_px))
    if not cores.any():
        return np.zeros_like(is_even)
    count, parts = cv2.connectedComponents(areas, connectivity=8)
    labels = np.asarray(parts, np.int32)
    is_wide = np.bincount(labels[np.asarray(cores) > 0], minlength=count) > 0
    grown = [cv2.dilate(labels.astype(np.float32), square(reach)) for reach in RING_PX]
    ring = np.where((grown[0] == 0) & valid, grown[1], 0).astype(np.int32)
    inside, outside = (_mean_of_each(one, apart, count) for one in (labels, ring))
    is_tint = is_wide & (outside < inside / 2)
    is_tint[0] = False
    return cv2.dilate(is_tint[labels].astype(np.uint8), square(RING_PX[0])) > 0


def _mean_of_each(labels: Labels, levels: Levels, count: int) -> NDArray[np.float64]:
    sizes = np.bincount(labels.ravel(), minlength=count)
    return np.bincount(labels.ravel(), levels.ravel(), count) / np.maximum(1, sizes)


def _usual(apart: Levels, valid: Flags) -> Levels:
    """The mean distance around each pixel, large ones cut off."""
    most = min(MOST_USUAL, 3 * float(np.median(apart[valid])) + 6)
    side = int(0.2 * max(valid.shape)) | 1
    total = cv2.boxFilter(np.minimum(apart, most), -1, (side, side))
    share = cv2.boxFilter(valid.astype(np.float32), -1, (side, side))
    return np.asarray(total / np.maximum(share, 0.05), np.float32)
