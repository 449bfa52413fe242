"""Attacks on what was hidden: detectors, readers and deconvolution."""

import difflib
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import restoration

from benchmarks.quality import portraits, streets
from benchmarks.quality.pairs import as_pixels
from benchmarks.quality.portraits import Scene, Shot
from benchmarks.quality.prints import read
from benchmarks.quality.rivals.faces import haar
from benchmarks.quality.row import Row
from benchmarks.quality.streets import Plate, Street
from engines.anonymization.hiding import Method, hide
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.anonymize import Params
from engines.core.shapes import Box, Pixels
from engines.models.faces import find
from engines.text_detection import Reader
from engines.vision.boxes import intersection

SCENES = 8
"""With four faces each."""
BOX_PX = 13
FINEST = 0.001
"""Of a kernel that is a share of the region, though any above 0 may be asked for."""
READ = 3
"""Characters in a row, from which on a number is taken for read."""
CELLS = 4
"""Across and down a region at most: what an attacker may know of the blur."""
READABLE_PX = 480
"""Width at which a plate and its surroundings are read."""


class Way(NamedTuple):
    """How something is hidden."""

    name: str
    method: Method
    is_fine: bool = True

    @property
    def params(self) -> Params:
        """With the finest cells that may be asked for, or the usual ones."""
        if not self.is_fine:
            return Params(method=self.method)
        return Params(
            method=self.method,
            kernel_size_face=FINEST,
            kernel_size_license_plate=FINEST,
            kernel_size_person=1,
            kernel_size_vehicle=1,
        )


WAYS = (
    Way("blur", Method.BLUR, is_fine=False),
    Way("blur with the least kernels", Method.BLUR),
    Way("pixelate with the least kernels", Method.PIXELATE),
    Way("blacken", Method.BLACKEN),
)


def rows(seed: int) -> list[Row]:
    """What is found in known places after they were hidden, and after a box blur instead."""
    random = np.random.default_rng(seed)
    scenes = [portraits.scene(Shot((48, 128)), random) for _ in range(SCENES)]
    faces = [_faces(way, scenes, seed) for way in WAYS]
    if not streets.FONT.is_file():
        return [*faces, Row("plates that are read", streets.NO_FONT, "", False, 0, seed)]
    seen = [streets.street(layout, (120, 240), random) for layout in streets.LAYOUTS.values()]
    return [
        *faces,
        *(_plates(way, seen, seed) for way in WAYS),
        *(_brought_back(way, seen, seed) for way in WAYS if way.method is Method.BLUR),
        _box_blurred(seen, seed),
    ]


def _faces(way: Way, scenes: list[Scene], seed: int) -> Row:
    seen = []
    for image, faces in scenes:
        hidden = _hidden(image, [boxed(Kind.FACE, face, 1.0, "") for face in faces], way)
        seen += [_face_is_seen(hidden, face) for face in faces]
    case = f"faces after {way.name}: CenterFace, Haar"
    return Row(case, f"{sum(seen)} seen", "0", not any(seen), len(seen), seed)


def _plates(way: Way, seen: list[Street], seed: int) -> Row:
    said = [
        _is_read(image, plate)
        for street in seen
        for image in [_without_plates(street, way)]
        for plate in street.plates
    ]
    case = f"plates after {way.name}: PP-OCR, Tesseract"
    return Row(case, f"{sum(said)} read", "0", not any(said), len(said), seed)


def _brought_back(way: Way, seen: list[Street], seed: int) -> Row:
    cells = max(1 / CELLS, way.params.kernel_size_license_plate)
    back = [
        _is_brought_back(image, plate, (cells, cells))
        for street in seen
        for image in [_without_plates(street, way)]
        for plate in street.plates
    ]
    case = f"plates after {way.name}: Wiener, Richardson-Lucy"
    return Row(case, f"{sum(back)} read", "0", not any(back), len(back), seed)


def _box_blurred(seen: list[Street], seed: int) -> Row:
    """That the attack is one: what comes back of plates that are blurred as people do it."""
    back = []
    for street in seen:
        blurred = as_pixels(cv2.blur(street.image, (BOX_PX, BOX_PX)))
        for plate in street.plates:
            width, height = np.ptp(plate.corners, axis=0)
            back.append(_is_brought_back(blurred, plate, (BOX_PX / width, BOX_PX / height)))
    case = f"plates after a box blur of {BOX_PX} px instead: the same"
    return Row(case, f"{sum(back)} read", "to compare", True, len(back), seed)


