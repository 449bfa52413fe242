"""Figures of `alignmentMatrix`: warped photographs are aligned, unrelated ones refused."""

from collections.abc import Iterator

import numpy as np

from benchmarks.quality import pairs
from benchmarks.quality.row import Row
from engines.alignment_matrix import Params, alignment_matrix
from engines.core.errors import NotAlignable
from engines.core.shapes import Pixels
from engines.vision.homography import outline, transform
from engines.vision.scaling import size_of

SEED = 2026
PAIRS = 300


def rows(count: int = PAIRS, seed: int = SEED) -> list[Row]:
    """The table, on so many pairs a row."""
    return [_warped(count, seed), _unrelated(count, seed)]


def _warped(count: int, seed: int) -> Row:
    errors = np.array(list(_corner_errors(count, seed)))
    share = float((errors <= 1).mean())
    figure = f"{share:.1%}; median {np.median(errors):.2f} px, {np.isinf(errors).sum()} refused"
    case = "warped photographs: mean corner error at most 1 px of 512"
    return Row(case, figure, "98 %", share >= 0.98, count, seed)


def _corner_errors(count: int, seed: int) -> Iterator[float]:
    random = np.random.default_rng(seed)
    for _ in range(count):
        pair = pairs.warped(random)
        frame = outline(size_of(pair.first))
        try:
            result = alignment_matrix(pair.first, pair.second, params=Params())
        except NotAlignable:
            yield np.inf
            continue
        found = transform(frame, np.reshape(result.matrix1, (3, 3)))
        apart = np.linalg.norm(found - transform(frame, pair.matrix), axis=1)
        yield float(apart.mean()) * 512 / max(size_of(pair.second))


def _unrelated(count: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    refused = sum(_is_refused(*pairs.unrelated(random)) for _ in range(count))
    share = refused / count
    return Row("unrelated photographs: refused", f"{share:.1%}", "99 %", share >= 0.99, count, seed)


def _is_refused(first: Pixels, second: Pixels) -> bool:
    try:
        alignment_matrix(first, second, params=Params())
    except NotAlignable:
        return True
    return False
