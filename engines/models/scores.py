"""Scores as networks give them, made into ones from 0 to 1."""

from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.models.misfit import Misfit

Number = TypeVar("Number", np.float32, np.float64)
Form: TypeAlias = Literal["probabilities", "logits", "independent logits"]

SLACK = 1e-3
"""By which probabilities may leave 0..1, for networks of 16 bits."""
HIGHEST_LOGIT = 80
"""Beyond it the exponential leaves the range of float32."""


def check(scores: NDArray[Number]) -> None:
    """Hold probabilities against what they may be.

    Raises:
        Misfit: one is beyond 0..1.
    """
    if scores.size and not (scores.min() >= -SLACK and scores.max() <= 1 + SLACK):
        what = "which are no numbers" if np.isnan(scores).any() else "as logits do"
        raise Misfit(f"its scores {_reach(scores)}, {what}; expected 0 to 1")


def examine(scores: NDArray[Number], form: str) -> None:
    """Hold what a network gives for pictures of nothing against the form that it should have.

    Raises:
        Misfit: it is not of that form.
    """
    if form == "probabilities":
        check(scores)
    elif scores.size and scores.min() >= 0 and scores.max() <= 1 + SLACK:
        raise Misfit(f"its scores {_reach(scores)}, as probabilities do; expected {form}")


def _reach(scores: NDArray[Number]) -> str:
    return f"reach from {scores.min():.3g} to {scores.max():.3g}"


def probabilities(scores: NDArray[Number], form: Form) -> NDArray[Number]:
    """Those of classes, along the last axis.

    Raises:
        Misfit: they should be probabilities, and are not; or they are no numbers.
    """
    if form == "logits":
        scores = softmax(scores)
    if form == "independent logits":
        scores = sigmoid(scores)
    check(scores)
    return scores


def softmax(logits: NDArray[Number]) -> NDArray[Number]:
    """Probabilities of which one class along the last axis takes from the others."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(logits: NDArray[Number]) -> NDArray[Number]:
    """Probabilities that know nothing of each other."""
    return np.asarray(1 / (1 + np.exp(-logits.clip(-HIGHEST_LOGIT, HIGHEST_LOGIT))))
