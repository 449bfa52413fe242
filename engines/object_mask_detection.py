"""Object mask: which pixels of a picture are its object, and which the ground around it."""

from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters, Picture, Pixels, WithAlpha
from engines.core.transparency import laid
from engines.models.subject import subject
from engines.vision.foreground import (
    BORDER_LOOK_PX,
    MOST_PIXELS,
    Foreground,
    border,
    cut_out,
    fisher_ratio,
    foreground,
    has_plain_border,
    outlines,
)
from engines.vision.margins import placed, within_margins
from engines.vision.morphology import closed, square
from engines.vision.scaling import halved, shrink
from engines.vision.shadows import soft_shadows, without

GAP = 0.015
LEAST_GROUND = 0.25
"""Of the border's length, of a part between edges, from which on it is ground."""
SPREAD = 1 / 3
"""Of the border's arcs in which a colour lies, from which on it is ground."""
COLOURS_A_CHANNEL = 8
LEAST_COLOUR, LEAST_IN_ARC = 0.005, 0.05
"""Shares of the border, and of an arc of it, from which on a colour is no blur of an edge there."""
HUE, ALPHA, ALL = "H", "alpha", "RGB"
LEAST_PHOTOGRAPH_PX = 64
"""Shorter side, of the copy in which the border is looked at, in which things can stand out."""


class Algorithm(Choice):
    """How object and ground are told apart."""

    SOBEL = "sobel"
    HISTOGRAM = "histogram"
    OTSU = "otsu"


class ColorSpace(Choice):
    """Spaces whose channels can be looked at."""

    RGB = "RGB"
    GREY = "grey"
    HSV = "HSV"
    XYZ = "XYZ"
    YCRCB = "YCrCb"
    LAB = "Lab"
    LUV = "Luv"
    YUV = "YUV"
    HLS = "HLS"


CONVERSIONS = {
    ColorSpace.RGB: cv2.COLOR_BGR2RGB,
    ColorSpace.GREY: cv2.COLOR_BGR2GRAY,
    ColorSpace.HSV: cv2.COLOR_BGR2HSV,
    ColorSpace.XYZ: cv2.COLOR_BGR2XYZ,
    ColorSpace.YCRCB: cv2.COLOR_BGR2YCrCb,
    ColorSpace.LAB: cv2.COLOR_BGR2LAB,
    ColorSpace.LUV: cv2.COLOR_BGR2LUV,
    ColorSpace.YUV: cv2.COLOR_BGR2YUV,
    ColorSpace.HLS: cv2.COLOR_BGR2HLS,
}
CHANNELS = {
    **{space: tuple(space) for space in ColorSpace},
    ColorSpace.GREY: ("grey",),
    ColorSpace.YCRCB: ("Y", "Cr", "Cb"),
}
"""Names of each space's channels, in their order."""


class Params(Parameters):
    """How to look for the object."""

    algorithm: Algorithm = Field(
        Algorithm.OTSU,
        description="sobel: edges. histogram: colours that are rare along the border."
        " otsu: one channel's distance from the ground.",
    )
    color_space: ColorSpace = Field(ColorSpace.HSV, description="For otsu.")
    channel: str | None = Field(
        None,
        description="A channel of color_space, for otsu. Without one the channel is taken that"
        " parts object and ground best, hue apart; in a photograph without a plain ground, what"
        " stands out.",
    )
    only_biggest: bool = Field(True, description="Keep the biggest object alone.")

    @field_validator("channel")
    @classmethod
    def _in_its_space(cls, channel: str | None, info: ValidationInfo) -> str | None:
        names = CHANNELS[info.data["color_space"]] if "color_space" in info.data else ()
        if not channel:
            return None
        for name in names:
            if channel.upper() == name.upper():
                return name
        raise ValueError(f"one of {', '.join(names)}, the channels of color_space")


class MaskInfo(Info):
    """What the object was found in."""

    channel: str = Field(
        description="The channel; grey for sobel, RGB for histogram and in a photograph without a"
        " plain ground, alpha where transparency parts object and ground; empty without an object."
    )
    unused: list[str] = Field(
        [], description="Parameters that were given and mean nothing to the algorithm."
    )


