"""Figures on drawn pairs, changed or only sent again, beside what people would take, in one run."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from skimage.metrics import structural_similarity

from benchmarks.quality import drawings, templates
from benchmarks.quality.differences import WAYS, by_preset, matched, total
from benchmarks.quality.drawings import resized
from benchmarks.quality.pairs import Pair
from benchmarks.quality.prints import INSTALL
from benchmarks.quality.rivals import hashes, pixels
from benchmarks.quality.rivals.pixels import UNTUNED
from benchmarks.quality.row import Row
from engines.core.errors import NotAlignable
from engines.core.shapes import Box, Pixels
from engines.differences import differences
from engines.distance import Params, distance
from engines.vision.scaling import shrink, size_of

SEED = 2026
PAIRS = 40
"""A kind: half of them changed, half only sent again."""
TEMPLATE_PAIRS = 400
"""A kind: half of them of other content."""
LEAST_SIMILARITY, COMPARED_PX = 0.9, 512
"""SSIM from which two pictures are taken for the same, at this longer side; it takes seconds where
they are large."""

Both: TypeAlias = tuple[Pixels, Pixels]


def rows(
    count: int = PAIRS, seed: int = SEED, *, template_count: int = TEMPLATE_PAIRS
) -> list[Row]:
    """The table; rivals only where they are installed, and the reason where they are not."""
    if not drawings.FACES:
        return [Row("drawings", INSTALL, "to compare", False, 0, seed)]
    table = [row for kind in drawings.KINDS for row in _differences(kind, count, seed)]
    table += [row for kind in templates.KINDS for row in _distances(kind, template_count, seed)]
    missing = [
        why
        for is_present, why in (
            (pixels.are_present(), pixels.MISSING),
            (hashes.is_present(), hashes.MISSING),
        )
        if not is_present
    ]
    return [*table, *(Row("left out", why, "to compare", True, 0, seed) for why in missing)]


def _differences(kind: str, count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    ways = [(way, WAYS[way]) for way in WAYS] * -(-count // len(WAYS))
    made = [
        drawings.resent(
            drawings.changed(kind, random, count=int(random.integers(1, 6)) * (place % 2)),
            way,
            random,
        )
        for place, (way, _) in enumerate(ways[:count])
    ]
    ours = [_ours(pair, number) for pair, (_, number) in zip(made, ways, strict=False)]
    found = {"ours": ours}
    found |= pixels.found([_case(one) for one in made], dict.fromkeys(pixels.TUNED, UNTUNED))
    return [
        Row(f"{kind}: {name}", _figure(boxes, made), "to compare", True, count, seed)
        for name, boxes in found.items()
    ]


def _ours(pair: Pair, number: int) -> list[Box]:
    try:
        result = differences(pair.first, pair.second, params=by_preset(number))
    except NotAlignable:
        return []
    return [one.box for one in result.on_image1]


def _case(pair: Pair) -> pixels.Case:
    second = resized(pair.second, size_of(pair.first))
    return pixels.Case(pair.first, second, np.ones(pair.first.shape[:2], np.bool_))


def _figure(found: Sequence[Sequence[Box]], made: Sequence[Pair]) -> str:
    """Recall and precision where something changed; how often nothing was found elsewhere."""
    both = list(zip(found, made, strict=True))
    changed = total(matched(boxes, one.first_boxes) for boxes, one in both if one.first_boxes)
    quiet = np.mean([not boxes for boxes, one in both if not one.first_boxes])
    return f"{changed}, quiet {quiet:.0%}"


def _distances(kind: str, count: int, seed: int) -> list[Row]:
    """One drawing sent again in any way, and two of other content; half of each."""
    random = np.random.default_rng(seed)
    ways = [templates.WAYS[place % len(templates.WAYS)] for place in range(count // 2)]
    same, other = (
        [made(kind, way, random) for way in ways] for made in (templates.same, templates.other)
    )
    return [
        Row(
            f"{kind}: {name}",
            f"same {np.mean([judge(one) for one in same]):.0%}, "
            f"other {np.mean([not judge(one) for one in other]):.0%}",
            "to compare",
            True,
            count,
            seed,
        )
        for name, judge in _judges().items()
    ]


def _judges() -> dict[str, Callable[[Both], bool]]:
    judges: dict[str, Callable[[Both], bool]] = {
        "distance below 1": lambda both: distance(*both, params=Params()).distance < 1,
        f"SSIM from {LEAST_SIMILARITY}": _is_similar,
    }
    if hashes.is_present():
        judges[hashes.NAME] = lambda both: hashes.is_match(*both)
    return judges


def _is_similar(both: Both) -> bool:
    rate: Callable[..., float] = structural_similarity
    first = np.asarray(shrink(both[0], COMPARED_PX), np.uint8)
    second = resized(both[1], size_of(first))
    return bool(rate(first, second, channel_axis=2) >= LEAST_SIMILARITY)
