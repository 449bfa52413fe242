"""Differences: what was added, removed, moved or recoloured between two pictures of one thing."""

from typing import Annotated, TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core.choice import Choice
from engines.core.errors import BadParameter
from engines.core.registry import engine
from engines.core.shapes import (
    Box,
    Details,
    EngineResult,
    Image,
    Info,
    Mask,
    Parameters,
    Picture,
    Pixels,
)
from engines.vision.bending import Flow
from engines.vision.boxes import corners
from engines.vision.comparison import Flags, Strictness, differing_exactly
from engines.vision.evenness import is_mostly_even
from engines.vision.homography import Matrix, Points, inverse, transform
from engines.vision.marking import RED, numbered, pen_px, side_by_side
from engines.vision.morphology import window
from engines.vision.overlay import MOST_EXACT_SIDE, Overlay, align, overlay, without_rim
from engines.vision.parallax import differing_in_depth
from engines.vision.polygons import Polygons
from engines.vision.scaling import size_of

MOST_DIFFERENCES = 300
LEAST_RESOLUTION, MOST_RESOLUTION = 320, 512
"""Between these the pictures are aligned: the finer, the slower, and no better above."""
MOST_MASK_PIXELS = 50_000_000
MOST_BLUR_PX = 1.2
"""More would spread specks; above it `smoothing` works by size alone."""
FINEST_PX, SMOOTHED_PX = 3.0, 6.5
"""Side of the smallest detail that is no noise, and how much `smoothing` adds to it."""
MOST_FINER = 3.0
"""How many times the resolution drawings are compared at."""
GAP = 0.0055
LEAST_GAP = 3.0
FULL_TOLERANCE = 0.5
"""Share of the resolution that a picture has to have for all of `tolerance`."""
EXACT_GAP = 0.004
LEAST_EXACT_GAP = 6.0
"""Parts nearer than twice this are one difference: share of the longer side; px."""


Edges: TypeAlias = list[Points]
"""Of one difference: its outline, then those of its holes."""


class MaskType(Choice):
    """How each difference is shown as a picture."""

    BINARY = "binary"
    CONTOURS = "contours"
    NONE = "none"


class ColorSpace(Choice):
    """In which colour space pixels are compared."""

    RGB = "RGB"
    HSV = "HSV"


Share = Annotated[float, Field(ge=0, le=0.5)]
Level = Annotated[int, Field(ge=0, le=255)]


class Params(Parameters):
    """What counts as a difference, where to look, and how differences are shown."""

    threshold: float = Field(
        24,
        ge=0,
        le=2000,
        description="Least difference of a pixel, grey levels of 255; 18 of them are for noise and "
        "light, which pictures in exact register do without.",
    )
    smoothing: float = Field(
        0.2, ge=0, le=10, description="The higher, the larger the differences taken for noise."
    )
    smallest: Share = Field(
        0, description="Side of the smallest difference, share of the longer side."
    )
    color_space: ColorSpace = Field(ColorSpace.RGB, description="HSV weighs hue and saturation.")
    resolution: int = Field(
        400,
        ge=64,
        le=900,
        description="Longer side at which both are compared, px; 2560 at most if they are in exact "
        "register, and up to three times as much, the less smoothing the more, if both are drawn.",
    )
    tolerance: int = Field(
        1,
        ge=0,
        le=5,
        description="How far an edge may lie off without being a difference, px as compared; none "
        "in exact register, and less above 1 if the picture is smaller than half the resolution.",
    )
    align: bool = Field(
        True, description="false: the pictures are in register already; compare them as they lie."
    )
    rim: Share = Field(
        0, description="What is left out along the rim of the common part; of the longer side."
    )
    margin: int = Field(
        0, ge=0, le=1000, description="What is left out along the border of image 1, px."
    )
    ignore: Polygons = Field(
        (), description="Polygons of image 1 that are not compared: a list of lists of x, y."
    )
    mask_type: MaskType = Field(
        MaskType.NONE,
        description="A picture of each difference, as large as its box: its pixels (binary), its "
        "outline (contours), or none.",
    )
    mask_thickness: int = Field(
        2, ge=1, le=50, description="Thickness of the outline, px; only for contours."
    )
    mask_color: tuple[Level, Level, Level, Level] = Field(
        (255, 0, 0, 255), description="Red, green, blue and alpha of the outline."
    )
    outlines: bool = Field(True, description="false: leave out the outlines.")
    matrices: bool = Field(False, description="Add the alignment matrices.")


class Circle(BaseModel):
    """The smallest circle around a difference."""

    center: tuple[float, float] = Field(
        description="x, y; the middle of the picture's first pixel is 0, 0."
    )
    radius: float = Field(description="px")


class Difference(BaseModel):
    """One place where the pictures differ, as it lies on one of them."""

    box: Box
    circle: Circle
    outline: list[tuple[int, int]] | None = Field(
        None, description="x, y of its pixels; the last point joins the first."
    )
    mask: Picture | None = Field(None, description="As large as the box; as mask_type says.")


class DifferencesInfo(Info):
    """How much was found."""

    count: int = Field(ge=0, description="Number of differences.")


