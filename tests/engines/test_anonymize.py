"""Anonymised photographs: what is hidden stays hidden, in every format, and nothing slips by."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.ExifTags import IFD, Base
from pydantic import ValidationError

from engines.anonymization.hiding import Method
from engines.anonymization.sighting import Kind
from engines.anonymize import Params, Result, anonymize, draw
from engines.core import pixels
from engines.core.errors import BadParameter, ModelUnavailable
from engines.core.pixels import Mode
from engines.core.shapes import Pixels
from engines.models import faces, weights
from tests.engines.drawing import on_a_car

FACE = (slice(60, 180), slice(175, 275))
"""Within the astronaut's face."""
TURNED = np.array([[400, 440], [562, 490], [553, 526], [394, 474]], np.float32)
"""Corners of a plate."""
TRIANGLE = ((10, 10), (60, 10), (10, 60))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def astronaut() -> Pixels:
    """One face, one person; 512 × 512, RGB."""
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


def sent(samples: NDArray[Any], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(samples).save(file, kind, **options)
    return file.getvalue()


def run(data: bytes, **given: Any) -> Result:
    chosen = {"person": False, "vehicle": False, "license_plate": False, **given}
    return anonymize(pixels.decode(data, Mode.ORIGINAL), params=Params(**chosen))


def picture_of(result: Result) -> Pillow.Image:
    assert result.picture is not None
    return Pillow.open(io.BytesIO(result.picture.encoded()))


@pytest.mark.parametrize("method", ["blur", "pixelate", "blacken"])
def test_no_detector_finds_a_face_that_was_hidden(method: str, astronaut: Pixels) -> None:
    result = run(sent(astronaut, "PNG"), method=method)
    hidden = np.asarray(picture_of(result))[..., ::-1]
    assert [one.kind for one in result.objects] == [Kind.FACE]
    assert faces.find(np.ascontiguousarray(astronaut[..., ::-1]), 0.5)
    assert not faces.find(np.ascontiguousarray(hidden), 0.5)


def test_nothing_changes_away_from_what_is_hidden(astronaut: Pixels) -> None:
    result = run(sent(astronaut, "PNG"))
    left, top, right, bottom = result.objects[0].box
    changed = (np.asarray(picture_of(result)) != astronaut).any(axis=2)
    assert changed[FACE].mean() > 0.99
    rim = round(0.3 * (right - left)) + 1
    changed[max(0, top - rim) : bottom + rim, left - rim : right + rim] = False
    assert not changed.any()


@pytest.mark.parametrize(("kind", "written"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("GIF", "PNG")])
def test_the_picture_has_the_format_that_was_sent(
    kind: str, written: str, astronaut: Pixels
) -> None:
    result = run(sent(astronaut, kind))
    assert picture_of(result).format == written


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_grey_pictures_keep_their_depth(mode: str, astronaut: Pixels) -> None:
    grey = np.asarray(Pillow.fromarray(astronaut).convert("L"))
    samples = grey.astype(np.uint16) * 257 if mode == "I;16" else grey
    result = run(sent(samples, "PNG"))
    picture = picture_of(result)
    assert picture.mode == mode
    assert result.objects[0].kind is Kind.FACE
    assert np.asarray(picture)[500, 10] == samples[500, 10]


def test_what_is_transparent_is_looked_at_and_loses_its_colours(astronaut: Pixels) -> None:
    alpha = np.zeros((512, 512, 1), np.uint8)
    result = run(sent(np.concatenate([astronaut, alpha], axis=2), "PNG"))
    assert [one.kind for one in result.objects] == [Kind.FACE]
    assert not np.asarray(picture_of(result)).any()


def test_a_grey_picture_that_is_drawn_upon_in_colour_loses_its_profile() -> None:
    grey = sent(np.full((90, 90), 100, np.uint8), "JPEG", icc_profile=PROFILE)
    for debug in (False, True):
        picture = picture_of(run(grey, face=False, regions=[TRIANGLE], debug=debug))
        assert ("icc_profile" in picture.info) is not debug


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_profile_is_kept_and_exif_is_cleaned(kind: str, astronaut: Pixels) -> None:
    exif = Pillow.Exif()
    exif[Base.Make] = "Acme"
    exif.get_ifd(IFD.GPSInfo)[1] = "N"
    data = sent(astronaut, kind, exif=exif.tobytes(), icc_profile=PROFILE)
    picture = picture_of(run(data, method="blacken"))
    assert picture.info["icc_profile"] == PROFILE
    assert picture.getexif()[Base.Make] == "Acme"
    assert picture.getexif().get_ifd(IFD.GPSInfo) == {}


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_turned_picture_is_written_upright(turn: int, astronaut: Pixels) -> None:
    quarters = {3: 2, 6: 1, 8: 3}[turn]
    exif = Pillow.Exif()
    exif[Base.Orientation] = turn
    result = run(sent(np.rot90(astronaut, quarters).copy(), "PNG", exif=exif.tobytes()))
    picture = picture_of(result)
    assert picture.getexif().get(Base.Orientation, 1) == 1
    assert np.asarray(picture)[500, 10].tolist() == astronaut[500, 10].tolist()
    assert result.objects[0].box.top < 60


@pytest.mark.parametrize(("width", "count"), [(512, 0), (200, 1)])
def test_what_is_ignored_as_a_whole_is_not_told_of(
    width: int, count: int, astronaut: Pixels
) -> None:
    ignored = [(0, 0), (width, 0), (width, 512), (0, 512)]
    result = run(sent(astronaut, "PNG"), ignores=[ignored])
    assert len(result.objects) == count
    assert result.binary_mask is not None
    assert result.binary_mask.pixels.any() == bool(count)


def test_both_masks_cover_the_same_pixels(astronaut: Pixels) -> None:
    given = {"person": True, "ignores": [[(170, 30), (220, 30), (220, 200), (170, 200)]]}
    result = run(sent(astronaut, "PNG"), **given)
    assert result.binary_mask is not None
    assert result.instance_mask is not None
    binary, instance = result.binary_mask.pixels, result.instance_mask.pixels
    assert set(np.unique(binary)) == {0, 255}
    assert ((binary == 255) == (instance[..., 1] > 0)).all()
    assert instance[100, 250].tolist() == [128 | 32, 1, 0]
    assert not binary[100, 200]


@pytest.mark.parametrize(
    ("save_mask", "names"),
    [
        ("all", ["binary_mask", "instance_mask"]),
        ("binary", ["binary_mask"]),
        ("instance", ["instance_mask"]),
    ],
)
def test_detect_gives_the_masks_that_are_asked_for_alone(
    save_mask: str, names: list[str], astronaut: Pixels
) -> None:
    data = sent(astronaut, "PNG")
    result = run(data, method="detect", save_mask=save_mask)
    assert result.picture is None
    assert [name for name in ("binary_mask", "instance_mask") if getattr(result, name)] == names
    shown = draw(pixels.decode(data, Mode.ORIGINAL), result)
    assert shown in (result.binary_mask, result.instance_mask)


def test_regions_of_the_caller_are_hidden_too(astronaut: Pixels) -> None:
    result = run(sent(astronaut, "PNG"), face=False, method="blacken", regions=[TRIANGLE])
    hidden = np.asarray(picture_of(result))
    assert [one.kind for one in result.objects] == [Kind.REGION]
    assert not hidden[12:30, 12:30].any()
    assert (hidden[FACE] == astronaut[FACE]).all()


def test_a_region_outside_of_the_picture_is_refused(astronaut: Pixels) -> None:
    beyond = ((600, 0), (700, 0), (700, 90))
    with pytest.raises(BadParameter, match=r"regions\.1 lies outside .* 512 x 512"):
        run(sent(astronaut, "PNG"), regions=[TRIANGLE, beyond])


def test_a_region_that_only_goes_round_the_picture_is_refused(astronaut: Pixels) -> None:
    around = ((-9, -9), (600, -9), (600, -5), (-5, -5), (-5, 600), (-9, 600))
    with pytest.raises(BadParameter, match=r"regions\.0 lies outside"):
        run(sent(astronaut, "PNG"), regions=[around])


@pytest.mark.parametrize("start", [0, 0.3])
def test_a_face_is_not_found_again_however_thin_its_rim(start: float, astronaut: Pixels) -> None:
    soft = {f"face_anonymization_gradient_{end}": at for end, at in (("start", start), ("stop", 1))}
    result = run(sent(astronaut, "PNG"), **soft)
    assert result.picture is not None
    assert not faces.find(result.picture.pixels, 0.3)


def test_to_hide_nothing_is_refused(astronaut: Pixels) -> None:
    with pytest.raises(BadParameter, match="Nothing is to be hidden"):
        run(sent(astronaut, "PNG"), face=False)


def test_too_many_tiles_are_refused() -> None:
    assert Params(tiles=(8, 8)).tiles == (8, 8)
    with pytest.raises(ValidationError, match="at most"):
        Params(tiles=(8, 9))


@pytest.mark.parametrize("name", ["face_detector", "plate_detector", "detector"])
def test_without_a_detector_there_is_no_picture(
    name: str, astronaut: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Callable[[str], weights.Model[Any]] = weights.model

    def absent(asked: str) -> weights.Model[Any]:
        if asked == name:
            raise ModelUnavailable("it is not there")
        return known(asked)

    monkeypatch.setattr(weights, "model", absent)
    with pytest.raises(ModelUnavailable):
        run(sent(astronaut, "PNG"), license_plate=True, vehicle=True)


@pytest.mark.parametrize("view", ["tiles", "panorama"])
def test_every_view_hides_the_face_of_a_panorama(view: str, astronaut: Pixels) -> None:
    wide = np.hstack([np.roll(astronaut, 290, axis=1), np.full_like(astronaut, 90)])
    result = run(sent(np.roll(wide, -220, axis=1), "PNG"), view=view)
    assert Kind.FACE in {one.kind for one in result.objects}


def test_debug_draws_over_what_is_hidden(astronaut: Pixels) -> None:
    plain = np.asarray(picture_of(run(sent(astronaut, "PNG"), method="blacken")))
    marked = np.asarray(picture_of(run(sent(astronaut, "PNG"), method="blacken", debug=True)))
    scored = run(sent(astronaut, "PNG"), method="blacken", debug=True, score=True)
    assert 100 < (marked != plain).any(axis=2).sum() < 10_000
    assert (np.asarray(picture_of(scored)) != marked).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 9)])
