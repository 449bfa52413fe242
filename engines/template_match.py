"""Template matching: all places of a picture that look like a smaller picture, the template."""

import math
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core import progress, transparency
from engines.core.errors import BadParameter, PictureTooSmall
from engines.core.registry import engine
from engines.core.shapes import (
    Box,
    Details,
    EngineResult,
    Image,
    Info,
    Parameters,
    Picture,
    Pixels,
    WithAlpha,
)
from engines.vision import boxes, marking
from engines.vision.correlation import DECIMALS, Method, Samples, pattern, scores
from engines.vision.morphology import square
from engines.vision.scaling import Size, scaled, size_of

MOST_RESULTS = 1000
MOST_POSES = 1000
MOST_MEGAPIXELS = 1000
"""Of all channels that are looked at, once for each size and angle."""
LEAST_SIDE_PX = 8
"""Of a template made smaller; fewer pixels look like anything."""


class Params(Parameters):
    """How to compare, what counts as a match, and how much the template may vary."""

    method: Method = Field(
        Method.TM_CCOEFF_NORMED,
        description="TM_CCOEFF compares patterns, TM_CCORR brightness and pattern, TM_SQDIFF pixel"
        " by pixel. With _NORMED a match may be lighter or darker, and for TM_CCOEFF also have"
        " less or more contrast.",
    )
    threshold: float = Field(0.8, ge=0.1, le=1, description="Least score of a match.")
    max_results: int = Field(20, ge=1, le=MOST_RESULTS, description="Most matches.")
    grayscale: bool = Field(True, description="false: colours count.")
    max_overlap: float = Field(
        0.3, ge=0, le=0.9, description="Overlap (IoU) above which two places are one match."
    )
    use_alpha: bool = Field(
        False,
        description="Compare what is opaque in the template alone; false: it lies on white.",
    )
    min_scale: float = Field(1, ge=0.25, le=1, description="Smallest size of the template.")
    max_scale: float = Field(1, ge=1, le=4, description="Largest size of the template.")
    scale_step: float = Field(1.1, ge=1.01, le=2, description="From one size to the next at most.")
    max_angle: float = Field(
        0, ge=0, le=180, description="How far the template may be turned either way, degrees."
    )
    angle_step: float = Field(
        5, ge=1, le=90, description="From one angle to the next at most, degrees."
    )


class FoundMatch(BaseModel):
    """A place that looks like the template."""

    box: Box = Field(
        description="left, top, right, bottom in pixels of the upright picture; around the turned"
        " template."
    )
    score: float = Field(ge=0, le=1, description="1: an exact copy.")
    scale: float = Field(description="Size of the template there; 1: as sent.")
    angle: float = Field(description="Of the template there, degrees counter-clockwise.")


class MatchInfo(Info):
    """How much was looked at."""

    candidates: int = Field(
        ge=0, description="Peaks at or above the threshold, before those that overlap are one."
    )
    templates: int = Field(ge=1, description="Sizes and angles of the template that were tried.")
    is_flat: bool = Field(description="The template has no pattern; places are compared by level.")


class Result(EngineResult[MatchInfo]):
    """The matches, best first."""

    matches: list[FoundMatch]
    best_score: float = Field(ge=0, le=1, description="Of the best place, match or not.")
    response: Picture = Field(exclude=True)
    """uint8 (H, W): 1 + 254 times the score, at the template's middle; 0 where it does not fit."""


def draw(image: Image, template: WithAlpha, result: Result) -> Picture:
    """The picture with each match framed, numbered, and with its score."""
    marks = [marking.Mark(one.box, "match", f"{one.score:.2f}") for one in result.matches]
    return Picture(marking.captioned(image, marks))


def heatmap(result: Result) -> Picture:
    """The score of each place as a colour, where the template's middle lies; black: none."""
    response = result.response.pixels
    colours = cv2.applyColorMap(response, cv2.COLORMAP_VIRIDIS)
    colours[response == 0] = 0
    return Picture(colours)


