"""How a picture is anonymised as a task."""

import time
from typing import Any

import orjson
from pydantic import ValidationError

from engines import anonymize
from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.run import Job, name_of
from gateway.dialects.celantur import present
from gateway.dialects.celantur.models import Tiling, Upload
from gateway.dialects.celantur.parameters import ParameterRefused
from gateway.tasks.work import Run, TaskResult

WORK = "celantur.picture"
PICTURES = ("image/jpeg", "image/png")


async def perform(run: Run) -> TaskResult:
    """Hide what was asked for; the metadata is what is told."""
    name, since = run.task.inputs[0].name, time.monotonic()
    answer = await run.compute(
        Job(
            anonymize.anonymize.__name__,
            await run.inputs(),
            engine_params(Upload.model_validate(run.task.params["upload"])),
            name_of(present.anonymised),
            (PictureDecoder(Mode.ORIGINAL, PICTURES),),
            (name,),
        )
    )
    told: dict[str, Any] = orjson.loads(answer.body)
    told |= {"id": name, "filename": name, "duration": time.monotonic() - since}
    told["detections"] = [one | {"parent_image": name} for one in told["detections"]]
    return TaskResult(told, answer.files)


def engine_params(upload: Upload) -> anonymize.Params:
    """What the engine is told; masks are kept whole, and scaled when they are asked for.

    Raises:
        ParameterRefused: the engine does not take a value.
    """
    known = anonymize.Params.model_fields.keys() - {"ignores"}
    told = upload.model_dump(include=known, exclude_none=True)
    told |= {"ignores": [one.corners() for one in upload.ignores], **_view(upload.format)}
    try:
        return anonymize.Params.model_validate(told)
    except ValidationError as error:
        raise ParameterRefused.of(error) from None


def _view(layout: str | Tiling) -> dict[str, Any]:
    """The width of a panorama says nothing here: any is looked at alike."""
    if isinstance(layout, Tiling):
        return {"view": "tiles", "tiles": layout.number, "tile_overlap": layout.overlap}
    return {"view": "whole" if layout == "whole" else "panorama"}