@pytest.mark.parametrize("view", ["whole", "tiles", "panorama"])
def test_the_smallest_pictures_come_through(size: tuple[int, int], view: str) -> None:
    samples = np.full((*size, 3), 130, np.uint8)
    result = anonymize(pixels.decode(sent(samples, "PNG"), Mode.ORIGINAL), params=Params(view=view))
    assert picture_of(result).size == (size[1], size[0])
    assert result.size == (size[1], size[0])


def test_quality_and_compression_make_files_smaller(astronaut: Pixels) -> None:
    def length(kind: str, **given: Any) -> int:
        result = run(sent(astronaut, kind), face=False, regions=[TRIANGLE], **given)
        assert result.picture is not None
        return len(result.picture.encoded())

    assert length("JPEG", quality=10) < length("JPEG", quality=90)
    assert length("PNG", compress_level=9) < length("PNG", compress_level=0)


def test_methods_are_named_as_documented() -> None:
    assert [*Method] == ["blur", "pixelate", "blacken", "detect"]


def test_a_turned_plate_is_hidden_by_its_corners_or_by_its_box() -> None:
    picture = sent(np.ascontiguousarray(on_a_car(TURNED)[..., ::-1]), "PNG")
    given = {"face": False, "license_plate": True, "method": "detect"}
    plate, boxed = (
        next(one for one in run(picture, **given, bbox=bbox).objects if one.box.top < 490)
        for bbox in (False, True)
    )
    assert plate.kind is Kind.LICENSE_PLATE
    assert len(plate.polygon) == 4
    assert {x for x, _ in plate.polygon} != {x for x, _ in boxed.polygon}
    assert {x for x, _ in boxed.polygon} == {plate.box.left, plate.box.right - 1}