@engine(version="1.0.0", draw=draw, reference="template", deadline_seconds=120)
def template_match(image: Image, template: WithAlpha, *, params: Params) -> Result:
    """Find the places of a picture that look like a template.

    Scores are 0..1 and higher is better. With T the template, I a place, and a dash for what is
    left of each without its mean, they are, cut off at 0:

    - TM_CCOEFF_NORMED: T'I' / sqrt(T'T' I'I'), the correlation coefficient
    - TM_CCORR_NORMED: TI / sqrt(TT II)
    - TM_SQDIFF_NORMED: 1 - (T - I)² / sqrt(TT II)
    - TM_CCOEFF: T'I' / max(T'T', I'I')
    - TM_CCORR: TI / max(TT, II)
    - TM_SQDIFF: 1 - (T - I)² / T'T', the coefficient of determination

    OpenCV's sums without _NORMED have no bound, and TM_CCORR's is higher in any lighter place
    than in an exact copy. Divided as here they are 1 for an exact copy and nothing else, and low
    where the template is not, which they would not be by their own range in the picture.

    A template without contrast has no pattern; whatever the method, it is compared by
    1 - (T - I)² / (16 grey levels)² a pixel. A place without contrast has no TM_CCOEFF_NORMED: 0.

    Args:
        image: uint8 (H, W, 3), BGR.
        template: uint8 (h, w, 3), BGR, or (h, w, 4), BGRA.

    Returns:
        places in whole pixels, best first, then from the top and the left.

    Raises:
        PictureTooSmall: the template is larger than the picture.
        BadParameter: too many sizes and angles, or a template of which nothing is opaque.

    Source:
        Lewis, Fast normalized cross-correlation, Vision Interface 1995, on OpenCV's
        matchTemplate; how sums without _NORMED are scaled is our own.
    """
    poses = _fitting(_poses(params), template, image)
    planes = _planes(image, is_grey=params.grayscale)
    weighted = _weighted(template, params)
    _refuse_much_work(poses, planes, weighted)
    is_flat = pattern(weighted).is_flat
    response = np.zeros(image.shape[:2], np.uint8)
    places, candidates, best = list[_Place](), 0, 0.0
    for done, pose in enumerate(poses):
        posed = pattern(_posed(weighted, pose))
        if posed.is_flat and not is_flat:  # Made smaller, it has lost what made it a pattern.
            continue
        found = scores(planes, posed, params.method, partial(_report, done, len(poses)))
        _lay(found, response)
        best = max(best, round(float(found.max()), DECIMALS))
        peaks = _peaks(found, params.threshold)
        candidates += int(np.count_nonzero(peaks))
        places += _apart(peaks, posed.size, pose, params.max_overlap)
    matches = _distinct(places, params)
    return Result(
        matches=matches,
        best_score=best,
        response=Picture(response),
        details=Details[MatchInfo](
            message=_message(len(matches), best, params.threshold),
            info=MatchInfo(candidates=candidates, templates=len(poses), is_flat=is_flat),
        ),
    )


class _Pose(NamedTuple):
    """How a template lies in a picture."""

    scale: float
    angle: float

    def frame(self, size: Size) -> Size:
        """What holds a template of this size."""
        width, height = scaled(size, self.scale)
        turn = math.radians(self.angle)
        across, down = abs(math.cos(turn)), abs(math.sin(turn))
        # As a quarter turn's cosine is not quite 0.
        frame = (across * width + down * height, down * width + across * height)
        return math.ceil(frame[0] - 1e-6), math.ceil(frame[1] - 1e-6)


class _Place(NamedTuple):
    """Where a template lies, and how well it fits."""

    score: float
    box: Box
    pose: _Pose


def _poses(params: Params) -> list[_Pose]:
    """As sent first."""
    scales, angles = _scales(params), _angles(params)
    count = len(scales) * len(angles)
    if count > MOST_POSES:
        raise BadParameter(
            f"{len(scales)} sizes at {len(angles)} angles are {count} templates;"
            f" at most {MOST_POSES} are looked for."
        )
    return [_Pose(scale, angle) for scale in scales for angle in angles]


def _scales(params: Params) -> list[float]:
    """1, and on to the largest and to the smallest in even steps."""
    scales = [1.0]
    for end in (params.max_scale, params.min_scale):
        steps = math.ceil(abs(math.log(end)) / math.log(params.scale_step))
        scales += np.geomspace(1, end, steps + 1)[1:].tolist()
    return scales


def _angles(params: Params) -> list[float]:
    """0, and on to both sides in even steps; 180 and -180 are one."""
    steps = math.ceil(params.max_angle / params.angle_step)
    turned = np.linspace(0, params.max_angle, steps + 1)[1:].tolist()
    return [0.0, *turned, *(-angle for angle in turned if angle < 180)]


def _fitting(poses: list[_Pose], template: WithAlpha, image: Image) -> list[_Pose]:
    """The poses in which the template lies within the picture and can be recognised."""
    size, (width, height) = size_of(template), size_of(image)
    fitting = []
    for pose in poses:
        wide, high = pose.frame(size)
        is_seen = pose.scale >= 1 or min(scaled(size, pose.scale)) >= LEAST_SIDE_PX
        if wide <= width and high <= height and is_seen:
            fitting.append(pose)
    if not fitting:
        raise PictureTooSmall(
            f"The template is {size[0]} x {size[1]} px, larger than the picture of"
            f" {width} x {height} px."
        )
    return fitting


def _planes(image: Image, *, is_grey: bool) -> list[Pixels]:
    if is_grey:
        return [np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)]
    return [np.asarray(plane, np.uint8) for plane in cv2.split(image)]


def _weighted(template: WithAlpha, params: Params) -> Samples:
    """(h, w, channels + 1): levels times weights, and the weights."""
    if params.use_alpha and template.shape[2] == 4:
        levels, weights = template[..., :3], template[..., 3].astype(np.float32) / 255
    else:
        levels = transparency.laid(template, transparency.WHITE)
        weights = np.ones(levels.shape[:2], np.float32)
    if not weights.any():
        raise BadParameter("use_alpha is true, and the template is transparent all over.")
    if params.grayscale:
        levels = np.asarray(cv2.cvtColor(levels, cv2.COLOR_BGR2GRAY), np.uint8)[..., None]
    return np.dstack([levels * weights[..., None], weights])


