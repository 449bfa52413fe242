"""What a project found, as PEKAT's context, and the picture that was asked for beside it."""

import zlib

import cv2
import numpy as np

from engines.core.run import Answer, Computed
from engines.core.shapes import File, Picture, Pixels
from engines.inspection.findings import FoundClass, Rectangle
from engines.inspection.flow import Result
from engines.vision.marking import Mark, captioned
from gateway.dialects.pekat.models import ClassName, Context, DetectedRectangle

HEAT_OPACITY = 0.6


def context(computed: Computed) -> Answer:
    """The context alone."""
    return _answer(_result(computed))


def image(computed: Computed) -> Answer:
    """With the picture after preprocessing."""
    result = _result(computed)
    return _answer(result, result.image)


def annotated_image(computed: Computed) -> Answer:
    """With that picture, its heat and its rectangles."""
    result = _result(computed)
    pixels = result.image.pixels
    if result.heat is not None:
        pixels = _heated(pixels, result.heat.pixels)
    marks = [Mark(one.box, one.classes[0].label, _caption(one)) for one in result.rectangles]
    return _answer(result, Picture(captioned(pixels, marks)))


def heatmap(computed: Computed) -> Answer:
    """With the heat on black, where a module gives any."""
    result = _result(computed)
    return _answer(result, Picture(_coloured(result.heat.pixels)) if result.heat else None)


def _result(computed: Computed) -> Result:
    assert isinstance(computed.result, Result)
    return computed.result


def _answer(result: Result, picture: Picture | None = None) -> Answer:
    body = Context(
        detectedRectangles=[_detected(one, id) for id, one in enumerate(result.rectangles, 1)],
        result=result.is_good,
        modules=result.modules,
    )
    files = (File("image", picture.media_type, picture.encoded()),) if picture else ()
    text = body.model_dump_json(exclude_none=True, exclude={"completeTime"})
    return Answer(text.encode(), "application/json", files)


def _detected(one: Rectangle, id: int) -> DetectedRectangle:
    return DetectedRectangle(
        id=id,
        x=one.box.left,
        y=one.box.top,
        width=one.box.right - one.box.left,
        height=one.box.bottom - one.box.top,
        classNames=[_class_name(found) for found in one.classes],
        text=one.text,
    )


def _class_name(found: FoundClass) -> ClassName:
    id = zlib.crc32(found.label.encode()) >> 1
    return ClassName(id=id, label=found.label, confidence=found.score)


def _caption(one: Rectangle) -> str:
    if one.text:
        return one.text
    best = one.classes[0]
    return best.label if best.score is None else f"{best.label} {best.score:.2f}"


def _coloured(heat: Pixels) -> Pixels:
    """uint8 (H, W, 3), black where there is none."""
    colours = np.asarray(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), np.uint8)
    colours[heat == 0] = 0
    return colours


def _heated(image: Pixels, heat: Pixels) -> Pixels:
    """The picture, the more covered by heat the hotter it is."""
    share = heat[..., None].astype(np.float32) * (HEAT_OPACITY / 255)
    return np.asarray(np.rint(image * (1 - share) + _coloured(heat) * share), np.uint8)
