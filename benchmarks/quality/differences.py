"""Figures of `differences`: parts that changed are found, and nothing else; beside its rivals."""

import time
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from benchmarks.quality import depth_scenes, drawings, line_scans, pairs
from benchmarks.quality.pairs import Pair, Random
from benchmarks.quality.prints import INSTALL
from benchmarks.quality.rivals import pixels
from benchmarks.quality.rivals.pixels import UNTUNED
from benchmarks.quality.row import Row
from benchmarks.quality.tally import Tally
from engines.core.errors import NotAlignable
from engines.core.shapes import Box, Pixels
from engines.differences import Params, differences
from engines.vision.boxes import iou
from engines.vision.homography import inverse
from engines.vision.registration import register
from engines.vision.scaling import size_of
from gateway.dialects.ltu.services import differences as ltu

SEED = 2026
PAIRS = 300
PAGE_PAIRS = 100
PRESET_PAIRS = 100
DRAWN_PAIRS = 200
WAYS = {"as it is": 1, "rescaled": 1, "taller": 1, "jpeg": 1, "bent": 2}
"""How the second picture of a drawing is sent, and the preset that it is compared by."""
SCANNED_PAIRS = 60
LEAST_FLAW = {2: 0.012, 3: 0.025, 4: 0.045, 5: 0.045}
"""Least side of what is to be found, by preset: above the size of what it takes for noise."""
DEEP_PAIRS = 24
DEEP_PRESETS = 2, 3, 4
LARGE_PAIRS = 6
IOU = 0.3

Boxes: TypeAlias = Sequence[Box]


def rows(count: int = PAIRS, seed: int = SEED) -> list[Row]:
    """The table, on so many pairs a row; rivals only where they are installed."""
    return [
        *_photographs(count, seed),
        _unchanged(count, seed),
        _small_parts(count, seed),
        *_pages(min(count, PAGE_PAIRS), seed),
        *_drawings(min(count, DRAWN_PAIRS), seed),
        *_line_scans(min(count, SCANNED_PAIRS), seed),
        *_depths(min(count, DEEP_PAIRS), seed),
        _presets(min(count, PRESET_PAIRS), seed),
        _large(min(count, LARGE_PAIRS), seed),
    ]


