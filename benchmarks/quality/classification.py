"""Classification: photographs whose subject ImageNet knows."""

import numpy as np

from benchmarks.quality.pairs import photographs
from benchmarks.quality.row import Row, cpu_time
from engines.classification import Params, classification
from engines.core.shapes import Pixels

SEED = 2026
SUBJECTS: dict[str, frozenset[str]] = {
    "chelsea": frozenset({"Tabby cat", "Tiger cat", "Egyptian cat"}),
    "coffee": frozenset({"Espresso", "Cup", "Coffee mug"}),
    "rocket": frozenset({"Missile", "Projectile", "Space shuttle"}),
    "camera": frozenset({"Tripod", "Reflex camera"}),
    "motorcycle_left": frozenset({"Moped", "Motor scooter"}),
    "china": frozenset({"Palace", "Monastery"}),
    "flower": frozenset({"Daisy"}),
}
"""Labels that a person would let pass; ImageNet has neither motorcycle nor dahlia."""


def rows() -> list[Row]:
    """Each photograph as it is and mirrored, and the time."""
    pictures = [(photographs()[name], right) for name, right in SUBJECTS.items()]
    pictures += [(np.ascontiguousarray(image[:, ::-1]), right) for image, right in pictures]
    answers = [(_labels(image), right) for image, right in pictures]
    first = float(np.mean([labels[0] in right for labels, right in answers]))
    five = float(np.mean([bool(right & set(labels[:5])) for labels, right in answers]))
    return [
        Row("right among the first five", f"{five:.2f}", "1", five == 1, len(answers), SEED),
        Row("right as the first", f"{first:.2f}", ">= 0.8", first >= 0.8, len(answers), SEED),
        cpu_time(lambda: _labels(pictures[0][0]), at_most_ms=25, seed=SEED),
    ]


def _labels(image: Pixels) -> list[str]:
    found = classification(image, params=Params(min_score=0)).labels
    return [label.description for label in found]