class Result(EngineResult[MaskInfo]):
    """The object's pixels."""

    mask: Picture = Field(description="1 object, 0 ground; of the picture's size.")


class Candidate(NamedTuple):
    """The object as one channel shows it."""

    channel: str
    mask: Pixels
    separation: float


@engine(version="6.0.0")
def object_mask_detection(image: WithAlpha, *, params: Params) -> Result:
    """Part a picture's object from its ground, which is what surrounds it at the border.

    Bars, frames and scan edges are ground, and so are soft shadows. Above four megapixels the
    object is looked for at half the size, or a quarter and so on.
    Without a channel alpha is taken where the ground is transparent, and where no surface fits the
    border in any channel, what stands out of a photograph. Else the channel is taken whose mask
    has the greatest Fisher ratio: the squared difference of object's and ground's mean contrast,
    by the sum of the contrast's variances.

    Args:
        image: uint8 (H, W, 3), BGR, or (H, W, 4), BGRA.

    Returns:
        objects without their holes; gaps up to 3 % of the shorter side are closed.

    Source:
        What an object is: engines.vision.foreground; in photographs, engines.models.subject.
        Fisher's ratio: Fisher, The use of multiple measurements in taxonomic problems, Annals of
        Eugenics 7(2), 1936. histogram: the ratio histogram of Swain & Ballard, Color indexing,
        IJCV 7(1), 1991, of border and picture.
    """
    inside, box = within_margins(image)
    candidates = [_candidate(name, found, params) for name, found in _views(inside, params)]
    best = max(candidates, key=lambda one: one.separation)
    channel = best.channel if best.mask.any() else ""
    found = f"Found an object in channel {channel}"
    return Result(
        mask=Picture(placed(best.mask, box, image).view(np.bool_)),
        details=Details(
            message=found if channel else "No object found",
            info=MaskInfo(channel=channel, unused=_unused(params)),
        ),
    )


def _unused(params: Params) -> list[str]:
    is_used = params.algorithm is Algorithm.OTSU or not params.channel
    return [] if is_used else ["channel"]


def _views(image: Pixels, params: Params) -> list[tuple[str, Foreground]]:
    """The foreground in each channel that comes into question."""
    is_free = params.algorithm is Algorithm.OTSU and not params.channel
    if is_free and (found := cut_out(image)):
        return [(ALPHA, found)]
    opaque = np.asarray(halved(laid(image), MOST_PIXELS), np.uint8)
    if is_free and _is_photograph(opaque):
        mask = subject(opaque)
        return [(ALL, Foreground(mask, mask))]
    shadows = soft_shadows(opaque)
    return [
        (name, found._replace(mask=without(found.mask, shadows)))
        for name, found in _opaque_views(opaque, params)
    ]


def _is_photograph(opaque: Pixels) -> bool:
    small = np.asarray(shrink(opaque, BORDER_LOOK_PX), np.uint8)
    return min(small.shape[:2]) >= LEAST_PHOTOGRAPH_PX and not has_plain_border(small)


def _opaque_views(opaque: Pixels, params: Params) -> list[tuple[str, Foreground]]:
    if params.algorithm is Algorithm.SOBEL:
        edges = foreground(_gradient(opaque))
        return [("grey", edges._replace(mask=_filled_to_border(edges.mask)))]
    if params.algorithm is Algorithm.HISTOGRAM:
        return [(ALL, _rare_colours(opaque))]
    space = params.color_space
    planes = np.atleast_3d(np.asarray(cv2.cvtColor(opaque, CONVERSIONS[space]), np.uint8))
    return [
        (name, foreground(_plane(np.asarray(cv2.extractChannel(planes, place), np.uint8), name)))
        for place, name in enumerate(CHANNELS[space])
        if name == params.channel or (params.channel is None and name != HUE)
    ]


def _plane(plane: Pixels, name: str) -> Pixels:
    """A channel; hue turned so that its gap lies opposite to the border's commonest hue."""
    if name != HUE:
        return plane
    commonest = np.bincount(_border_values(plane)).argmax()
    return ((plane.astype(np.uint16) + 90 + 180 - commonest) % 180).astype(np.uint8)