def _photographs(count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    made = [_changed(random) for _ in range(count)]
    tally = _ours(made, by_preset(3))
    is_reached = tally.recall >= 0.95 and tally.precision >= 0.95
    case = "photographs, parts of 5-15 %, preset 3"
    ours = Row(case, str(tally), "recall and precision 0.95", is_reached, count, seed)
    return [ours, *_rivals("the same photographs", made, count, seed)]


def _changed(random: Random) -> Pair:
    return pairs.changed(random, share=(0.05, 0.15), count=int(random.integers(1, 9)))


def _unchanged(count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    quiet = sum(_ours([pairs.unchanged(random)], by_preset(3)) == (0, 0, 0) for _ in range(count))
    share = quiet / count
    case = "photographs, unchanged: nothing found"
    return Row(case, f"{share:.1%}", "98 %", share >= 0.98, count, seed)


def _small_parts(count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    made = (
        pairs.changed(random, share=(0.018, 0.022), count=int(random.integers(1, 9)), side=1100)
        for _ in range(count)
    )
    tally = _ours(made, by_preset(1, '{"resolution": 900}'))
    is_reached = tally.recall >= 0.9 and tally.precision >= 0.8
    case = "photographs, parts of 2 %, preset 1, resolution 900"
    return Row(case, str(tally), "recall 0.9, precision 0.8", is_reached, count, seed)


def _pages(count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    made = [pairs.drawn(random, count=int(random.integers(0, 7))) for _ in range(count)]
    tally = _ours(made, by_preset(1))
    ours = Row("drawn pages in register, preset 1", str(tally), "none set", True, count, seed)
    return [ours, *_rivals("the same pages", made, count, seed)]


def _drawings(count: int, seed: int) -> list[Row]:
    if not drawings.FACES:
        return [Row("drawings", INSTALL, "recall and precision 0.97", False, 0, seed)]
    return [
        row
        for kind in drawings.KINDS
        for way in WAYS
        for row in (_drawn(kind, way, count, seed), _resent(kind, way, count, seed))
    ]


def _drawn(kind: str, way: str, count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    made = (
        drawings.resent(
            drawings.changed(kind, random, count=int(random.integers(1, 6))), way, random
        )
        for _ in range(count)
    )
    tally = _ours(made, by_preset(WAYS[way]))
    is_reached = tally.recall >= 0.97 and tally.precision >= 0.97
    case = f"{kind}, changed, {way}, preset {WAYS[way]}"
    return Row(case, str(tally), "recall and precision 0.97", is_reached, count, seed)


def _resent(kind: str, way: str, count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    made = (
        drawings.resent(drawings.changed(kind, random, count=0), way, random) for _ in range(count)
    )
    quiet = sum(_ours([pair], by_preset(WAYS[way])) == (0, 0, 0) for pair in made)
    share = quiet / count
    case = f"{kind}, unchanged, {way}: nothing found"
    return Row(case, f"{share:.1%}", "98 %", share >= 0.98, count, seed)


def _line_scans(count: int, seed: int) -> list[Row]:
    if not drawings.FACES:
        return [Row("line scans", INSTALL, "recall 0.95, 0.2 false", False, 0, seed)]
    return [
        _scanned(kind, preset, count, seed) for kind in line_scans.KINDS for preset in LEAST_FLAW
    ]


def _scanned(kind: str, preset: int, count: int, seed: int) -> Row:
    """Both pictures count; false are those boxes that no flaw explains."""
    random, least = np.random.default_rng(seed), LEAST_FLAW[preset]
    tally = _ours(
        (
            line_scans.scanned(kind, random, count=int(random.integers(0, 6)), least=least)
            for _ in range(count)
        ),
        by_preset(preset),
    )
    false = (tally.found - tally.right) / (2 * count)
    figure = f"recall {tally.recall:.3f}, {false:.2f} false a picture"
    is_reached = tally.recall >= 0.95 and false <= 0.2
    case = f"{kind}, scanned and bent, flaws from {least:.1%}, preset {preset}"
    return Row(case, figure, "recall 0.95, 0.2 false", is_reached, count, seed)


def _depths(count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    made = {
        "two and three layers": [
            depth_scenes.scene(random, layers=2 + place % 2, count=place // 2 % 2)
            for place in range(count)
        ],
        "stereo_motorcycle": [
            depth_scenes.motorcycle(random, count=place % 2) for place in range(count)
        ],
    }
    return [
        _deep(name, some, preset, seed) for name, some in made.items() for preset in DEEP_PRESETS
    ]


def _deep(name: str, made: list[Pair], preset: int, seed: int) -> Row:
    """Counted on the picture that the part was pasted on, where only one has a true place."""
    tallies = [_ours_where_known(pair, by_preset(preset)) for pair in made]
    tally = total(tallies)
    false = [one.found - one.right for one in tallies]
    figure = f"recall {tally.recall:.3f}, {np.mean(false):.2f} false, {max(false)} at most"
    is_reached = tally.recall >= 0.95 and np.mean(false) <= 3
    case = f"scenes with depth, {name}, preset {preset}"
    return Row(case, figure, "recall 0.95, 3 false", bool(is_reached), len(made), seed)


def _ours_where_known(pair: Pair, params: Params) -> Tally:
    """Of one picture: the second, if the true places are known on that alone."""
    is_on_second = bool(pair.second_boxes) and not pair.first_boxes
    try:
        result = differences(pair.first, pair.second, params=params)
    except NotAlignable:
        return Tally(0, 0, len(pair.first_boxes or pair.second_boxes))
    on, true = (
        (result.on_image2, pair.second_boxes)
        if is_on_second
        else (result.on_image1, pair.first_boxes)
    )
    return matched([one.box for one in on], true)


def by_preset(number: int, settings: str = "") -> Params:
    """What LTU's callers ask for so."""
    asked = {"preset": str(number), "fic_settings": settings}
    return ltu.translate(ltu.Params.from_text(asked))


def _ours(made: Iterable[Pair], params: Params) -> Tally:
    """Counted on both pictures of each pair."""
    tally = Tally(0, 0, 0)
    for pair in made:
        try:
            result = differences(pair.first, pair.second, params=params)
        except NotAlignable:
            tally = total([tally, Tally(0, 0, 2 * len(pair.first_boxes))])
            continue
        sides = (result.on_image1, pair.first_boxes), (result.on_image2, pair.second_boxes)
        tally = total([tally, *(matched([one.box for one in on], true) for on, true in sides)])
    return tally


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them counted together."""
    return Tally(*np.sum([(0, 0, 0), *tallies], axis=0).tolist())


def matched(found: Boxes, true: Boxes) -> Tally:
    """Each true place is found once, by the box that covers it best."""
    overlaps = [
        (iou(one, other), i, j) for i, one in enumerate(found) for j, other in enumerate(true)
    ]
    taken: set[int] = set()
    met: set[int] = set()
    for overlap, i, j in sorted(overlaps, reverse=True):
        if overlap >= IOU and i not in taken and j not in met:
            taken.add(i)
            met.add(j)
    return Tally(len(met), len(found), len(true))


def _rivals(case: str, made: Sequence[Pair], count: int, seed: int) -> list[Row]:
    """Each rival as it comes, and with our alignment and tuned boxes; counted on the first."""
    raw = pixels.found([_as_they_are(pair) for pair in made], dict.fromkeys(pixels.TUNED, UNTUNED))
    aligned = pixels.found([_aligned(pair) for pair in made], pixels.TUNED)
    table = []
    for way, found in (("as it comes", raw), ("aligned and tuned", aligned)):
        for name, boxes in found.items():
            both = zip(boxes, made, strict=True)
            tallies = [matched(one, pair.first_boxes) for one, pair in both]
            figure = str(total(tallies))
            table.append(Row(f"{case}: {name}, {way}", figure, "to compare", True, count, seed))
    if not pixels.are_present():
        table.append(Row(f"{case}: others", pixels.MISSING, "to compare", True, 0, seed))
    return table


def _as_they_are(pair: Pair) -> pixels.Case:
    return pixels.Case(pair.first, pair.second, np.ones(pair.first.shape[:2], np.bool_))


def _aligned(pair: Pair) -> pixels.Case:
    try:
        matrix = inverse(register(pair.first, pair.second).matrix)
    except NotAlignable:
        return _as_they_are(pair)
    size = size_of(pair.first)
    second = cv2.warpPerspective(pair.second, matrix, size, flags=cv2.INTER_CUBIC)
    whole = np.full(pair.second.shape[:2], 255, np.uint8)
    valid = np.asarray(cv2.warpPerspective(whole, matrix, size)) == 255
    return pixels.Case(pair.first, pairs.as_pixels(second), valid)


def _presets(count: int, seed: int) -> Row:
    """The mean number of differences on pairs with dust of all sizes."""
    random = np.random.default_rng(seed)
    made = (_dusty(random) for _ in range(count))
    numbers = np.mean([[_number(pair, preset) for preset in range(1, 6)] for pair in made], axis=0)
    one, two, three, four, five = numbers
    figure = "1 to 5: " + ", ".join(f"{number:.1f}" for number in numbers)
    is_reached = bool(one > two >= three > four and four <= five <= three)
    target = "falls from 1 to 4; 5 between 3 and 4"
    return Row("noisy pairs: mean number by preset", figure, target, is_reached, count, seed)


def _number(pair: Pair, preset: int) -> int:
    try:
        return differences(pair.first, pair.second, params=by_preset(preset)).details.info.count
    except NotAlignable:
        return 0


def _dusty(random: Random) -> Pair:
    pair = _changed(random)
    second = pair.second.copy()
    height, width = second.shape[:2]
    for _ in range(40):
        middle = (int(random.integers(width)), int(random.integers(height)))
        level = int(random.integers(0, 256))
        radius = max(1, int(np.exp(random.uniform(0, np.log(12)))))
        cv2.circle(second, middle, radius, (level, level, level), -1, cv2.LINE_AA)
    return Pair(pair.first, pairs.noisy(second, 6, random), pair.matrix)


def _large(count: int, seed: int) -> Row:
    """CPU time on pairs of 12 Mpx, decoding included, against decoding both at full size."""
    random = np.random.default_rng(seed)
    made = (_changed(random) for _ in range(count))
    ratios = [
        _ratio([_large_file(one, random) for one in (pair.first, pair.second)]) for pair in made
    ]
    ratio = float(np.median(ratios))
    case = "pairs of 12 Mpx: CPU time / decoding both"
    return Row(case, f"{ratio:.2f}", "at most 3", ratio <= 3, count, seed)


def _large_file(image: Pixels, random: Random) -> bytes:
    # Without a sensor's noise the files would be far smaller than a camera's, and easy to decode.
    large = pairs.as_pixels(cv2.resize(image, (4000, 3000), interpolation=cv2.INTER_CUBIC))
    _, data = cv2.imencode(".jpg", pairs.noisy(large, 2, random))
    return data.tobytes()


def _ratio(files: list[bytes]) -> float:
    start = time.process_time()
    buffers = (np.frombuffer(one, np.uint8) for one in files)
    first, second = (pairs.as_pixels(cv2.imdecode(one, cv2.IMREAD_COLOR)) for one in buffers)
    decoded = time.process_time()
    differences(first, second, params=by_preset(3))
    return (time.process_time() - start) / (decoded - start)
