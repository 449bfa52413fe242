"""Examples for openapi.yaml: what the engines say of one picture; `make spec` writes them anew."""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import yaml
from numpy.typing import NDArray

from engines.core.registry import Engine, catalogue
from engines.core.run import Job, name_of, run
from engines.core.shapes import Pixels
from gateway.dialects.ltu import present
from gateway.dialects.ltu.services.table import takes_pictures
from gateway.openapi import yaml_text

PATH = Path(__file__).parent / "examples.yaml"
_PHOTO = Path(__file__).parents[2] / "console" / "static" / "sample.jpg"
_TOLD = {"anonymize": {"regions": [[(120, 60), (420, 60), (420, 330), (120, 330)]]}}
"""Where without parameters there is little to show."""
_DECIMALS = 3
_SHOWN_OBJECTS = 4
_SHOWN_BASE64 = 32
"""A PNG's signature and size; the rest would fill pages."""


def of(service: str) -> Any:
    """The example of a service's answer, None before it is written."""
    return _written().get(service)


def computed(engine: Engine) -> Any:
    """The example as the engine gives it now."""
    files = iter(
        map(_png, _piece() if engine.name == "template_match" else _pictures())
        if takes_pictures(engine)
        else _clouds()
    )
    sent = tuple(next(files) if one.is_required else None for one in engine.inputs)
    params = engine.params(**_TOLD.get(engine.name, {}))
    job = Job(engine.name, sent, params, name_of(present.envelope))
    return _shortened(orjson.loads(run(job).body))


@cache
def _written() -> dict[str, Any]:
    examples: dict[str, Any] = yaml.safe_load(PATH.read_text())
    return examples


def _pictures() -> tuple[Pixels, Pixels]:
    """A photograph with words on it, and the same with a spot, seen from a little aside."""
    photo = np.asarray(cv2.imread(str(_PHOTO)), np.uint8)
    cv2.putText(photo, "ESPRESSO", (20, 380), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    spotted = cv2.circle(photo.copy(), (520, 80), 25, (200, 60, 0), -1)
    shift = np.array([[1, 0, 6], [0, 1, 3]], np.float32)
    moved = cv2.warpAffine(spotted, shift, (600, 400), borderMode=cv2.BORDER_REPLICATE)
    return photo, np.asarray(moved, np.uint8)


def _piece() -> tuple[Pixels, Pixels]:
    """The photograph, and a part of it."""
    photo, _ = _pictures()
    return photo, photo[60:150, 200:300]


def _clouds() -> tuple[bytes, bytes]:
    """A pebble, and the side of it that a camera sees six units away."""
    directions = np.random.default_rng(0).normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    x, y, z = directions.T
    points = directions * (1 + 0.3 * x * y + 0.4 * z * x + 0.2 * y**3)[:, None]
    slopes = np.stack([0.3 * y + 0.4 * z, 0.3 * x + 0.6 * y**2, 0.4 * x], axis=1)
    radii = np.linalg.norm(points, axis=1, keepdims=True)
    along = (slopes * directions).sum(axis=1, keepdims=True)
    normals = directions - (slopes - along * directions) / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    moved, facing = points @ turn.T + (0.5, -0.3, 6.0), normals @ turn.T
    is_seen = (moved * facing).sum(axis=1) < 0
    return _ply(points, normals), _ply(moved[is_seen], facing[is_seen])


def _ply(points: NDArray[np.float64], normals: NDArray[np.float64]) -> bytes:
    columns = "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz"))
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n{columns}end_header\n"
    )
    return head.encode() + np.hstack([points, normals]).astype("<f4").tobytes()


def _png(picture: Pixels) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def _shortened(value: Any) -> Any:
    """The same with round numbers, beginnings of pictures, and few objects of many."""
    if isinstance(value, float):
        return round(value, _DECIMALS) + 0.0  # not -0.0
    if isinstance(value, list):
        is_long = len(value) > _SHOWN_OBJECTS and isinstance(value[0], dict)
        return [_shortened(one) for one in (value[:_SHOWN_OBJECTS] if is_long else value)]
    if not isinstance(value, dict):
        return value
    if value.get("encoding") == "base64":
        return value | {"value": value["value"][:_SHOWN_BASE64] + "..."}
    return {name: _shortened(one) for name, one in value.items()}


if __name__ == "__main__":
    every = {engine.service: computed(engine) for engine in catalogue().values()}
    PATH.write_text(yaml_text.dump(every))
