"""Edges: the lines along which a picture's brightness changes."""

import cv2
import numpy as np
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Grey, Info, Parameters, Picture, Pixels


class Params(Parameters):
    """Two thresholds in either order, and the thickness of the lines."""

    threshold_min: float = Field(
        50, ge=0, le=500, description="Weaker changes are no edge; grey levels, |dx| + |dy|."
    )
    threshold_max: float = Field(
        100,
        ge=0,
        le=500,
        description="Stronger changes are an edge; those between the two are if they touch one. "
        "Below `threshold_min`, the two are swapped.",
    )
    edge_thickness: int = Field(1, ge=1, le=50, description="Thickness of the lines, px.")


class Result(EngineResult[Info]):
    """The edges."""

    edges: Picture = Field(description="One bit a pixel, white on edges; of the image's size.")


@engine(version="2.0.0")
def edges(image: Grey, *, params: Params) -> Result:
    """Find edges with Canny's detector.

    Gradients are those of a 3 × 3 Sobel operator, so a step of one grey level counts 4.

    Args:
        image: uint8 (H, W), Rec. 601 luma.

    Returns:
        a mask of lines; thick ones are drawn with a disc, so ends and corners are round.

    Source:
        Canny, A computational approach to edge detection, IEEE PAMI 8, 1986.
    """
    low, high = sorted((params.threshold_min, params.threshold_max))
    lines = cv2.dilate(cv2.Canny(image, low, high), _disc(params.edge_thickness))
    message = "Edges found." if lines.any() else "No edges found."
    details = Details[Info](message=message, info=Info())
    return Result(edges=Picture(lines != 0), details=details)


def _disc(diameter: int) -> Pixels:
    """A full disc for even sizes too, where OpenCV's ellipse has spikes and lacks sides."""
    from_centre = np.arange(diameter) - (diameter - 1) / 2
    squared = from_centre[:, np.newaxis] ** 2 + from_centre**2
    return (squared <= (diameter / 2) ** 2).astype(np.uint8)
