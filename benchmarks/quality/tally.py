"""How many places were found, and how many of them are there."""

from typing import NamedTuple


class Tally(NamedTuple):
    """Places that are true and found, found at all, and true at all."""

    right: int
    found: int
    true: int

    @property
    def recall(self) -> float:
        return self.right / max(1, self.true)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.found)

    def __str__(self) -> str:
        return f"recall {self.recall:.3f}, precision {self.precision:.3f}"