class Result(EngineResult[DifferencesInfo]):
    """The differences, largest first and at most 300, in pixels of each picture as sent."""

    differing_percent: float = Field(ge=0, le=100, description="Of the area that was compared.")
    on_image1: list[Difference]
    on_image2: list[Difference] = Field(description="The same ones, in the same order.")
    matrix1: list[float] | None = Field(
        None, description="Image 1 to image 2, nine numbers row by row; only with matrices."
    )
    matrix2: list[float] | None = Field(None, description="Image 2 to image 1; only with matrices.")


def draw(image1: Image, image2: Image, image1_roi: Mask | None, result: Result) -> Picture:
    """Both pictures side by side, the differences outlined in red and numbered as listed."""
    sides = _numbered(image1, result.on_image1), _numbered(image2, result.on_image2)
    return Picture(side_by_side(*sides))


@engine(version="7.0.0", draw=draw)
def differences(
    image1: Image, image2: Image, image1_roi: Mask | None = None, *, params: Params
) -> Result:
    """List what differs between two pictures of one thing.

    The pictures are aligned first, unless they fit already, and their light is made equal.
    Noise, small shifts and another light are no differences; something added, missing, moved
    (at both places) or of another colour is. Pictures that are level for level the same but for
    the differences, as screenshots are, are compared pixel for pixel at their own size. Where a
    scene has depth, so that no one perspective lays all of it right, each part is compared with
    where its depth puts it.

    Args:
        image1: uint8 (H, W, 3), BGR.
        image2: uint8 (H, W, 3), BGR; of any size.
        image1_roi: bool, of image 1's size or form; what is false is not compared.

    Returns:
        each difference on both pictures.

    Raises:
        BadParameter: image1_roi has another form than image 1.
        NotAlignable: the pictures have no common part.

    Source:
        own; engines.vision.registration aligns, engines.vision.comparison compares,
        engines.vision.parallax follows depth.
    """
    coarse = min(MOST_RESOLUTION, max(LEAST_RESOLUTION, params.resolution))
    matrix = align(image1, image2, resolution=coarse, is_wanted=params.align)
    laid = overlay(image1, image2, matrix, _resolution(image1, image2, params))
    part = _compared_part(image1, image1_roi, params, laid)
    strictness = _strictness(params, laid)
    marked, flow = (
        differing_exactly(laid.first, laid.second, part, strictness)
        if laid.is_exact
        else differing_in_depth(laid, part, strictness)
    )
    found, to_image1 = _edges(marked), inverse(laid.scale)
    on_image1 = [_moved(one, to_image1) for one in found]
    on_image2 = [_moved(_bent(one, flow), matrix @ to_image1) for one in found]
    _refuse_vast_masks([*on_image1, *on_image2], params)
    return Result(
        differing_percent=100 * float(marked.sum()) / max(1, int(part.sum())),
        on_image1=[_difference(one, image1, params) for one in on_image1],
        on_image2=[_difference(one, image2, params) for one in on_image2],
        matrix1=matrix.ravel().tolist() if params.matrices else None,
        matrix2=inverse(matrix).ravel().tolist() if params.matrices else None,
        details=Details[DifferencesInfo](
            message="" if part.any() else "Nothing was compared: all of image 1 is left out",
            info=DifferencesInfo(count=len(on_image1)),
        ),
    )


def _resolution(image1: Image, image2: Image, params: Params) -> int:
    """Finer for drawings, until what smoothing erases is as small as what noise alone hides."""
    if not (is_mostly_even(image1) and is_mostly_even(image2)):
        return params.resolution
    finer = FINEST_PX / max(FINEST_PX / MOST_FINER, SMOOTHED_PX * params.smoothing)
    return min(MOST_EXACT_SIDE, round(params.resolution * max(1.0, finer)))


def _strictness(params: Params, laid: Overlay) -> Strictness:
    side_px = max(laid.common.shape)
    return Strictness(
        levels=params.threshold,
        blur=min(MOST_BLUR_PX, 0.6 + params.smoothing),
        finest=FINEST_PX + SMOOTHED_PX * params.smoothing,
        smallest=params.smallest * side_px,
        gap=max(LEAST_EXACT_GAP, EXACT_GAP * side_px)
        if laid.is_exact
        else max(LEAST_GAP, GAP * side_px),
        tolerance=_tolerance(params, side_px),
        is_resampled=laid.is_resampled,
        is_by_hue=params.color_space is ColorSpace.HSV,
    )


def _tolerance(params: Params, side_px: int) -> int:
    """Less on a small picture, where so many pixels are whole modules, letters and dots."""
    share = min(1.0, side_px / (FULL_TOLERANCE * params.resolution))
    return max(min(1, params.tolerance), round(share * params.tolerance))


def _compared_part(image: Image, roi: Mask | None, params: Params, laid: Overlay) -> Flags:
    """The pixels of the frame that lie wholly in what the caller wants compared."""
    part = laid.common
    if params.rim:
        part = without_rim(part, params.rim * max(part.shape))
    if roi is None and not params.ignore and not params.margin:
        return part
    wanted = _wanted(image, roi, params)
    small = cv2.resize(wanted, size_of(laid.first), interpolation=cv2.INTER_AREA)
    return np.asarray(part & (np.asarray(small) == 255))


