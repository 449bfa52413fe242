"""The engine that runs a project's modules over one picture, in one job."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engines.core.decoders import PictureDecoder
from engines.core.errors import ModelUnavailable
from engines.core.pixels import Mode, PartialImage, Pixels
from engines.core.registry import Input, engine, engine_named
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Picture
from engines.inspection.conditions import Condition
from engines.inspection.findings import FINDINGS, Rectangle, figures
from engines.inspection.preprocessing import Preprocessing, preprocess

PHOTOGRAPH = PictureDecoder(Mode.COLOUR, ("image/jpeg", "image/png", "image/bmp", "image/tiff"))
CUT_OUT = {"template_match"}
"""Engines whose reference is cut out of a picture after preprocessing, and not preprocessed."""
MOST_REFERENCES = 4
"""Decoded reference pictures that each engine process keeps."""


class Reference(BaseModel):
    """A picture that others are compared with, or a template, as a file."""

    model_config = ConfigDict(frozen=True)

    path: Path
    sha256: str


class Module(BaseModel):
    """An engine of the catalogue with its parameters, checked already.

    Args:
        name: what the module is called in results and conditions.
        engine: one of `FINDINGS`.
        params: as that engine's own `Params` take them.
        reference: of an engine that takes two pictures; preprocessed like the other, but for
            those of `CUT_OUT`.
        labels: the only classes that are kept; empty: all.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    engine: str
    params: dict[str, JsonValue] = {}
    reference: Reference | None = None
    labels: tuple[str, ...] = ()


class Params(Parameters):
    """A project: a flow of modules over one picture, and when that picture is good."""

    preprocessing: tuple[Preprocessing, ...] = ()
    modules: tuple[Module, ...]
    good_if: tuple[Condition, ...] = Field((), description="All must hold; none: nothing is said.")


class Result(EngineResult[Info]):
    """What all modules found, in the pixels of the picture after preprocessing."""

    rectangles: list[Rectangle]
    is_good: bool | None = Field(None, description="None where the project has no condition.")
    modules: dict[str, dict[str, Any]] = Field(description="Each module's numbers and texts.")
    image: Picture = Field(description="The picture after preprocessing.")
    heat: Picture | None = Field(
        None, description="uint8 (H, W), 0 where nothing is; only with a module that gives heat."
    )


@engine(version="1.0.0")
def inspection(image: Image, *, params: Params) -> Result:
    """Run the modules of a project, and say whether the picture keeps to its conditions.

    Args:
        image: uint8 (H, W, 3), BGR.

    Raises:
        ModelUnavailable: a reference picture is gone, or another than when the project was read.
        EngineError: whatever one of the modules refuses.
    """
    image = preprocess(image, params.preprocessing)
    rectangles, modules, heat = list[Rectangle](), dict[str, dict[str, Any]](), list[Pixels]()
    for module in params.modules:
        result = _computed(module, image, params.preprocessing)
        found = FINDINGS[module.engine](result, image)
        rectangles += _kept(found.rectangles, module.labels)
        if told := figures(result):
            modules[module.name] = told
        if found.heat is not None:
            heat.append(found.heat)
    conditions = [one.holds(rectangles, modules) for one in params.good_if]
    return Result(
        rectangles=rectangles,
        is_good=all(conditions) if conditions else None,
        modules=modules,
        image=Picture(image),
        heat=Picture(np.maximum.reduce(heat)) if heat else None,
        details=Details[Info](info=Info()),
    )


def _computed(
    module: Module, image: Pixels, preprocessing: tuple[Preprocessing, ...]
) -> EngineResult[Any]:
    one = engine_named(module.engine)
    modes = {each.name: _mode(each) for each in one.inputs if each.is_required}
    reference = None
    if module.reference and one.reference:
        steps = () if module.engine in CUT_OUT else preprocessing
        reference = _reference(module.reference, modes.pop(one.reference), steps)
    (mode,) = modes.values()
    inputs = one.arranged(_as_input(image, mode), reference)
    return one.compute(*inputs, params=one.params.model_validate(module.params))


def _mode(one: Input) -> Mode:
    assert isinstance(one.decoder, PictureDecoder)
    return one.decoder.mode


def _as_input(image: Pixels, mode: Mode) -> Any:
    """The picture as it would have been decoded."""
    if mode is Mode.PARTIAL:
        return PartialImage(image, is_truncated=False)
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if mode is Mode.GREY else image


@lru_cache(MOST_REFERENCES)
def _reference(
    reference: Reference, mode: Mode, preprocessing: tuple[Preprocessing, ...]
) -> Pixels:
    try:
        data = reference.path.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != reference.sha256:
        raise ModelUnavailable("A reference picture of the project was changed after the start.")
    image: Pixels = PictureDecoder(mode, PHOTOGRAPH.accepts).decode(data)
    return preprocess(image, preprocessing)


def _kept(found: Any, labels: tuple[str, ...]) -> list[Rectangle]:
    """The rectangles of some classes, without their other classes."""
    if not labels:
        return list(found)
    kept = []
    for one in found:
        if classes := [each for each in one.classes if each.label in labels]:
            kept.append(one.model_copy(update={"classes": classes}))
    return kept
