"""Row: one line of a table of figures."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

REPEATS = 25


class Row(NamedTuple):
    """A case, what was measured, and whether that is what was aimed at."""

    case: str
    figure: str
    target: str
    is_reached: bool
    n: int
    seed: int


def cpu_time(compute: Callable[[], object], *, at_most_ms: float, seed: int) -> Row:
    """CPU time of one thread; the median of 25."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        compute()
        times.append(1000 * (time.process_time() - start))
    median = statistics.median(times)
    target = f"<= {at_most_ms:g} ms"
    return Row("CPU time", f"{median:.0f} ms", target, median <= at_most_ms, REPEATS, seed)
