"""Differences: what was added, removed, moved or recoloured between two pictures of one thing."""

from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field, WithJsonSchema

from engines.core.choice import Choice
from engines.core.errors import BadParameter
from engines.core.region import BoundingBox, Vertex
from engines.core.registry import engine
from engines.core.shapes import (
    Details,
    EngineResult,
    Image,
    Info,
    Mask,
    Parameters,
    Picture,
    Pixels,
)
from engines.vision.boxes import corners
from engines.vision.comparison import Flags, differing
from engines.vision.comparison_settings import Rules, Settings, read_areas, read_settings, rules_of
from engines.vision.marking import RED, outlined, pen_px, side_by_side
from engines.vision.overlay import Overlay, align, overlay, without_rim
from engines.vision.registration import Points, inverse, transform
from engines.vision.scaling import size_of

MOST_DIFFERENCES = 300
LEAST_RESOLUTION, MOST_RESOLUTION = 320, 512
"""Between these the pictures are aligned: the finer, the slower, and no better above."""
MOST_MASK_PIXELS = 50_000_000


class MaskType(Choice):
    """How each difference is shown as a picture."""

    BINARY = "binary"
    CONTOURS = "contours"
    NONE = "none"


def _colour(value: str) -> str:
    parts = [one.strip() for one in value.split(",")]
    is_right = all(one.isascii() and one.isdecimal() and int(one) <= 255 for one in parts)
    if len(parts) not in (3, 4) or not is_right:
        raise ValueError("red, green, blue and perhaps alpha, from 0 to 255")
    return value


class Params(Parameters):
    """What counts as a difference, where to look, and how differences are shown."""

    preset: int = Field(
        0,
        ge=0,
        le=5,
        description="1 finds the finest differences; 2 leaves out the rim of the common part; 3 "
        "also smooths; 4 also masks small differences; 5 is 4, smoothed less. 0 is none of them: "
        "the defaults of fic_settings.",
    )
    fic_settings: Annotated[
        Settings,
        BeforeValidator(read_settings),
        WithJsonSchema({"type": "string", "examples": ['{"threshold": 0.6, "smooth": 0.2}']}),
    ] = Field(
        Settings(),
        description="A JSON object; its keys win over the preset's. threshold (0.05 to 5, default "
        "0.6): the higher, the more a pixel must differ; 1 is 40 grey levels. smooth (0 to 10, "
        "0.2): the higher, the larger the differences that are erased. margin (0 to 1000, 0): "
        "px of image 1 along its border that are left out. resolution (64 to 900, 400): longer "
        "side at which both are compared, px. behaviors (RGB or HSV): colour space. weight (0.1 "
        "to 10, 1): every difference is multiplied by it before it meets the threshold.",
    )
    align: bool = Field(
        True, description="false: the pictures are in register already; compare them as they lie."
    )
    transform: bool = Field(
        False,
        validation_alias=AliasChoices("transform", "tranform"),
        description="Add the alignment matrices, matOn1 and matOn2.",
    )
    ignore: Annotated[
        tuple[tuple[tuple[float, float], ...], ...],
        BeforeValidator(read_areas),
        WithJsonSchema({"type": "string", "examples": ['[{"x":0,"y":0,"width":90,"height":20}]']}),
    ] = Field(
        (),
        description="Areas of image 1 that are not compared: a JSON list of rectangles {x, y, "
        "width, height} and polygons [[x, y], …], in pixels.",
    )
    mask_type: MaskType = Field(
        MaskType.NONE,
        description="A picture of each difference, as large as its box: its pixels (binary), its "
        "outline (contours), or none.",
    )
    mask_thickness: int = Field(
        2, ge=1, le=50, description="Thickness of the outline, px; only for contours."
    )
    mask_color: Annotated[str, AfterValidator(_colour)] = Field(
        "255,0,0,255",
        max_length=40,
        description="Red, green, blue and perhaps alpha of the outline, 0 to 255.",
    )
    vertices: bool = Field(True, description="false: leave out relativeVertices.")
    output_format: str = Field(
        "json", max_length=40, description="The answer is JSON, whatever this says."
    )


