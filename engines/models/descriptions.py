"""What a learned model is shown and what it answers, as the TOML file beside a user's own says."""

import json
import reprlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from engines.core.pixels import Pixels
from engines.models.misfit import Misfit
from engines.models.scores import Form

Kind = TypeVar("Kind", bound="Description")
CHANNELS = {"RGB": 3, "BGR": 3, "grey": 1}
WORDS = {
    "Input should be ": "",
    "Value error, ": "",
    "Tuple should have ": "",
    " after validation": "",
    "a valid tuple": "a list in brackets",
    "a valid string": "text in quotes",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}
"""What pydantic says of a value, and what we do."""


LEAST_SPAN = 1e-3
"""Of a range, beside numbers that are shown with 32 bits."""


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[1] - ends[0] < LEAST_SPAN:
        raise ValueError(f"a lower number and one that is higher by {LEAST_SPAN} at least")
    return ends


def _square(told: Any) -> Any:
    return (told, told) if isinstance(told, int) else told


def _alone(told: Any) -> Any:
    return (told,) if isinstance(told, str) else told


def _names(told: tuple[str, ...]) -> tuple[str, ...]:
    if not all(told) or not 0 < len(told) == len({*told}):
        raise ValueError("a name, or several names")
    return told


# Strict, or true would be 1, and "0.3" a number.
Level: TypeAlias = Annotated[float, Field(strict=True, ge=-10_000, le=10_000, allow_inf_nan=False)]
Deviation: TypeAlias = Annotated[float, Field(strict=True, ge=1e-6, le=10_000, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
LEAST_SIDE, MOST_SIDE = 16, 4096
"""Of what a network is shown, px."""
Side: TypeAlias = Annotated[int, Field(strict=True, ge=LEAST_SIDE, le=MOST_SIDE)]
Sides: TypeAlias = tuple[int | None, int | None]
"""Height and width, px; None for one that is free."""
Size: TypeAlias = Annotated[tuple[Side, Side], BeforeValidator(_square)]
"""Width and height, px; one number is both."""
Outputs: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_alone), AfterValidator(_names)]


