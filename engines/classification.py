"""Classification: what a picture shows, in words."""

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core.registry import engine
from engines.core.shapes import (
    Details,
    EngineResult,
    Image,
    Info,
    Parameters,
    Picture,
    Pixels,
    Reduced,
)
from engines.models import weights
from engines.models.descriptions import Classifier
from engines.models.scores import probabilities
from engines.vision import marking


class Params(Parameters):
    """How many labels, and how sure they must be."""

    min_score: float = Field(0.05, ge=0, le=1, description="Labels below this score are left out.")
    max_results: int = Field(10, ge=1, le=100, description="Most labels, parents included.")
    parents: bool = Field(
        False, description="Whether each label is followed by the wider terms it falls under."
    )


class FoundLabel(BaseModel):
    """A thing that the picture shows."""

    description: str = Field(description="In English.")
    score: float = Field(ge=0, le=1, description="Share of the model's belief; a wider term has"
    " that of the label it follows.")  # fmt: skip
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")


class ModelInfo(Info):
    """What the answer was computed with."""

    model: str
    device: str = Field(description="CPU or GPU.")


class Result(EngineResult[ModelInfo]):
    """Labels, best first."""

    labels: list[FoundLabel]


def draw(image: Image, result: Result) -> Picture:
    """The picture with its labels listed in the corner."""
    lines = [f"{one.description} {one.score:.2f}" for one in result.labels]
    return Picture(marking.listed(image, lines))


@engine(version="2.0.0", draw=draw)
def classification(image: Reduced, *, params: Params) -> Result:
    """Name what a picture shows with a network trained on ImageNet's 1000 classes.

    Args:
        image: uint8 (H, W, 3), BGR; a JPEG of 8 megapixels and more at half its size and less.

    Returns:
        scores that add up to 1 over all classes, whether or not one of them fits: below 0.2 they
        say little. There is no class for persons and hardly one for landscapes.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.

    Source:
        EfficientNet-Lite0 (Google, Apache-2.0), trained on ImageNet-1k; Tan and Le, EfficientNet,
        ICML 2019. Parents are the hypernyms of WordNet 3.0.
    """
    model = weights.model("classifier")
    with weights.reading("classifier"):
        scores = probabilities(
            model.run(_framed(image, model.description))[0], model.description.scores
        )
    labels = _chosen(scores, model.labels, params)
    details = Details[ModelInfo](
        message=f"Found {len(labels)} label{'' if len(labels) == 1 else 's'}",
        info=ModelInfo(model=model.title, device=model.device),
    )
    return Result(details=details, labels=labels)


def _framed(image: Pixels, description: Classifier) -> Pixels:
    """The middle of the picture, or all of it, as (1, H, W, 3)."""
    (height, width), (wide, high) = image.shape[:2], description.shown_size
    if description.fit == "crop":
        across = max(1, round(min(width, height * wide / high) * description.crop))
        down = max(1, round(min(height, width * high / wide) * description.crop))
        top, left = (height - down) // 2, (width - across) // 2
        image = image[top : top + down, left : left + across]
    way = cv2.INTER_AREA if image.shape[1] > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (wide, high), interpolation=way)[None], np.uint8)


def _chosen(
    scores: NDArray[np.float32], labels: tuple[weights.Label, ...], params: Params
) -> list[FoundLabel]:
    """The best labels, each followed by its parents if asked for; none twice."""
    chosen: dict[str, FoundLabel] = {}
    for index in np.argsort(-scores, kind="stable"):
        score = min(1.0, float(scores[index]))
        if score < params.min_score or len(chosen) >= params.max_results:
            break
        leaf = labels[index]
        for one in (leaf, *leaf.parents) if params.parents else (leaf,):
            found = FoundLabel(description=one.name, score=score, mid=one.mid or None)
            chosen.setdefault(one.name, found)
    return list(chosen.values())[: params.max_results]