class Point(BaseModel):
    """A point of the picture; the middle of its first pixel is 0, 0."""

    x: float
    y: float


class Circle(BaseModel):
    """The smallest circle around a difference."""

    radius: float = Field(description="px")
    center: Point


class Difference(BaseModel):
    """One place where the pictures differ, as it lies on one of them."""

    bounding_box: BoundingBox = Field(serialization_alias="boundingBox")
    enclosing_circle: Circle = Field(serialization_alias="enclosingCircle")
    relative_vertices: list[Vertex] | None = Field(
        None,
        serialization_alias="relativeVertices",
        description="Its outline, from the box's top left; the last point joins the first.",
    )
    mask: Picture | None = Field(None, description="As large as the box; as mask_type says.")


class DifferencesInfo(Info):
    """How much was found."""

    count: int = Field(ge=0, description="Number of differences.")


class Result(EngineResult[DifferencesInfo]):
    """The differences, largest first and at most 300, in pixels of each picture as sent."""

    diff_on_image1: list[Difference] = Field(serialization_alias="diffOnImage1")
    diff_on_image2: list[Difference] = Field(
        serialization_alias="diffOnImage2", description="The same ones, in the same order."
    )
    mat_on1: list[float] | None = Field(
        None,
        serialization_alias="matOn1",
        description="Image 1 to image 2, nine numbers row by row; only with transform.",
    )
    mat_on2: list[float] | None = Field(
        None, serialization_alias="matOn2", description="Image 2 to image 1; only with transform."
    )


def draw(image1: Image, image2: Image, image1_roi: Mask | None, result: Result) -> Picture:
    """Both pictures side by side, the differences outlined in red."""
    sides = _outlined(image1, result.diff_on_image1), _outlined(image2, result.diff_on_image2)
    return Picture(side_by_side(*sides))


@engine(version="1.0.0", draw=draw)
def differences(
    image1: Image, image2: Image, image1_roi: Mask | None = None, *, params: Params
) -> Result:
    """List what differs between two pictures of one thing.

    The pictures are aligned first, unless they fit already, and their light is made equal.
    Noise, small shifts and another light are no differences; something added, missing, moved
    (at both places) or of another colour is.

    Args:
        image1: uint8 (H, W, 3), BGR.
        image2: uint8 (H, W, 3), BGR; of any size.
        image1_roi: bool, of image 1's size or form; what is false is not compared.

    Returns:
        each difference on both pictures; details.score is the share of the compared area
        that differs, in percent.

    Raises:
        BadParameter: image1_roi has another form than image 1.
        NotAlignable: the pictures have no common part.

    Source:
        own; engines.vision.registration aligns, engines.vision.comparison compares.
    """
    rules = rules_of(params.preset, params.fic_settings)
    resolution = rules.settings.resolution
    coarse = min(MOST_RESOLUTION, max(LEAST_RESOLUTION, resolution))
    matrix = align(image1, image2, resolution=coarse, is_wanted=params.align)
    laid = overlay(image1, image2, matrix, resolution)
    part = _compared_part(image1, image1_roi, params, rules, laid)
    marked = differing(laid.first, laid.second, part, rules.strictness(max(part.shape)))
    outlines = [transform(one, inverse(laid.scale)) for one in _outlines(marked)]
    on_both = [*outlines, *(transform(one, matrix) for one in outlines)]
    _refuse_vast_masks(on_both, params)
    on_image1 = [_difference(one, image1, params) for one in outlines]
    on_image2 = [_difference(transform(one, matrix), image2, params) for one in outlines]
    return Result(
        diff_on_image1=on_image1,
        diff_on_image2=on_image2,
        mat_on1=matrix.ravel().tolist() if params.transform else None,
        mat_on2=inverse(matrix).ravel().tolist() if params.transform else None,
        details=Details[DifferencesInfo](
            score=100 * float(marked.sum()) / max(1, int(part.sum())),
            info=DifferencesInfo(count=len(outlines)),
        ),
    )