def _gradient(image: Pixels) -> Pixels:
    smooth = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1)
    across = cv2.convertScaleAbs(cv2.Sobel(smooth, cv2.CV_16S, 1, 0))
    down = cv2.convertScaleAbs(cv2.Sobel(smooth, cv2.CV_16S, 0, 1))
    return np.asarray(cv2.addWeighted(across, 0.5, down, 0.5, 0), np.uint8)


def _filled_to_border(edges: Pixels) -> Pixels:
    """Edges, and what they part from the ground where an object reaches over the border.

    Ground is what takes up much of the border; where it is not most of it, nothing is filled.
    """
    count, parts = cv2.connectedComponents(1 - closed(edges, _gap(edges)), connectivity=4)
    rim = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    shares = np.bincount(rim, minlength=count) / rim.size
    is_ground = shares >= LEAST_GROUND
    is_ground[0] = False
    if shares[is_ground].sum() < 0.5:
        return edges
    return np.asarray(cv2.bitwise_or(edges, 1 - is_ground.astype(np.uint8)[parts]), np.uint8)


def _rare_colours(image: Pixels) -> Foreground:
    """What has a colour that takes up less of the border than half its share of the picture."""
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), 1), np.uint8)
    blue, green, red = cv2.split((smooth // (256 // COLOURS_A_CHANNEL)).astype(np.uint16))
    bins = (red * COLOURS_A_CHANNEL + green) * COLOURS_A_CHANNEL + blue
    count = COLOURS_A_CHANNEL**3
    border_values = _border_values(bins)
    around = np.bincount(border_values, minlength=count) / border_values.size
    is_ground = _spread_colours(bins, around)
    if around[is_ground].sum() >= 0.5:
        around[~is_ground] = 0
    everywhere = np.maximum(np.bincount(bins.ravel(), minlength=count) / bins.size, 1e-9)
    rarity = np.rint(255 * np.clip(1 - around / everywhere, 0, 1)).astype(np.uint8)[bins]
    is_rare = cv2.morphologyEx((rarity > 127).astype(np.uint8), cv2.MORPH_OPEN, square(1))
    return Foreground(np.asarray(is_rare, np.uint8), rarity)


def _spread_colours(bins: NDArray[np.uint16], around: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The colours along much of the border, and those like them, which an object's are not."""
    arcs = [np.bincount(arc.ravel(), minlength=around.size) / arc.size for arc in border(bins)]
    is_in_arc = np.array(arcs) >= LEAST_IN_ARC
    is_ground: NDArray[np.bool_] = is_in_arc.mean(axis=0) >= SPREAD
    is_there = around >= LEAST_COLOUR
    while True:
        wider = is_ground | (_and_those_next(is_ground) & is_there)
        if np.array_equal(wider, is_ground):
            return is_ground
        is_ground = wider


def _and_those_next(colours: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """These colours, and those a step away in each channel."""
    cube = np.pad(colours.reshape((COLOURS_A_CHANNEL,) * 3), 1)
    for axis in range(3):
        cube = cube | np.roll(cube, 1, axis) | np.roll(cube, -1, axis)
    return np.asarray(cube[1:-1, 1:-1, 1:-1].ravel(), np.bool_)


def _border_values(plane: MatLike) -> NDArray[np.integer]:
    return np.concatenate([arc.ravel() for arc in border(plane)])


def _candidate(channel: str, found: Foreground, params: Params) -> Candidate:
    mask = _objects(closed(found.mask, _gap(found.mask)), params.only_biggest)
    return Candidate(channel, mask, fisher_ratio(found._replace(mask=mask)))


def _gap(mask: Pixels) -> Pixels:
    """Across this, parts of an object that is like its ground here and there are joined."""
    return square(max(1, round(GAP * min(mask.shape))))


def _objects(mask: Pixels, only_biggest: bool) -> Pixels:
    found = outlines(mask)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, found[:1] if only_biggest else found, -1, 1, cv2.FILLED)
    return filled
