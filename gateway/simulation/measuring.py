"""How long the engines of this machine compute."""

import cv2

from engines.core.pixels import Mode, decode
from engines.core.registry import Engine, catalogue
from engines.core.run import Job, name_of, run
from gateway.dialects.ltu import present
from gateway.dialects.ltu.services.table import takes_pictures
from gateway.simulation.times import Times, measure

_RUNS = 30


def measurable() -> dict[str, Engine]:
    """Engines that need nothing but pictures, by their services' names."""
    return {one.service: one for one in catalogue().values() if takes_pictures(one)}


def times_of(engine: Engine, photo: bytes, most_seconds: float = 5) -> Times:
    """CPU seconds of the engine, its presenter included.

    A slow one is known from fewer runs. Further pictures are the first one seen a little aside:
    with equal ones engines are done too soon.

    Raises:
        EngineError: it does not compute that.
    """
    pictures = iter((photo, *(_aside(photo) for _ in engine.inputs[1:])))
    sent = tuple(next(pictures) if one.is_required else None for one in engine.inputs)
    job = Job(engine.name, sent, engine.params(), name_of(present.envelope))
    return measure(lambda: run(job), _RUNS, most_seconds)


def _aside(photo: bytes) -> bytes:
    pixels = decode(photo, Mode.COLOUR)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle=2, scale=1)
    turned = cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return cv2.imencode(".jpg", turned)[1].tobytes()