def _compared_part(
    image: Image, roi: Mask | None, params: Params, rules: Rules, laid: Overlay
) -> Flags:
    """The pixels of the frame that lie wholly in what the caller wants compared."""
    part = laid.common
    if rules.rim:
        part = without_rim(part, rules.rim * max(part.shape))
    if roi is None and not params.ignore and not rules.settings.margin:
        return part
    wanted = _wanted(image, roi, params, rules.settings.margin)
    small = cv2.resize(wanted, size_of(laid.first), interpolation=cv2.INTER_AREA)
    return np.asarray(part & (np.asarray(small) == 255))


def _wanted(image: Image, roi: Mask | None, params: Params, margin: int) -> Pixels:
    """255 where image 1 is to be compared, 0 elsewhere."""
    width, height = size_of(image)
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


def _outlines(marked: Flags) -> list[Points]:
    """The outer edge of each difference, the largest first."""
    # At twice the size an outline runs along the pixels' edges, not through their middles.
    double = np.repeat(np.repeat(marked.astype(np.uint8), 2, axis=0), 2, axis=1)
    found, _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(found, key=cv2.contourArea, reverse=True)[:MOST_DIFFERENCES]
    smooth = (np.asarray(cv2.approxPolyDP(one, 1.0, True), np.float64) for one in largest)
    return [(one[:, 0] + 0.5) / 2 - 0.5 for one in smooth]


def _refuse_vast_masks(outlines: list[Points], params: Params) -> None:
    pixels = int(sum(np.prod(np.ptp(one, axis=0) + 1) for one in outlines))
    if params.mask_type is not MaskType.NONE and pixels > MOST_MASK_PIXELS:
        raise BadParameter(
            f"mask_type is {params.mask_type}; the masks of {len(outlines)} differences would have "
            f"{pixels // 1_000_000} Mpx, and at most {MOST_MASK_PIXELS // 1_000_000} are made."
        )


def _difference(outline: Points, image: Image, params: Params) -> Difference:
    """A difference as it lies on a picture."""
    limits = np.array(size_of(image)) - 1
    points = np.rint(outline).clip(0, limits).astype(np.int32)
    x, y, width, height = cv2.boundingRect(points)
    (middle_x, middle_y), radius = cv2.minEnclosingCircle(points)
    inside = points - np.array([x, y], np.int32)
    return Difference(
        bounding_box=BoundingBox(x=x, y=y, width=width, height=height),
        enclosing_circle=Circle(radius=radius, center=Point(x=middle_x, y=middle_y)),
        relative_vertices=[Vertex(x=left, y=top) for left, top in inside.tolist()]
        if params.vertices
        else None,
        mask=_mask(inside, (height, width), params),
    )


def _mask(points: NDArray[np.int32], size: tuple[int, int], params: Params) -> Picture | None:
    """A picture of a difference, as large as its box."""
    if params.mask_type is MaskType.NONE:
        return None
    if params.mask_type is MaskType.BINARY:
        filled = cv2.fillPoly(np.zeros(size, np.uint8), [points], 1)
        return Picture(np.asarray(filled) > 0)
    red, green, blue, *alpha = (int(one) for one in params.mask_color.split(","))
    colour = (blue, green, red, *(alpha or [255]))
    canvas = np.zeros((*size, 4), np.uint8)
    cv2.polylines(canvas, [points], True, colour, params.mask_thickness)
    return Picture(canvas)


def _outlined(image: Image, found: list[Difference]) -> Pixels:
    """The picture with the outline of each difference, or its box."""
    marks = []
    for one in found:
        box = one.bounding_box
        vertices = [(vertex.x, vertex.y) for vertex in one.relative_vertices or []]
        points = np.add(vertices or corners(0, 0, box.width, box.height), (box.x, box.y))
        marks.append((points, RED))
    return outlined(image, marks, pen_px(image))
