"""Anonymising: faces, licence plates, persons and vehicles of a picture made unrecognisable."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import AfterValidator, BaseModel, Field

from engines.anonymization import masks, metadata, views
from engines.anonymization.detectors import Report, sight
from engines.anonymization.hiding import Kernel, Method, Samples, hide
from engines.anonymization.sighting import Kind, Sighting, Thresholds, boxed, joined
from engines.core import progress
from engines.core.errors import BadParameter
from engines.core.pixels import OriginalImage, eight_bits, is_transparent
from engines.core.registry import engine
from engines.core.shapes import (
    Box,
    Details,
    EngineResult,
    Info,
    Original,
    Parameters,
    Picture,
    Pixels,
)
from engines.core.transparency import WHITE, laid
from engines.vision import marking
from engines.vision.polygons import Polygon, Polygons

MOST_TILES = 64
MOST_OVERLAP_PX = 10_000


def _few(tiles: tuple[int, int]) -> tuple[int, int]:
    if tiles[0] * tiles[1] > MOST_TILES:
        raise ValueError(f"{MOST_TILES} tiles at most")
    return tiles


Score = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, le=10)]
KernelPx = Annotated[int, Field(ge=1, le=1001)]
Start = Annotated[float, Field(ge=0, le=10)]
Stop = Annotated[float, Field(ge=0, le=1)]
TilesOfSide = Annotated[int, Field(ge=1, le=MOST_TILES)]
Tiles = Annotated[tuple[TilesOfSide, TilesOfSide], AfterValidator(_few)]
OverlapPx = Annotated[int, Field(ge=0, le=MOST_OVERLAP_PX)]
Overlaps = tuple[OverlapPx, OverlapPx]


class Params(Parameters):
    """What to look for, from which score on, and how to hide it."""

    method: Method = Field(
        Method.BLUR,
        description="blur and pixelate leave a few mean colours of a region, blacken none; detect"
        " gives masks and metadata alone.",
    )
    face: bool = Field(True, description="Hide faces.")
    license_plate: bool = Field(True, description="Hide licence plates.")
    person: bool = Field(True, description="Hide persons.")
    vehicle: bool = Field(True, description="Hide vehicles.")
    face_threshold: Score = Field(0.2, description="Least score of a face.")
    license_plate_threshold: Score = Field(0.4, description="Least score of a licence plate.")
    person_threshold: Score = Field(0.15, description="Least score of a person.")
    vehicle_threshold: Score = Field(
        0.2, description="Least score of a vehicle: that it is of any of their classes."
    )
    regions: Polygons = Field(
        (), description="Polygons that are hidden as well: a list of lists of x, y."
    )
    ignores: Polygons = Field(
        (), description="Polygons in which nothing is hidden: a list of lists of x, y."
    )
    bbox: bool = Field(False, description="Hide the box around a region, not its outline alone.")
    view: Literal["whole", "tiles", "panorama"] = Field(
        "whole",
        description="tiles: look at parts of the picture too, for what is small; panorama: all"
        " around, equirectangular, with a seam and poles.",
    )
    tiles: Tiles = Field((2, 2), description="Across and down.")
    tile_overlap: Overlaps = Field((0, 0), description="Across and down, px.")
    kernel_size_face: Share = Field(0.35, description="Cells of a face, as a share of its sides.")
    kernel_size_license_plate: Share = Field(
        0.5, description="Cells of a licence plate, as a share of its sides."
    )
    kernel_size_person: KernelPx = Field(
        91, description="Cells of a person, px; there are 8 on a side at most."
    )
    kernel_size_vehicle: KernelPx = Field(
        61, description="Cells of a vehicle, px; there are 8 on a side at most."
    )
    face_anonymization_gradient_start: Start = Field(
        0.3, description="How far around a face its blur begins, as a share of its shorter side."
    )
    face_anonymization_gradient_stop: Stop = Field(
        0.0, description="How far inside a face its blur is whole, likewise; above 0 shows a rim."
    )
    license_plate_anonymization_gradient_start: Start = Field(
        0.3, description="The same of a licence plate."
    )
    license_plate_anonymization_gradient_stop: Stop = Field(
        0.0, description="The same of a licence plate."
    )
    debug: bool = Field(False, description="Draw boxes, outlines and classes into the picture.")
    score: bool = Field(False, description="With debug: draw scores too.")
    save_mask: Literal["all", "binary", "instance"] = Field(
        "all", description="Which masks are made."
    )
    quality: int = Field(90, ge=0, le=100, description="Of a JPEG.")
    compress_level: int = Field(5, ge=0, le=9, description="Of a PNG.")

    @property
    def thresholds(self) -> Thresholds:
        """The least scores of what is looked for."""
        wanted = {
            Kind.FACE: (self.face, self.face_threshold),
            Kind.LICENSE_PLATE: (self.license_plate, self.license_plate_threshold),
            Kind.PERSON: (self.person, self.person_threshold),
            Kind.VEHICLE: (self.vehicle, self.vehicle_threshold),
        }
        return {kind: least for kind, (is_wanted, least) in wanted.items() if is_wanted}

    @property
    def ignored(self) -> masks.Areas:
        """Where nothing is hidden, in whole pixels."""
        return [np.rint(area).astype(np.int32) for area in self.ignores]

    @property
    def kernels(self) -> Mapping[Kind, Kernel]:
        """How coarse each kind becomes."""
        return {
            Kind.FACE: Kernel(
                share=self.kernel_size_face,
                start=self.face_anonymization_gradient_start,
                stop=self.face_anonymization_gradient_stop,
            ),
            Kind.LICENSE_PLATE: Kernel(
                share=self.kernel_size_license_plate,
                start=self.license_plate_anonymization_gradient_start,
                stop=self.license_plate_anonymization_gradient_stop,
            ),
            Kind.PERSON: Kernel(px=self.kernel_size_person),
            Kind.VEHICLE: Kernel(px=self.kernel_size_vehicle),
        }


class HiddenObject(BaseModel):
    """Something that was found and hidden, at least in part, with the margin around it."""

    kind: Kind = Field(description="region: one that the caller named.")
    score: float = Field(ge=0, le=1, description="1 of a region.")
    box: Box = Field(description="left, top, right, bottom in pixels of the upright picture.")
    polygon: list[tuple[int, int]] = Field(description="The pixels at the outline's corners.")
    model: str = Field(description="What found it; empty of a region.")


class Result(EngineResult[Info]):
    """What was hidden, best first, and the pictures."""

    objects: list[HiddenObject]
    size: tuple[int, int] = Field(description="Width and height of the upright picture, px.")
    picture: Picture | None = Field(
        None, description="The anonymised picture, as JPEG if that was sent, else as PNG."
    )
    binary_mask: Picture | None = Field(None, description="White where the picture is hidden.")
    instance_mask: Picture | None = Field(
        None,
        description="Green: an object's number from 1; blue: person 128, licence plate 64, face"
        " 32, vehicle 16, the sum of all that are there.",
    )


def draw(image: OriginalImage, result: Result) -> Picture:
    """The anonymised picture, or a mask where there is none."""
    shown = result.picture or result.binary_mask or result.instance_mask
    assert shown is not None
    return shown


@engine(version="2.0.0", draw=draw, pictures=("image/png", "image/jpeg"), deadline_seconds=300)
def anonymize(image: Original, *, params: Params) -> Result:
    """Hide faces, licence plates, persons and vehicles, and what the caller names besides.

    What is transparent is looked at as well, and its colours are removed. Of EXIF only technical
    tags are kept; the ICC profile stays.

    Args:
        image: uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA.

    Returns:
        the picture in its own depth and channels; the masks, uint8 (H, W) and (H, W, 3).

    Raises:
        BadParameter: nothing is to be hidden, or a region lies outside of the picture.
        ModelUnavailable: a detector cannot be used; nothing is left out for that.

    Source:
        own; the detectors are CenterFace (Xu et al., 2019), RetinaFace (Deng et al., CVPR 2020)
        and CenterNet (Zhou et al., Objects as points, 2019); plates are read by PP-OCR.
    """
    ignores = params.ignored
    seen = sightings(image.samples, params, progress.report)
    found = [one for one in seen if masks.covered(one, one.box, ignores).any()]
    height, width = image.samples.shape[:2]
    instances = masks.instances(found, (height, width), ignores)
    return Result(
        objects=[_object(one, width, height) for one in found],
        size=(width, height),
        picture=_anonymised(image, found, ignores, params),
        binary_mask=Picture(masks.binary(instances)) if params.save_mask != "instance" else None,
        instance_mask=Picture(instances) if params.save_mask != "binary" else None,
        details=Details(message=_message(found), info=Info()),
    )


def sightings(
    samples: Samples, params: Params, report: Report, *, is_glance: bool = False
) -> list[Sighting]:
    """What a picture has to hide, best first, the caller's own regions before all.

    Args:
        report: told the share of the work that is done.
        is_glance: look once at each part, for what is not small or turned.

    Raises:
        BadParameter: nothing is to be hidden, or a region lies outside of the picture.
        ModelUnavailable: a detector cannot be used.
    """
    height, width = samples.shape[:2]
    regions = [_region(area, number, width, height) for number, area in enumerate(params.regions)]
    thresholds = params.thresholds
    if not thresholds:
        if not regions:
            raise BadParameter(
                "Nothing is to be hidden; expected one of face, license_plate, person and vehicle"
                " to be true, or a region."
            )
        return regions
    pictures = _as_seen(samples)
    across, down = params.tiles
    looks = len(pictures) * {"whole": 1, "tiles": 1 + across * down, "panorama": 3}[params.view]
    done = iter(range(looks))

    def look(part: Pixels) -> list[Sighting]:
        before = next(done)
        return sight(
            part,
            thresholds,
            lambda share: report((before + share) / looks),
            is_glance=is_glance,
        )

    found = joined([_view(picture, look, params) for picture in pictures])
    return regions + [_as_box(one) if params.bbox else one for one in found]


def marked(
    hidden: Samples,
    found: Collection[Sighting],
    *,
    with_scores: bool,
    numbers: Iterable[int] | None = None,
) -> Pixels:
    """Boxes, outlines and classes drawn into the picture, of eight bits and opaque.

    Args:
        numbers: of what was found; from 1 where nothing is said.
    """
    canvas = laid(eight_bits(hidden), WHITE)
    if canvas.ndim == 2:
        canvas = np.asarray(cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR), np.uint8)
    outlines = [(one.outline, marking.GREEN) for one in found]
    captions = [f"{one.kind} {one.score:.2f}" if with_scores else one.kind for one in found]
    marks = [
        marking.Mark(one.box, one.kind, caption)
        for one, caption in zip(found, captions, strict=True)
    ]
    return marking.captioned(marking.outlined(canvas, outlines, 1), marks, numbers)


def _region(area: Polygon, number: int, width: int, height: int) -> Sighting:
    region = Sighting.outlined(Kind.REGION, area, 1.0, "", (width, height))
    if region is None or not masks.covered(region, region.box, ()).any():
        raise BadParameter(
            f"regions.{number} lies outside of the picture; expected a part of its"
            f" {width} x {height} pixels."
        )
    return region


def _as_seen(samples: Samples) -> list[Pixels]:
    """The picture on white, and what its transparent parts would show without their alpha."""
    pixels = eight_bits(samples)
    if pixels.ndim == 2:
        return [np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)]
    opaque = np.ascontiguousarray(pixels[..., :3])
    return [laid(pixels, WHITE), opaque] if is_transparent(pixels) else [opaque]


def _view(picture: Pixels, look: views.Sight, params: Params) -> list[Sighting]:
    if params.view == "tiles":
        return views.in_tiles(picture, look, params.tiles, params.tile_overlap)
    return views.around(picture, look) if params.view == "panorama" else look(picture)


def _as_box(one: Sighting) -> Sighting:
    return boxed(one.kind, one.box, one.score, one.model)


def _anonymised(
    image: OriginalImage, found: Sequence[Sighting], ignores: masks.Areas, params: Params
) -> Picture | None:
    if params.method is Method.DETECT:
        return None
    shown = hide(image.samples, found, params.method, params.kernels, ignores)
    if params.debug:
        shown = marked(shown, found, with_scores=params.score)
    is_coloured = shown.ndim > image.samples.ndim
    return Picture(
        shown,
        "image/jpeg" if image.media_type == "image/jpeg" else "image/png",
        quality=params.quality,
        compression=params.compress_level,
        exif=metadata.cleaned(image.exif),
        icc_profile=b"" if is_coloured else image.icc_profile,
    )


def _object(one: Sighting, width: int, height: int) -> HiddenObject:
    polygon = one.outline.clip(0, (width - 1, height - 1)).tolist()
    return HiddenObject(
        kind=one.kind, score=one.score, box=one.box, polygon=polygon, model=one.model
    )


def _message(found: Sequence[Sighting]) -> str:
    counts = Counter(one.kind for one in found)
    listed = ", ".join(f"{kind}: {counts[kind]}" for kind in Kind if counts[kind])
    return f"Found {listed}" if listed else "Found nothing to hide"
