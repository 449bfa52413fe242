"""Comparison settings: what a caller says about what counts as a difference, and where."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from engines.core.choice import Choice
from engines.core.errors import BadParameter, UnparsableParameter
from engines.core.shapes import shown
from engines.vision.comparison import Strictness

LEVELS = 40.0
"""Grey levels of 255 that a `threshold` of 1 stands for."""
MOST_BLUR_PX = 1.2
"""More would spread specks; above it `smooth` works by size alone."""
MOST_JSON = 20_000
MOST_AREAS = 200
MOST_POINTS = 1000
MOST_COORDINATE = 100_000


class Space(Choice):
    """In which colour space pixels are compared."""

    RGB = "RGB"
    HSV = "HSV"


class Settings(BaseModel):
    """What the keys of `fic_settings` mean; `preset` chooses other defaults for them."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    threshold: float = Field(0.6, ge=0.05, le=5)
    smooth: float = Field(0.2, ge=0, le=10)
    margin: int = Field(0, ge=0, le=1000)
    resolution: int = Field(400, ge=64, le=900)
    behaviors: Space = Space.RGB
    weight: float = Field(1, ge=0.1, le=10)


@dataclass(frozen=True, slots=True)
class Preset:
    """A name for settings, and two that have no key: shares of the longer side.

    Args:
        rim: what is left out along the rim of the common part.
        smallest: side of the smallest difference.
    """

    settings: dict[str, float]
    rim: float = 0.0
    smallest: float = 0.0


PRESETS = (
    Preset({}),
    Preset({"threshold": 0.5, "smooth": 0.2, "resolution": 900}),
    Preset({"threshold": 0.6, "smooth": 0.2}, rim=0.02),
    Preset({"threshold": 0.6, "smooth": 0.6}, rim=0.02),
    Preset({"threshold": 0.6, "smooth": 0.9}, rim=0.02, smallest=0.04),
    Preset({"threshold": 0.6, "smooth": 0.6}, rim=0.02, smallest=0.04),
)


def _json(name: str, text: str) -> Any:
    """What a parameter's JSON says."""
    if len(text) > MOST_JSON:
        raise BadParameter(f"{name} has {len(text):,} characters; at most {MOST_JSON:,} are read.")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise UnparsableParameter(
            f"{name} is no JSON: {error.msg} at character {error.pos + 1}."
        ) from None
    except (ValueError, RecursionError):
        raise UnparsableParameter(f"{name} is no JSON that can be read.") from None


def _no_number(text: str) -> None:
    raise ValueError(text)


def read_settings(value: object) -> object:
    """The keys of `fic_settings`, each of them known."""
    if not isinstance(value, str):
        return value
    given = _json("fic_settings", value) if value.strip() else {}
    if not isinstance(given, dict):
        raise BadParameter("fic_settings is JSON, but no object; expected keys and values in {}.")
    for key, one in given.items():
        if key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise BadParameter(f"fic_settings has the key {shown(key)}; expected {known}.")
        is_word = key == "behaviors"
        if isinstance(one, bool) or not isinstance(one, str if is_word else int | float):
            expected = "a word" if is_word else "a number"
            found = shown(json.dumps(one))
            raise BadParameter(f"fic_settings.{key} is {found}; expected {expected}.")
    return given


def read_areas(value: object) -> object:
    """The corners of each area of `ignore`, whether it is a rectangle or a polygon."""
    if not isinstance(value, str):
        return value
    given = _json("ignore", value) if value.strip() else []
    if not isinstance(given, list) or len(given) > MOST_AREAS:
        raise BadParameter(f"ignore is no list of at most {MOST_AREAS} rectangles or polygons.")
    return [_area(place, one) for place, one in enumerate(given)]


def _area(place: int, area: Any) -> list[list[float]]:
    try:
        if isinstance(area, dict):
            x, y, width, height = (area[key] for key in ("x", "y", "width", "height"))
            area = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
        points = [[one["x"], one["y"]] if isinstance(one, dict) else one for one in area]
        numbers = np.array(points, np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        numbers = np.empty((0, 2))
    is_polygon = numbers.ndim == 2 and numbers.shape[1] == 2 and 3 <= len(numbers) <= MOST_POINTS
    if not is_polygon or not np.all(np.abs(numbers) <= MOST_COORDINATE):
        raise BadParameter(
            f"ignore[{place}] is neither a rectangle {{x, y, width, height}} nor a list of 3 to "
            f"{MOST_POINTS} points [x, y]."
        )
    return [[x, y] for x, y in numbers.tolist()]


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings and preset together."""

    settings: Settings
    rim: float
    smallest: float

    def strictness(self, side_px: int) -> Strictness:
        settings = self.settings
        return Strictness(
            levels=LEVELS * settings.threshold / settings.weight,
            blur=min(MOST_BLUR_PX, 0.6 + settings.smooth),
            finest=3 + 6.5 * settings.smooth,
            smallest=self.smallest * side_px,
            gap=0.012 * side_px,
            is_by_hue=settings.behaviors is Space.HSV,
        )


def rules_of(preset_number: int, settings: Settings) -> Rules:
    """The preset's rules, but as the settings have it where they say something."""
    preset = PRESETS[preset_number]
    given = settings.model_dump(exclude_unset=True)
    return Rules(Settings(**{**preset.settings, **given}), preset.rim, preset.smallest)
