"""Row: one line of a table of figures."""

from typing import NamedTuple


class Row(NamedTuple):
    """A case, what was measured, and whether that is what was aimed at."""

    case: str
    figure: str
    target: str
    is_reached: bool
    n: int
    seed: int
