"""Contours: the outlines of the objects in a picture."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
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
from engines.vision.foreground import (
    BORDER_LOOK_PX,
    MOST_PIXELS,
    Foreground,
    Outline,
    cut_out,
    deviation,
    fisher_ratio,
    foreground,
    has_plain_border,
    outlines,
)
from engines.vision.margins import placed, within_margins
from engines.vision.marking import GREEN, RED, numbered, pen_px
from engines.vision.morphology import square
from engines.vision.scaling import halved, scaled, shrink, size_of
from engines.vision.shadows import soft_shadows, without

MOST_CONTOURS = 2000
RINGING, COLOUR_RINGING = 0.1, 0.25
"""What JPEG carries of an edge over a block: a share of its contrast, and of that in colour, of
which it keeps every second pixel."""
RINGING_PX, RINGING_STEP = 16, 4
NOISE = 2.2
"""Times the contrast of the border: more than noise in colour has anywhere."""


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
    small = np.asarray(shrink(opaque, BORDER_LOOK_PX), np.uint8)
    if channel or (found.mask.any() and not has_plain_border(small)):
        return without(found.mask, shadows)
    return without(_by_value_or_colour(opaque, found), shadows)


def _by_value_or_colour(image: Pixels, by_value: Foreground) -> Pixels:
    """What the better of value and chroma shows, and what the other shows apart from that."""
    chroma = _chroma(image)
    by_colour, ringing = foreground(chroma), _ringing(image, chroma)
    noise = min(255, round(NOISE * deviation(by_colour.contrast)))
    views = [_beyond(by_value, ringing), _beyond(by_colour, np.maximum(ringing, np.uint8(noise)))]
    better, other = sorted(views, key=fisher_ratio, reverse=True)
    return np.asarray(better.mask | _apart(other.mask, better.mask), np.uint8)


def _beyond(found: Foreground, limit: Pixels) -> Foreground:
    """Without parts whose contrast is nowhere beyond a limit."""
    parts, is_sure = _parts_with(found.mask, cv2.compare(found.contrast, limit, cv2.CMP_GT))
    return found._replace(mask=is_sure[parts])


def _ringing(image: Pixels, chroma: Pixels) -> Pixels:
    """How many levels JPEG's coding of the edges nearby may add to a pixel at most."""
    light = RINGING * _range_nearby(image).max(axis=2)
    most = np.maximum(light, COLOUR_RINGING * _range_nearby(chroma)).astype(np.uint8)
    return np.asarray(cv2.resize(most, size_of(image), interpolation=cv2.INTER_NEAREST), np.uint8)


def _range_nearby(image: Pixels) -> Pixels:
    """Of a smaller copy, how far apart the levels around each pixel are."""
    size = scaled(size_of(image), 1 / RINGING_STEP)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    around = square(RINGING_PX // RINGING_STEP)
    return np.asarray(cv2.subtract(cv2.dilate(small, around), cv2.erode(small, around)), np.uint8)


def _parts_with(mask: Pixels, marks: MatLike) -> tuple[NDArray[np.int32], Pixels]:
    """The mask's parts by number, and of each number whether a mark lies in it."""
    count, parts = cv2.connectedComponents(mask)
    is_marked = np.bincount(parts[np.asarray(marks) > 0], minlength=count) > 0
    is_marked[0] = False
    return np.asarray(parts, np.int32), is_marked.astype(np.uint8)


def _apart(mask: Pixels, other: Pixels) -> Pixels:
    """Those parts of a mask that are not near the other: JPEG leaves halos of colour there."""
    parts, is_near = _parts_with(mask, cv2.dilate(other, square(RINGING_PX)))
    return np.asarray(mask & (1 - is_near)[parts], np.uint8)


def _plane(image: Pixels, channel: Channel) -> Pixels:
    planes = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    return np.asarray(cv2.extractChannel(planes, "HSV".index(channel)), np.uint8)


def _chroma(image: Pixels) -> Pixels:
    """Saturation times value: of what is nearly black saturation alone says nothing."""
    least, most = np.minimum.reduce(cv2.split(image)), np.maximum.reduce(cv2.split(image))
    return np.asarray(most - least, np.uint8)


def _contour(outline: Outline) -> Contour:
    x, y, width, height = cv2.boundingRect(outline)
    return Contour(box=Box(x, y, x + width, y + height), outline=outline.tolist())