def _without_plates(street: Street, way: Way) -> Pixels:
    size = street.image.shape[1], street.image.shape[0]
    plates = [
        Sighting.outlined(Kind.LICENSE_PLATE, plate.corners, 1.0, "", size)
        for plate in street.plates
    ]
    return _hidden(street.image, [plate for plate in plates if plate], way)


def _hidden(image: Pixels, found: list[Sighting], way: Way) -> Pixels:
    return as_pixels(hide(image, found, way.method, way.params.kernels, ()))


def _face_is_seen(image: Pixels, face: Box) -> bool:
    """Whether CenterFace or Haar still see a face at a place."""
    found = [Box(*np.rint(one[:4]).astype(int).tolist()) for one in find(image, 0.2)]
    found += [Box(*one) for one in haar(image).astype(int).tolist()]
    return any(_is_at(one, face) for one in found)


def _is_at(one: Box, face: Box) -> bool:
    """Whether half of each lies in the other."""
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, face)]
    return intersection(one, face) >= max(areas) / 2


def _is_read(image: Pixels, plate: Plate) -> bool:
    """Whether PP-OCR or Tesseract read a part of the number."""
    return _says(_straightened(image, plate), plate.number)


def _straightened(image: Pixels, plate: Plate) -> Pixels:
    """The plate as from the front, with half of its size around."""
    sides = [np.linalg.norm(plate.corners[1] - plate.corners[0])]
    sides.append(np.linalg.norm(plate.corners[3] - plate.corners[0]))
    width, height = READABLE_PX, round(float(READABLE_PX * sides[1] / sides[0]))
    inner = np.array([(1, 1), (3, 1), (3, 3), (1, 3)]) / 4 * (width, height)
    matrix = cv2.getPerspectiveTransform(plate.corners.astype(np.float32), inner.astype(np.float32))
    return as_pixels(cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC))


def _says(picture: Pixels, number: str) -> bool:
    expected = _letters(number)
    for reader in Reader:
        said = _letters(read(picture, reader).text)
        if difflib.SequenceMatcher(None, expected, said).find_longest_match().size >= READ:
            return True
    return False


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.upper()))


def _is_brought_back(image: Pixels, plate: Plate, cell: tuple[float, float]) -> bool:
    """Whether the number is read once the blur was deconvolved.

    Args:
        cell: width and height of what was averaged, as shares of the plate's.
    """
    seen = _straightened(image, plate)
    return any(_says(one, plate.number) for one in _deconvolved(seen, cell))


def _deconvolved(blurred: Pixels, cell: tuple[float, float]) -> Iterator[Pixels]:
    """By Wiener's filter and Richardson and Lucy's method, for a box and a Gaussian."""
    unit = cv2.cvtColor(blurred, cv2.COLOR_BGR2GRAY) / 255
    # The straightened plate has half of the picture's width and height.
    width, height = (side * share / 2 for side, share in zip(unit.shape[::-1], cell, strict=True))
    for kernel in (_box(width, height), _gaussian(width, height)):
        by_wiener = restoration.wiener(unit, kernel, 0.01)  # type: ignore[no-untyped-call]
        by_lucy = restoration.richardson_lucy(unit, kernel, 30)  # type: ignore[no-untyped-call]
        for restored in (by_wiener, by_lucy):
            levels = as_pixels(np.clip(np.rint(restored * 255), 0, 255))
            yield as_pixels(cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR))


def _box(width: float, height: float) -> NDArray[np.float64]:
    shape = [max(1, round(side)) | 1 for side in (height, width)]
    return np.full(shape, 1 / np.prod(shape))


def _gaussian(width: float, height: float) -> NDArray[np.float64]:
    """As wide as a box is, measured by the standard deviation."""
    across, down = (
        cv2.getGaussianKernel(2 * max(1, round(side)) | 1, side / np.sqrt(12))
        for side in (width, height)
    )
    return np.asarray(down @ across.T, np.float64)
