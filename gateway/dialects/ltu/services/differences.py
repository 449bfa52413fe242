"""`differences`: presets, settings and areas as JSON text, and the document's names."""

import json
from typing import Annotated, Any

import numpy as np
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    WithJsonSchema,
)

from engines import differences
from engines.core.errors import BadParameter
from engines.core.json_text import read_json
from engines.core.shapes import Parameters, Picture, shown
from engines.differences import ColorSpace, MaskType
from engines.vision.polygons import MOST_COORDINATE, MOST_POINTS, MOST_POLYGONS
from gateway.dialects.ltu.services.region import BoundingBox, Vertex, relative
from gateway.dialects.ltu.wording import Wording, as_in

LEVELS = 40.0
"""Grey levels of 255 that a `threshold` of 1 stands for."""


class Settings(BaseModel):
    """What the keys of `fic_settings` mean; `preset` chooses other defaults for them."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    threshold: float = Field(0.6, ge=0.05, le=5)
    smooth: float = Field(0.2, ge=0, le=10)
    margin: int = Field(0, ge=0, le=1000)
    resolution: int = Field(400, ge=64, le=900)
    behaviors: ColorSpace = ColorSpace.RGB
    weight: float = Field(1, ge=0.1, le=10)


class Areas(RootModel[tuple[tuple[tuple[float, float], ...], ...]]):
    """What `ignore` means: the corners of each area."""


class Preset(BaseModel):
    """A name for settings, and three that have no key.

    Args:
        tolerance: see the engine's parameter.
        rim: likewise.
        smallest: likewise.
    """

    settings: dict[str, float] = {}
    tolerance: int = 1
    rim: float = 0
    smallest: float = 0


PRESETS = (
    Preset(),
    Preset(settings={"threshold": 0.5, "smooth": 0.2, "resolution": 900}),
    Preset(settings={"threshold": 0.6, "smooth": 0.2, "resolution": 900}, tolerance=3, rim=0.02),
    Preset(settings={"threshold": 0.6, "smooth": 0.6}, tolerance=3, rim=0.02),
    Preset(settings={"threshold": 0.6, "smooth": 0.9}, tolerance=3, rim=0.02, smallest=0.04),
    Preset(settings={"threshold": 0.6, "smooth": 0.6}, tolerance=3, rim=0.02, smallest=0.04),
)


def _settings(value: object) -> object:
    """The keys of `fic_settings`, each of them known."""
    if not isinstance(value, str):
        return value
    given = read_json("fic_settings", value) if value.strip() else {}
    if not isinstance(given, dict):
        raise BadParameter("fic_settings is JSON, but no object; expected keys and values in {}.")
    for key, one in given.items():
        if key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise BadParameter(f"fic_settings has the key {shown(key)}; expected {known}.")
        is_word = key == "behaviors"
        if isinstance(one, bool) or not isinstance(one, str if is_word else int | float):
            expected = "a word" if is_word else "a number"
            found = shown(json.dumps(one))
            raise BadParameter(f"fic_settings.{key} is {found}; expected {expected}.")
    return given


def _areas(value: object) -> object:
    """The corners of each area of `ignore`, whether it is a rectangle or a polygon."""
    if not isinstance(value, str):
        return value
    given = read_json("ignore", value) if value.strip() else []
    if not isinstance(given, list) or len(given) > MOST_POLYGONS:
        raise BadParameter(f"ignore is no list of at most {MOST_POLYGONS} rectangles or polygons.")
    return [_area(place, one) for place, one in enumerate(given)]


def _area(place: int, area: Any) -> list[list[float]]:
    try:
        if isinstance(area, dict):
            x, y, width, height = (area[key] for key in ("x", "y", "width", "height"))
            area = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
        points = [[one["x"], one["y"]] if isinstance(one, dict) else one for one in area]
        numbers = np.array(points, np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        numbers = np.empty((0, 2))
    is_polygon = numbers.ndim == 2 and numbers.shape[1] == 2 and 3 <= len(numbers) <= MOST_POINTS
    if not is_polygon or not np.all(np.abs(numbers) <= MOST_COORDINATE):
        raise BadParameter(
            f"ignore[{place}] is neither a rectangle {{x, y, width, height}} nor a list of 3 to "
            f"{MOST_POINTS} points [x, y]."
        )
    return [[x, y] for x, y in numbers.tolist()]


def _color(value: str) -> str:
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
        description="1 finds the finest differences; 2 leaves out the rim of the common part and "
        "edges that lie a little off; 3 also smooths; 4 also masks small differences; 5 is 4, "
        "smoothed less. 0 is none of them: the defaults of fic_settings.",
    )
    fic_settings: Annotated[
        Settings,
        BeforeValidator(_settings),
        WithJsonSchema({"type": "string", "examples": ['{"threshold": 0.6, "smooth": 0.2}']}),
    ] = Field(
        Settings(),
        description="A JSON object; its keys win over the preset's. threshold (0.05 to 5, default "
        "0.6): the higher, the more a pixel must differ; 1 is 40 grey levels. smooth (0 to 10, "
        "0.2): the higher, the larger the differences that are erased. margin (0 to 1000, 0): "
        "px of image 1 along its border that are left out. resolution (64 to 900, 400): longer "
        "side at which both are compared, px; in exact register they are at their own size, and "
        "drawings at up to three times as much. "
        "behaviors (RGB or HSV): colour space. weight (0.1 to 10, 1): every difference "
        "is multiplied by it before it meets the threshold.",
    )
    align: bool = as_in(differences.Params, "align")
    transform: bool = Field(
        False,
        validation_alias=AliasChoices("transform", "tranform"),
        description="Add the alignment matrices, matOn1 and matOn2.",
    )
    ignore: Annotated[
        Areas,
        BeforeValidator(_areas),
        WithJsonSchema({"type": "string", "examples": ['[{"x":0,"y":0,"width":90,"height":20}]']}),
    ] = Field(
        Areas(()),
        description="Areas of image 1 that are not compared: a JSON list of rectangles {x, y, "
        "width, height} and polygons [[x, y], …], in pixels.",
    )
    mask_type: MaskType = as_in(differences.Params, "mask_type")
    mask_thickness: int = as_in(differences.Params, "mask_thickness")
    mask_color: Annotated[str, AfterValidator(_color)] = Field(
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

    boundingBox: BoundingBox
    enclosingCircle: Circle
    relativeVertices: list[Vertex] | None = Field(
        None, description="Its outline, from the box's top left; the last point joins the first."
    )
    mask: Picture | None = Field(None, description="As large as the box; as mask_type says.")


class Result(BaseModel):
    """The differences, largest first and at most 300, in pixels of each picture as sent."""

    diffOnImage1: list[Difference]
    diffOnImage2: list[Difference] = Field(description="The same ones, in the same order.")
    matOn1: list[float] | None = Field(
        None, description="Image 1 to image 2, nine numbers row by row; only with transform."
    )
    matOn2: list[float] | None = Field(None, description="Image 2 to image 1; only with transform.")


def translate(told: Params) -> differences.Params:
    preset = PRESETS[told.preset]
    given = told.fic_settings.model_dump(exclude_unset=True)
    settings = Settings(**{**preset.settings, **given})
    red, green, blue, *alpha = (int(one) for one in told.mask_color.split(","))
    return differences.Params(
        threshold=LEVELS * settings.threshold / settings.weight,
        smoothing=settings.smooth,
        smallest=preset.smallest,
        color_space=settings.behaviors,
        resolution=settings.resolution,
        align=told.align,
        tolerance=preset.tolerance,
        rim=preset.rim,
        margin=settings.margin,
        ignore=told.ignore.root,
        mask_type=told.mask_type,
        mask_thickness=told.mask_thickness,
        mask_color=(red, green, blue, *(alpha or [255])),
        outlines=told.vertices,
        matrices=told.transform,
    )


def result(found: differences.Result) -> Result:
    return Result(
        diffOnImage1=[_difference(one) for one in found.on_image1],
        diffOnImage2=[_difference(one) for one in found.on_image2],
        matOn1=found.matrix1,
        matOn2=found.matrix2,
    )


def _difference(found: differences.Difference) -> Difference:
    x, y = found.circle.center
    return Difference(
        boundingBox=BoundingBox.of(found.box),
        enclosingCircle=Circle(radius=found.circle.radius, center=Point(x=x, y=y)),
        relativeVertices=None if found.outline is None else relative(found.outline, found.box),
        mask=found.mask,
    )


def score(found: differences.Result) -> float:
    return found.differing_percent


WORDING = Wording(params=Params, translate=translate, result=result, score=score)