def _wanted(image: Image, roi: Mask | None, params: Params) -> Pixels:
    """255 where image 1 is to be compared, 0 elsewhere."""
    width, height = size_of(image)
    margin = params.margin
    wanted = np.zeros((height, width), np.uint8)
    wanted[margin : max(0, height - margin), margin : max(0, width - margin)] = 255
    if roi is not None:
        wanted[~_of_form(roi, width, height)] = 0
    for area in params.ignore:
        cv2.fillPoly(wanted, [np.rint(area).astype(np.int32)], 0)
    return wanted


def _of_form(roi: Mask, width: int, height: int) -> Mask:
    """The mask at the picture's size."""
    if abs(np.log(roi.shape[1] / roi.shape[0] * height / width)) > 0.05:
        raise BadParameter(
            f"image1_roi is {roi.shape[1]} x {roi.shape[0]} px and image1 {width} x {height}; "
            "expected a mask of the same form."
        )
    size = (width, height)
    return cv2.resize(roi.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0


def _edges(marked: Flags) -> list[Edges]:
    """Those of each difference, the largest first; what lies in a hole is one of its own."""
    # At twice the size an outline runs along the pixels' edges, not through their middles.
    rows, columns = window(marked)
    double = np.repeat(np.repeat(marked[rows, columns].astype(np.uint8), 2, axis=0), 2, axis=1)
    offset = (2 * columns.start, 2 * rows.start)
    found, tree = cv2.findContours(double, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=offset)
    parents = np.reshape(tree if found else [], (-1, 4))[:, 3].tolist()
    outer = [i for i, parent in enumerate(parents) if parent < 0]
    largest = sorted(outer, key=lambda i: -cv2.contourArea(found[i]))[:MOST_DIFFERENCES]
    holes: dict[int, list[int]] = {i: [] for i in largest}
    for i, parent in enumerate(parents):
        if parent in holes:
            holes[parent].append(i)
    return [[_smooth(found[i]) for i in (one, *holes[one])] for one in largest]


def _smooth(contour: MatLike) -> Points:
    points = np.asarray(cv2.approxPolyDP(contour, 1.0, True), np.float64)
    return (points[:, 0] + 0.5) / 2 - 0.5


def _moved(edges: Edges, matrix: Matrix) -> Edges:
    return [transform(one, matrix) for one in edges]


def _bent(edges: Edges, flow: Flow) -> Edges:
    """Where a difference lies on the second picture as it is laid on the first."""
    limits = np.array(size_of(flow)) - 1
    return [one + flow[tuple(np.rint(one).clip(0, limits).astype(int).T[::-1])] for one in edges]


def _refuse_vast_masks(found: list[Edges], params: Params) -> None:
    pixels = int(sum(np.prod(np.ptp(outline, axis=0) + 1) for outline, *_ in found))
    if params.mask_type is not MaskType.NONE and pixels > MOST_MASK_PIXELS:
        raise BadParameter(
            f"mask_type is {params.mask_type}; the masks of {len(found)} differences would have "
            f"{pixels // 1_000_000} Mpx, and at most {MOST_MASK_PIXELS // 1_000_000} are made."
        )


def _difference(edges: Edges, image: Image, params: Params) -> Difference:
    """A difference as it lies on a picture."""
    limits = np.array(size_of(image)) - 1
    outline, *holes = (np.rint(one).clip(0, limits).astype(np.int32) for one in edges)
    x, y, width, height = cv2.boundingRect(outline)
    middle, radius = cv2.minEnclosingCircle(outline)
    return Difference(
        box=Box(x, y, x + width, y + height),
        circle=Circle(center=middle, radius=radius),
        outline=outline.tolist() if params.outlines else None,
        mask=_mask(
            [one - np.array([x, y], np.int32) for one in (outline, *holes)], (height, width), params
        ),
    )


def _mask(edges: list[NDArray[np.int32]], size: tuple[int, int], params: Params) -> Picture | None:
    """A picture of a difference, as large as its box."""
    if params.mask_type is MaskType.NONE:
        return None
    if params.mask_type is MaskType.BINARY:
        filled = np.zeros(size, np.uint8)
        cv2.fillPoly(filled, edges[:1], 1)
        cv2.fillPoly(filled, edges[1:], 0)
        # A hole's outline runs on the pixels round it.
        cv2.polylines(filled, edges[1:], True, 1)
        return Picture(filled > 0)
    red, green, blue, alpha = params.mask_color
    canvas = np.zeros((*size, 4), np.uint8)
    cv2.polylines(canvas, edges[:1], True, (blue, green, red, alpha), params.mask_thickness)
    return Picture(canvas)


def _numbered(image: Image, found: list[Difference]) -> Pixels:
    """The picture with the outline of each difference, or its box."""
    marks = [(np.array(one.outline or corners(*one.box)), RED) for one in found]
    return numbered(image, marks, pen_px(image))
