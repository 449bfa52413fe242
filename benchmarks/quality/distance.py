"""Figures of `distance`: copies match, unrelated photographs do not; beside perceptual hashes."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from benchmarks.quality import drawings, pairs, templates
from benchmarks.quality.pairs import Random, as_pixels
from benchmarks.quality.prints import INSTALL
from benchmarks.quality.rivals import hashes
from benchmarks.quality.row import Row
from engines.core.shapes import Pixels
from engines.distance import Params, distance
from engines.vision.scaling import to_longer_side

SEED = 2026
PAIRS = 300
DRAWN_PAIRS = 200
LONG_PAIRS = 60
ELONGATION = 13
FAR = 1.8


def rows(count: int = PAIRS, seed: int = SEED) -> list[Row]:
    """The table, on so many pairs a row; the hash's rows only where it can be had."""
    table = [_identical(count, seed)]
    for name, (copy, is_required) in COPIES.items():
        table += _copies(name, copy, count, seed, is_required=is_required)
    table += [*_unrelated(count, seed), _both_ways_round(count, seed)]
    table.append(_panoramas(min(count, LONG_PAIRS), seed))
    return [*table, *_templates(min(count, DRAWN_PAIRS), seed)]


def _identical(count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    images = [pairs.photograph(random)[1] for _ in range(count)]
    share = np.mean([_rate(image, image.copy()) == 0 for image in images])
    return Row("identical: exactly 0", f"{share:.1%}", "100 %", bool(share == 1), count, seed)


def _copies(
    name: str,
    copy: Callable[[Pixels, Random], Pixels],
    count: int,
    seed: int,
    *,
    is_required: bool,
) -> list[Row]:
    """A kind of copy, ours and the hash's; where it is none of the aims, that is said."""
    random = np.random.default_rng(seed)
    images = [pairs.photograph(random)[1] for _ in range(count)]
    both = [(image, pairs.jpeg(copy(image, random), 80)) for image in images]
    share = float(np.mean([_rate(*pair) < 1 for pair in both]))
    target = "97 %" if is_required else "none set"
    table = [Row(f"{name}: below 1", f"{share:.1%}", target, share >= 0.97, count, seed)]
    if hashes.is_present():
        found = float(np.mean([hashes.is_match(*pair) for pair in both]))
        case = f"{name}: found by {hashes.NAME}"
        table.append(Row(case, f"{found:.1%}", "for comparison", True, count, seed))
    return table


def _unrelated(count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    both = [pairs.unrelated(random) for _ in range(count)]
    share = float(np.mean([_rate(*pair) > FAR for pair in both]))
    case = f"unrelated photographs: above {FAR}"
    table = [Row(case, f"{share:.1%}", "99 %", share >= 0.99, count, seed)]
    if hashes.is_present():
        apart = float(np.mean([not hashes.is_match(*pair) for pair in both]))
        case = f"unrelated photographs: kept apart by {hashes.NAME}"
        table.append(Row(case, f"{apart:.1%}", "for comparison", True, count, seed))
    return table


def _both_ways_round(count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    most = 0.0
    for _ in range(count):
        _, image = pairs.photograph(random)
        other = _turned(image, random)
        most = max(most, abs(_rate(image, other) - _rate(other, image)))
    return Row("turned: asymmetry, at most", f"{most:.2f}", "0.1", most <= 0.1, count, seed)


def _panoramas(count: int, seed: int) -> Row:
    """A square cut out of a strip of photographs."""
    random = np.random.default_rng(seed)
    share = float(np.mean([_rate(*_panorama(random)) < 1 for _ in range(count)]))
    case = f"a crop of a picture {ELONGATION} times as wide: below 1"
    return Row(case, f"{share:.1%}", "98 %", share >= 0.98, count, seed)


def _panorama(random: Random) -> tuple[Pixels, Pixels]:
    height = int(random.integers(200, 500))
    strip = np.empty((height, 0, 3), np.uint8)
    while strip.shape[1] < ELONGATION * height:
        _, image = pairs.photograph(random)
        width = round(image.shape[1] * height / image.shape[0])
        strip = np.hstack([strip, drawings.resized(image, (width, height))])
    left = int(random.integers((ELONGATION - 1) * height))
    strip = strip[:, : ELONGATION * height]
    return strip, pairs.jpeg(np.ascontiguousarray(strip[:, left : left + height]), 80)


def _templates(count: int, seed: int) -> list[Row]:
    if not drawings.FACES:
        return [Row("drawings", INSTALL, "98 %", False, 0, seed)]
    return [row for kind in templates.KINDS for row in _template(kind, count, seed)]


def _template(kind: str, count: int, seed: int) -> list[Row]:
    """One drawing sent again in any way, and two of other content."""
    random = np.random.default_rng(seed)
    ways = [templates.WAYS[place % len(templates.WAYS)] for place in range(count)]
    table = []
    kinds = (("sent again", templates.same, True), ("other content", templates.other, False))
    for name, made, is_copy in kinds:
        both = (made(kind, way, random) for way in ways)
        share = float(np.mean([(_rate(*one) < 1) == is_copy for one in both]))
        case = f"{kind}, {name}: {'below 1' if is_copy else '1 and above'}"
        table.append(Row(case, f"{share:.1%}", "98 %", share >= 0.98, count, seed))
    return table


def _rate(first: Pixels, second: Pixels) -> float:
    return distance(first, second, params=Params()).distance


def _saved(image: Pixels, random: Random) -> Pixels:
    return pairs.jpeg(image, int(random.integers(20, 90)))


def _resized(image: Pixels, random: Random) -> Pixels:
    return as_pixels(to_longer_side(image, int(max(image.shape) * random.uniform(0.3, 2))))


def _cropped(image: Pixels, random: Random, *, share: float) -> Pixels:
    """A crop of that share of the area, anywhere."""
    sides = share ** random.uniform(0.2, 0.8)
    size = (np.array([sides, share / sides]) * image.shape[:2]).astype(int)
    top, left = random.integers(0, np.array(image.shape[:2]) - size + 1)
    return np.ascontiguousarray(image[top : top + size[0], left : left + size[1]])


def _turned(image: Pixels, random: Random) -> Pixels:
    """Turned by any angle, on white, nothing cut off."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-180, 180), 1)
    cosine, sine = np.abs(matrix[0, :2])
    size = (int(width * cosine + height * sine), int(width * sine + height * cosine))
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return as_pixels(cv2.warpAffine(image, matrix, size, borderValue=(255, 255, 255)))


def _recoloured(image: Pixels, random: Random) -> Pixels:
    """Hue by up to 16°, saturation and value by up to 20 %."""
    hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2HSV)).astype(float)
    hsv[:, :, 0] = (hsv[:, :, 0] + random.uniform(-8, 8)) % 180
    hsv[:, :, 1:] = np.clip(hsv[:, :, 1:] * random.uniform(0.8, 1.2, 2), 0, 255)
    return as_pixels(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR))


def _quarter_turned(image: Pixels, random: Random) -> Pixels:
    return np.ascontiguousarray(np.rot90(image, int(random.integers(1, 4))))


def _mirrored(image: Pixels, random: Random) -> Pixels:
    return np.ascontiguousarray(image[:, ::-1])


def _blurred(image: Pixels, random: Random) -> Pixels:
    """Of low texture: all detail below 3 % of the side is gone."""
    return as_pixels(cv2.GaussianBlur(image, (0, 0), max(image.shape) / 64))


COPIES: dict[str, tuple[Callable[[Pixels, Random], Pixels], bool]] = {
    "re-encoded": (_saved, True),
    "resized by 0.3 to 2": (_resized, True),
    "cropped to 60 % of the area": (partial(_cropped, share=0.6), True),
    "turned by any angle": (_turned, True),
    "slightly recoloured": (_recoloured, True),
    "cropped to half": (partial(_cropped, share=0.5), False),
    "cropped to 30 %": (partial(_cropped, share=0.3), False),
    "turned by quarters": (_quarter_turned, False),
    "mirrored": (_mirrored, False),
    "blurred": (_blurred, False),
}
