"""Whether a model's file takes and gives what the engine and its description say."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.pixels import Pixels
from engines.models import objects, scores
from engines.models.catalogue import Entry, Shape
from engines.models.descriptions import (
    LEAST_SIDE,
    MOST_SIDE,
    Classifier,
    Description,
    Detector,
    Recognizer,
    Sides,
)
from engines.models.misfit import Misfit
from engines.vision.scaling import Size

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
"""Of the values that a network may take."""
GIVEN_TYPES = [f"tensor({one})" for one in ("float", "float16", "double", "int32", "int64")]
SEED = 1
PATCH = 16
"""Side of a patch of colour in the picture that a model is tried with, px."""

Answer: TypeAlias = Mapping[str, NDArray[np.float32]]


def check_input(entry: Entry, description: Description, inputs: Collection[Any]) -> Sides:
    """The sides of pictures that the file fixes.

    Args:
        inputs: as onnxruntime lists them.

    Raises:
        Misfit: the file takes something else than it is shown.
    """
    types = [one.type for one in inputs]
    if len(types) != 1 or types[0] not in TYPES:
        raise Misfit(f"its inputs are {', '.join(types)}; expected one, of {', '.join(TYPES)}")
    if types == ["tensor(uint8)"] and not description.is_raw:
        raise Misfit("its input is tensor(uint8); expected range = [0, 255] and no mean or std")
    (found,) = (one.shape for one in inputs)
    count = 1 if any(isinstance(one, int) for one in found[:1]) else "N"
    told = zip(description.sides(), entry.sides, ("H", "W"), strict=True)
    high, wide = (one or other or word for one, other, word in told)
    axes, layout = {"N": count, "C": description.channels, "H": high, "W": wide}, description.layout
    _hold("input", found, tuple(axes[axis] for axis in layout))
    sides = (found[layout.index(axis)] for axis in "HW")
    height, width = (one if isinstance(one, int) else None for one in sides)
    if any(one is not None and not LEAST_SIDE <= one <= MOST_SIDE for one in (height, width)):
        limits = f"{LEAST_SIDE} to {MOST_SIDE} px"
        raise Misfit(f"its input is {_shown(found)}; expected a height and width of {limits}")
    return height, width


def find_outputs(
    entry: Entry, description: Description, outputs: Collection[Any], labels: int
) -> dict[str, str]:
    """What the file calls each output of the contract.

    Args:
        outputs: as onnxruntime lists them.

    Raises:
        Misfit: one is absent, or of another shape.
    """
    there = {one.name: one for one in outputs}
    if description.output and len(entry.gives) > 1:
        raise Misfit(
            f"output is told; expected none, for it has to give {' and '.join(entry.gives)}"
        )
    is_lone = len(entry.gives) == len(there) == 1  # Such a one may be called as it likes.
    owns = description.output or (there if is_lone else entry.gives)
    names = (
        dict(zip(entry.gives, owns, strict=True)) if len(owns) == 1 else {own: own for own in owns}
    )
    for name, own in names.items():
        if own not in there:
            hint = (
                "; output = one of them, or a list of those that make up a row"
                if isinstance(description, Detector) and not description.output
                else ""
            )
            raise Misfit(f"none of its outputs is called {own}; they are {', '.join(there)}{hint}")
        if there[own].type not in GIVEN_TYPES:
            raise Misfit(f"its output {own} is {there[own].type}; expected {GIVEN_TYPES[0]}")
        _hold(_side(entry, name), there[own].shape, _told(entry.gives.get(name, ()), labels=labels))
    if isinstance(description, Detector) and len(names) == description.most_outputs:
        for part, own in zip(description.parts, names, strict=True):
            if part != "class" and "int" in there[own].type:
                raise Misfit(f"its output {own} is {there[own].type}; expected {part}, no classes")
    return names


def check_classes(description: Detector, labels: int, *, are_given: bool) -> None:
    """Make sure that a detector is not read with the labels of another.

    Args:
        are_given: whether the labels came with the model.

    Raises:
        Misfit: it has more or fewer classes than labels, or it cannot be told how many.
    """
    if description.classes not in (None, labels):
        raise Misfit(f"it has {description.classes} classes; its labels are {labels}")
    if not (are_given or description.classes or description.is_long):
        raise Misfit(
            "its rows do not tell how many classes it has; expected labels given with it, "
            f"or classes = {labels} if it has those of ours"
        )


def try_out(
    entry: Entry, description: Description, labels: int, run: Callable[[Pixels], Answer]
) -> None:
    """Show a model two pictures of nothing, for what its file does not declare.

    Args:
        run: gives the outputs for pictures (N, H, W, 3).

    Raises:
        Misfit: what it gives is not what the contract and the description say.
    """
    answers, canvases = [], []
    for what, pictures in _trial(entry, description):
        answer = run(pictures)
        for name, output in answer.items():
            wanted = _told(entry.gives.get(name, ()), labels=labels, N=len(pictures))
            _hold(_side(entry, name), output.shape, wanted)
            if not np.isfinite(output).all():
                raise Misfit(f"its {_side(entry, name)} on a {what} picture is not finite")
        answers.append(answer)
        canvases.append((pictures.shape[2], pictures.shape[1]))
    if isinstance(description, Detector):
        parts = [[*answer.values()] for answer in answers]
        objects.examine(parts, canvases, description, labels)
    elif isinstance(description, Classifier | Recognizer):
        said = [next(iter(answer.values())).ravel() for answer in answers]
        scores.examine(np.concatenate(said), description.scores)
    elif entry.scores:
        scores.check(np.concatenate([answer[entry.scores].ravel() for answer in answers]))


def _trial(entry: Entry, description: Description) -> Iterator[tuple[str, Pixels]]:
    """A black picture and one of colours, one of them wide and one tall where that may be."""
    count, height, width = entry.trial
    random = np.random.default_rng(SEED)
    for what, is_tall, levels in (("black", False, 1), ("colourful", True, 256)):
        if isinstance(description, Detector):
            width, height = _trial_canvas(description, is_tall=is_tall)
        else:
            high, wide = description.sides()
            height, width = high or height, wide or width
        patches = random.integers(0, levels, (-(-height // PATCH), -(-width // PATCH), 3), np.uint8)
        # Smooth, for networks overlook noise of single pixels even when they see it too strong.
        picture = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
        yield what, np.repeat(np.asarray(picture, np.uint8)[None], count, axis=0)


def _trial_canvas(description: Detector, *, is_tall: bool) -> Size:
    """Width and height; of multiples an odd one, which is none of a larger unit."""
    longer, unit = max(description.shown_size), description.multiple_of or 1
    shorter = unit * (longer * 3 // 4 // unit | 1)
    return objects.frame(description, (shorter, longer) if is_tall else (longer, shorter)).canvas


def _told(shape: Shape, **sides: int) -> Shape:
    """A shape whose words are replaced by what they stand for."""
    return tuple(sides.get(str(one), one) for one in shape)


def _side(entry: Entry, output: str) -> str:
    return "output" if len(entry.gives) == 1 else f"output {output}"


def _hold(side: str, found: Collection[Any], expected: Shape) -> None:
    fits = not expected or (
        len(found) == len(expected)
        and all(
            not isinstance(is_, int) or not isinstance(should, int) or is_ == should
            for is_, should in zip(found, expected, strict=True)
        )
    )
    if not fits:
        raise Misfit(f"its {side} is {_shown(found)}; expected {_shown(expected)}")


def _shown(shape: Collection[Any]) -> str:
    return "[" + ", ".join(str(one) if isinstance(one, int) else "*" for one in shape) + "]"
