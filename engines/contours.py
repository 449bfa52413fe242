"""Contours: the outlines of the objects in a picture."""

import cv2
import numpy as np
from pydantic import BaseModel, Field

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import (
    Box,
    Details,
    EngineResult,
    Info,
    Parameters,
    Picture,
    Pixels,
    WithAlpha,
)
from engines.core.transparency import laid
from engines.vision.chroma import by_value_or_chroma
from engines.vision.foreground import (
    BORDER_LOOK_PX,
    MOST_PIXELS,
    Outline,
    cut_out,
    foreground,
    has_plain_border,
    outlines,
)
from engines.vision.margins import placed, within_margins
from engines.vision.marking import GREEN, RED, numbered, pen_px
from engines.vision.scaling import halved, shrink
from engines.vision.shadows import soft_shadows, without

MOST_CONTOURS = 2000


class Channel(Choice):
    """Channels of HSV in which objects stand out."""

    S = "S"
    V = "V"


class Params(Parameters):
    """Where to look for objects."""

    channel: Channel | None = Field(
        None,
        description="Channel of HSV: saturation or value. Without one it is value, and on a plain"
        " ground colour too.",
    )


class Contour(BaseModel):
    """Where an object is."""

    box: Box
    outline: list[tuple[int, int]] = Field(
        description="x, y of its own outermost pixels; the last joins the first."
    )


class Result(EngineResult[Info]):
    """The outlines."""

    contours: list[Contour] = Field(description="Biggest first, at most 2000.")


def draw(image: WithAlpha, result: Result) -> Picture:
    """The picture with all outlines, the biggest object's in red and the others' in green."""
    colours = [RED, *[GREEN] * len(result.contours)]
    marks = [(one.outline, ink) for one, ink in zip(result.contours, colours, strict=False)]
    return Picture(numbered(laid(image), marks, pen_px(image)))


@engine(version="5.0.0", draw=draw)
def contours(image: WithAlpha, *, params: Params) -> Result:
    """Outline what differs from the ground around it in saturation or value.

    Without a channel it is value, and on a plain ground also chroma, the product of both.
    Bars, frames and scan edges are ground, and so are soft shadows.
    Above four megapixels objects are looked for at half the size, or a quarter and so on.
    On a transparent ground the objects are what is visible. Those within holes of others are left
    out.

    Args:
        image: uint8 (H, W, 3), BGR, or (H, W, 4), BGRA.

    Source:
        Suzuki & Abe, Topological structural analysis of digitized binary images by border
        following, CVGIP 30(1), 1985; what is an object: engines.vision.foreground.
    """
    inside, box = within_margins(image)
    mask = placed(_objects(inside, params.channel), box, image)
    found = outlines(mask)[:MOST_CONTOURS]
    return Result(
        contours=[_contour(one) for one in found],
        details=Details[Info](message=f"Found {len(found)} contours", info=Info()),
    )


def _objects(image: Pixels, channel: Channel | None) -> Pixels:
    if found := cut_out(image):
        return found.mask
    opaque = np.asarray(halved(laid(image), MOST_PIXELS), np.uint8)
    shadows, found = soft_shadows(opaque), foreground(_plane(opaque, channel or Channel.V))
    if channel or (found.mask.any() and not _is_on_plain_ground(opaque)):
        return without(found.mask, shadows)
    return without(by_value_or_chroma(opaque, found), shadows)


def _is_on_plain_ground(image: Pixels) -> bool:
    return has_plain_border(np.asarray(shrink(image, BORDER_LOOK_PX), np.uint8))


def _plane(image: Pixels, channel: Channel) -> Pixels:
    planes = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    return np.asarray(cv2.extractChannel(planes, "HSV".index(channel)), np.uint8)


def _contour(outline: Outline) -> Contour:
    x, y, width, height = cv2.boundingRect(outline)
    return Contour(box=Box(x, y, x + width, y + height), outline=outline.tolist())
