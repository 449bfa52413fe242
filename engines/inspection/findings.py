"""Findings: what engines found, as rectangles and heat of one picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, Field

from engines.core.shapes import Box, Pixels
from engines.vision.boxes import corners
from engines.vision.scaling import size_of

HEAT_LEVEL = 255
HEAT_BLUR = 0.01
"""Of the longer side: how far heat spreads around its place."""


class FoundClass(BaseModel):
    """What a rectangle shows."""

    label: str
    score: float | None = Field(None, ge=0, le=1)


class Rectangle(BaseModel):
    """A place in the picture after preprocessing."""

    box: Box
    classes: list[FoundClass] = Field(description="Best first.")
    text: str | None = Field(None, description="What is written there; only of text.")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What one module adds.

    Args:
        rectangles: in the engine's order.
        heat: uint8 (H, W), 0 where nothing is; None of a module that gives none.
    """

    rectangles: Sequence[Rectangle] = ()
    heat: Pixels | None = None


def _objects(result: Any, image: Pixels) -> Findings:
    return Findings([_rectangle(one.box, one.name, one.score) for one in result.objects])


def _labels(result: Any, image: Pixels) -> Findings:
    """One rectangle, the whole picture."""
    classes = [FoundClass(label=one.description, score=one.score) for one in result.labels]
    whole = Box(0, 0, *size_of(image))
    return Findings([Rectangle(box=whole, classes=classes)] if classes else [])


def _lines(result: Any, image: Pixels) -> Findings:
    rectangles = []
    for line in result.lines:
        score = fmean(word.score for word in line.words) if line.words else None
        found = FoundClass(label="text", score=score)
        rectangles.append(Rectangle(box=line.box, classes=[found], text=line.text))
    return Findings(rectangles)


def _contours(result: Any, image: Pixels) -> Findings:
    return Findings([_rectangle(one.box, "object") for one in result.contours])


def _differences(result: Any, image: Pixels) -> Findings:
    heat = np.zeros(image.shape[:2], np.uint8)
    for one in result.on_image2:
        outline = np.array(one.outline or corners(*one.box)).astype(np.int32)
        cv2.fillPoly(heat, [outline], HEAT_LEVEL)
    blurred = cv2.GaussianBlur(heat, (0, 0), max(1.0, HEAT_BLUR * max(heat.shape)))
    rectangles = [_rectangle(one.box, "difference") for one in result.on_image2]
    return Findings(rectangles, np.asarray(cv2.max(heat, blurred), np.uint8))


def _matches(result: Any, image: Pixels) -> Findings:
    return Findings([_rectangle(one.box, "template", one.score) for one in result.matches])


def _figures_alone(result: Any, image: Pixels) -> Findings:
    return Findings()


def _rectangle(box: Box, label: str, score: float | None = None) -> Rectangle:
    return Rectangle(box=box, classes=[FoundClass(label=label, score=score)])


FINDINGS: dict[str, Callable[[Any, Pixels], Findings]] = {
    "classification": _labels,
    "contours": _contours,
    "differences": _differences,
    "distance": _figures_alone,
    "image_quality": _figures_alone,
    "object_detection": _objects,
    "template_match": _matches,
    "text_detection": _lines,
}
"""By the engine's name; what is not here is no module of a project."""


def figures(found: BaseModel) -> dict[str, Any]:
    """The numbers and texts of a result, without its lists and pictures."""
    kept = {}
    for name, field in type(found).model_fields.items():
        value = getattr(found, name)
        if isinstance(value, BaseModel):
            value = figures(value) or None
        if not field.exclude and isinstance(value, bool | int | float | str | dict):
            kept[name] = value
    return kept