def _refuse_much_work(poses: list[_Pose], planes: list[Pixels], weighted: Samples) -> None:
    # Weights take two transforms beside the levels' own.
    has_weights = weighted[..., -1].min() < 1
    passes = sum(3 if has_weights or pose.angle % 90 else 1 for pose in poses)
    megapixels = passes * len(planes) * planes[0].size // 1_000_000
    if megapixels > MOST_MEGAPIXELS:
        raise BadParameter(
            f"{len(poses)} templates in a picture of {planes[0].size / 1e6:.1f} Mpx are"
            f" {megapixels} Mpx to look at; at most {MOST_MEGAPIXELS} are looked at."
        )


def _posed(weighted: Samples, pose: _Pose) -> Samples:
    """The template in a pose, on the frame that holds it; what is outside of it weighs nothing."""
    size, resized = scaled(size_of(weighted), pose.scale), weighted
    if size != size_of(weighted):
        way = cv2.INTER_AREA if pose.scale < 1 else cv2.INTER_LINEAR
        resized = np.asarray(cv2.resize(weighted, size, interpolation=way), np.float32)
    if pose.angle % 90 == 0:
        return np.ascontiguousarray(np.rot90(resized, round(pose.angle / 90)))
    middle = ((size[0] - 1) / 2, (size[1] - 1) / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, pose.angle, 1), np.float64)
    frame = pose.frame(size_of(weighted))
    matrix[:, 2] += (np.array(frame) - size) / 2
    return np.asarray(cv2.warpAffine(resized, matrix, frame, flags=cv2.INTER_LINEAR), np.float32)


def _report(done: int, count: int, share: float) -> None:
    progress.report((done + share) / count)


def _lay(found: Samples, response: Pixels) -> None:
    """Put a template's scores where its middle lies, and where no other's are higher."""
    height, width = found.shape
    top, left = (response.shape[0] - height + 1) // 2, (response.shape[1] - width + 1) // 2
    part = response[top : top + height, left : left + width]
    np.maximum(part, np.rint(1 + 254 * found).astype(np.uint8), out=part)


def _peaks(found: Samples, threshold: float) -> Samples:
    """The scores at or above the threshold that none of the eight around exceeds; else 0."""
    is_peak = (found >= np.float32(threshold)) & (found == cv2.dilate(found, square(1)))
    return np.where(is_peak, found, np.float32(0))


def _apart(peaks: Samples, size: Size, pose: _Pose, max_overlap: float) -> list[_Place]:
    """The best peak, the best of those that do not overlap it, and so on."""
    near = _overlapping(size, size_of(peaks), max_overlap)
    down, across = near.shape[0] // 2, near.shape[1] // 2
    left = np.pad(peaks, ((down, down), (across, across)))
    # Of equal ones the first, from the top and the left.
    best = left.max(axis=1)
    places = list[_Place]()
    while len(places) < MOST_RESULTS and best.any():
        row = int(best.argmax())
        column = int(left[row].argmax())
        x, y = column - across, row - down
        box = Box(x, y, x + size[0], y + size[1])
        places.append(_Place(round(float(best[row]), DECIMALS), box, pose))
        rows = slice(row - down, row + down + 1)
        left[rows, column - across : column + across + 1][near] = 0
        best[rows] = left[rows].max(axis=1)
    return places


def _overlapping(size: Size, room: Size, max_overlap: float) -> NDArray[np.bool_]:
    """By how much a box may be moved, down and across, and overlap its old place by more."""
    across, down = (_shares(*one) for one in zip(size, room, strict=True))
    # An IoU of t is a common share of 2 t / (1 + t).
    is_near = np.outer(down, across) > 2 * max_overlap / (1 + max_overlap)
    rows, columns = is_near.any(axis=1), is_near.any(axis=0)
    return np.asarray(is_near[rows][:, columns])


def _shares(length: int, room: int) -> Samples:
    """What a stretch has in common with itself, moved by less than its length and the room."""
    most = min(length, room)
    return (1 - np.abs(np.arange(1 - most, most)) / length).astype(np.float32)


def _distinct(places: list[_Place], params: Params) -> list[FoundMatch]:
    """The best places, but for those that overlap a better one in another pose."""
    kept = list[_Place]()
    for one in sorted(places, key=lambda each: (-each.score, each.box.top, each.box.left)):
        if len(kept) == params.max_results:
            break
        if all(boxes.iou(one.box, better.box) <= params.max_overlap for better in kept):
            kept.append(one)
    return [
        FoundMatch(
            box=one.box,
            score=one.score,
            scale=round(one.pose.scale, DECIMALS),
            angle=round(one.pose.angle, DECIMALS),
        )
        for one in kept
    ]


def _message(count: int, best: float, threshold: float) -> str:
    if count:
        return f"Found {count} match{'' if count == 1 else 'es'}"
    return f"No match: the best place scores {best:g}, and the threshold is {threshold:g}"