class Description(BaseModel):
    """What every network is shown: levels 0..255 mapped to `range`, less `mean`, over `std`.

    Args:
        mean: one for all channels, or one for each in the order of `colour`; so is `std`.
        layout: without N for a network that takes one picture, not a batch of them.
        batch: 1 for a network that takes one picture at a time, where its file does not say so.
        output: the file's name of the output that is taken, where it has several; of a detector
            perhaps of several that lie side by side.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    range: Annotated[tuple[Level, Level], AfterValidator(_rising)]
    mean: Annotated[tuple[Level, ...], Field(min_length=1, max_length=3)] = (0,)
    std: Annotated[tuple[Deviation, ...], Field(min_length=1, max_length=3)] = (1,)
    colour: Literal["RGB", "BGR", "grey"] = "RGB"
    layout: Literal["NCHW", "NHWC", "CHW", "HWC"] = "NCHW"
    batch: Annotated[int, Field(strict=True, ge=1, le=1)] | None = None
    output: Outputs = ()

    @model_validator(mode="after")
    def _has_no_more_outputs_than_are_taken(self) -> Self:
        if len(self.output) > self.most_outputs:
            raise ValueError(
                f"output has {len(self.output)} names; expected {self.most_outputs} at most"
            )
        return self

    @model_validator(mode="after")
    def _has_levels_of_each_channel(self) -> Self:
        for name, levels in (("mean", self.mean), ("std", self.std)):
            if len(levels) not in (1, self.channels):
                raise ValueError(f"{name} has {len(levels)} numbers; expected {self.channels}")
        return self

    @model_validator(mode="after")
    def _is_in_units_of_the_range(self) -> Self:
        low, high = self.range
        span = high - low
        # The usual slip: numbers for 0..255 with the range 0..1, or the other way round.
        for name, levels, least, most in (
            ("mean", self.mean, min(0, low), max(0, high)),
            ("std", self.std, min(1, span / 255), max(1, 2 * span)),
        ):
            if not all(least <= one <= most for one in levels):
                found = ", ".join(f"{one:g}" for one in levels)
                raise ValueError(
                    f"{name} is {found}; expected {least:g} to {most:g}, in units of range"
                )
        return self

    def __str__(self) -> str:
        """As it could stand in a file, on one line, without what goes without saying."""
        told = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key} = {json.dumps(value)}" for key, value in told.items())

    @property
    def channels(self) -> int:
        """How many the network is shown."""
        return CHANNELS[self.colour]

    @property
    def most_outputs(self) -> int:
        """How many make up what is read."""
        return 1

    @property
    def is_batch(self) -> bool:
        """Whether the network is shown pictures along an axis, were it one only."""
        return self.layout.startswith("N")

    @property
    def is_raw(self) -> bool:
        """Whether levels are shown as they are."""
        return self.range == (0, 255) and {*self.mean} == {0} and {*self.std} == {1}

    def sides(self) -> Sides:
        """Height and width of every picture that is shown, px."""
        return None, None

    def fixed_by(self, sides: Sides) -> Self:
        """The description of a file that takes these heights and widths only.

        Raises:
            Misfit: a size that is needed is told neither here nor there.
        """
        return self

    def shown(self, pictures: Pixels) -> NDArray[np.float32]:
        """What a network is shown of pictures (N, H, W, 3), BGR."""
        count, height, width, _ = pictures.shape
        shown = np.empty((count, self.channels, height, width), np.float32)
        table = self._table()
        for picture, planes in zip(pictures, shown, strict=True):
            for levels, values, plane in zip(self._split(picture), table, planes, strict=True):
                cv2.LUT(levels, values, plane)
        if self.layout.endswith("C"):
            shown = np.ascontiguousarray(shown.transpose(0, 2, 3, 1))
        return shown if self.is_batch else shown[0]

    def _split(self, picture: Pixels) -> Sequence[MatLike]:
        if self.colour == "grey":
            return [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)]
        channels = cv2.split(picture)
        return channels if self.colour == "BGR" else channels[::-1]

    def _table(self) -> NDArray[np.float32]:
        """(channels, 256): what each level becomes."""
        low, high = self.range
        levels = np.arange(256, dtype=np.float32) / np.float32(255 / (high - low)) + np.float32(low)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        table = ((levels[:, None] - mean) / std).T
        return np.ascontiguousarray(np.broadcast_to(table, (self.channels, 256)))


class Sized(Description):
    """A network that is shown one size.

    Args:
        size: needed where the file leaves it free.
    """

    size: Size | None = None

    @property
    def shown_size(self) -> tuple[int, int]:
        """The size, of a description that was held against its file."""
        assert self.size is not None
        return self.size

    def sides(self) -> Sides:
        return (self.size[1], self.size[0]) if self.size else (None, None)

    def fixed_by(self, sides: Sides) -> Self:
        height, width = sides
        if self.size:
            return self
        if not height or not width:
            raise Misfit("it takes any size, and size is not told")
        return self.model_copy(update={"size": (width, height)})


class Classifier(Sized):
    """A network that gives one score a label.

    Args:
        fit: whether the middle of the picture is shown, or all of it, whatever its shape.
        crop: of the picture's short side, the share that is shown.
    """

    fit: Literal["crop", "stretch"] = "crop"
    crop: Annotated[float, Field(strict=True, ge=0.1, le=1, allow_inf_nan=False)] = 0.875
    scores: Form = "probabilities"

    @model_validator(mode="after")
    def _crops_what_it_does_not_stretch(self) -> Self:
        if self.fit == "stretch" and "crop" in self.model_fields_set:
            raise ValueError("crop is told; expected none, for fit = 'stretch' shows all")
        return self


Row: TypeAlias = Literal[
    "box, score, class", "box, class, score", "box, scores", "box, objectness, scores"
]


class Detector(Sized):
    """A network that gives boxes, each with a score and a class or with a score a label.

    Args:
        size: with `multiple_of`, that of the longer side.
        multiple_of: what the sides are then padded to.
        output: where several make up a row, their names in its order.
        pad: level around the picture.
        background: which class is none of the labels.
        classes: how many; needed where rows hold a class and no labels are given with the model.
        units: of boxes: pixels of what is shown, or shares of its sides.
        threshold: least score of what is found where a request names none.
        nms: IoU above which two boxes of a class are one thing; 1 where the network sees to it.
        nms_between: the same of two classes.
    """

    multiple_of: Annotated[int, Field(strict=True, ge=1, le=512)] | None = None
    fit: Literal["pad", "stretch"] = "pad"
    pad: Annotated[int, Field(strict=True, ge=0, le=255)] = 0
    row: Row = "box, score, class"
    background: Literal["first", "last"] | None = None
    classes: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    boxes: Literal["xyxy", "yxyx", "xywh", "cxcywh"] = "xyxy"
    units: Literal["pixels", "shares"] = "pixels"
    scores: Literal["probabilities", "logits", "exclusive logits"] = "probabilities"
    threshold: Share = 0.3
    nms: Share = 0.5
    nms_between: Share = 0.9

    @model_validator(mode="after")
    def _has_the_scores_of_its_background(self) -> Self:
        is_exclusive = self.scores == "exclusive logits"
        if is_exclusive and (self.row != "box, scores" or not self.background):
            raise ValueError(
                "scores = 'exclusive logits' need row = 'box, scores' and a background, "
                "or nothing is one of the labels"
            )
        if self.background and self.row == "box, objectness, scores":
            raise ValueError("background is told; expected none where rows hold an objectness")
        if self.background and self.row == "box, scores" and self.scores == "logits":
            raise ValueError("background needs scores = 'exclusive logits', or 'probabilities'")
        return self

    @model_validator(mode="after")
    def _has_one_longer_side(self) -> Self:
        if self.multiple_of and (not self.size or self.size[0] != self.size[1]):
            raise ValueError("multiple_of needs a size of one number, that of the longer side")
        if self.multiple_of and self.size and self.multiple_of > self.size[0]:
            raise ValueError(
                f"multiple_of is {self.multiple_of}; expected {self.size[0]}, the size, at most"
            )
        return self

    @model_validator(mode="after")
    def _pads_what_it_does_not_stretch(self) -> Self:
        if self.fit == "stretch" and "pad" in self.model_fields_set:
            raise ValueError(
                "pad is told; expected none, for fit = 'stretch' leaves nothing around"
            )
        return self

    @property
    def parts(self) -> list[str]:
        """Of a row."""
        return self.row.split(", ")

    @property
    def is_long(self) -> bool:
        """Whether a row has a score a label."""
        return "scores" in self.parts

    @property
    def most_outputs(self) -> int:
        return len(self.parts)

    def sides(self) -> Sides:
        return (None, None) if self.multiple_of else super().sides()

    def fixed_by(self, sides: Sides) -> Self:
        if self.multiple_of and any(sides):
            raise Misfit("it takes one size only, so there is no multiple_of")
        return super().fixed_by(sides)


class Recognizer(Description):
    """A network that gives a score a character, for each place along a line of text.

    Args:
        height: of a line; needed where the file leaves it free.
        width: of a line, if it is always the same.
        blank: which class is none of the characters.
        space: whether one more class, after the characters, is the space.
    """

    height: Side | None = None
    width: Side | None = None
    blank: Literal["first", "last"] = "first"
    space: Annotated[bool, Field(strict=True)] = True
    scores: Literal["probabilities", "logits"] = "probabilities"

    @property
    def shown_height(self) -> int:
        """Of a line, px, of a description that was held against its file."""
        assert self.height is not None
        return self.height

    def sides(self) -> Sides:
        return self.height, self.width

    def fixed_by(self, sides: Sides) -> Self:
        height, width = self.height or sides[0], self.width or sides[1]
        if not height:
            raise Misfit("it takes lines of any height, and height is not told")
        return self.model_copy(update={"height": height, "width": width})


def read(model: Path, kind: type[Kind]) -> Kind:
    """The description beside a model's file.

    Raises:
        Misfit: there is none, or it holds a fault.
    """
    try:
        told = tomllib.loads(model.with_suffix(".toml").read_text("utf-8-sig"))
    except FileNotFoundError:
        raise Misfit(
            "no TOML file of its name lies beside it; it says what the network was trained on, "
            "at least range = [0, 1] or range = [0, 255]"
        ) from None
    except OSError as error:
        raise Misfit(f"its TOML file cannot be read ({error.strerror})") from None
    except ValueError as error:  # no TOML, which names the line, or no UTF-8
        raise Misfit(f"in its TOML file, {error}") from None
    except RecursionError:
        raise Misfit("in its TOML file, lists or tables lie too deep in each other") from None
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        # A key misspelt is missing too, and its spelling is what helps.
        faults = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise Misfit(f"in its TOML file, {_sentence(faults[0], told, kind.model_fields)}") from None


def unknown(key: str, known: Iterable[str]) -> str:
    """What is said of a key that is none, with the one that may be meant."""
    meant = get_close_matches(key, known, 1)
    return f"{key} is no key; " + (
        f"did you mean {meant[0]}" if meant else f"expected one of {', '.join(known)}"
    )


def _sentence(fault: ErrorDetails, told: Mapping[str, Any], known: Iterable[str]) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    expected = fault["msg"]
    for words, ours in WORDS.items():
        expected = expected.replace(words, ours)
    match fault["type"]:
        case "missing" if name not in told:
            return f"{name} is missing"
        case "missing":
            return f"{name} is {reprlib.repr(told[name])}; expected more numbers"
        case "extra_forbidden":
            return unknown(name, known)
        case _ if not name:
            return expected
        case _:
            return f"{name} is {reprlib.repr(fault['input'])}; expected {expected}"
