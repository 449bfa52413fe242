"""How a picture or a video is anonymised as a task."""

import time
from pathlib import Path
from typing import Any

import orjson

from engines import anonymize
from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.run import Answer, Job, name_of
from engines.core.shapes import Parameters
from engines.videos import video_chunks, video_sightings
from engines.videos.anonymize_video import anonymize_video
from gateway.dialects.celantur import present
from gateway.dialects.celantur.models import Tiling, Upload
from gateway.store.scratch import DiskFile
from gateway.tasks.work import Run, TaskResult

PICTURE_WORK = "celantur.picture"
VIDEO_WORK = "celantur.video"
ENGINES = {
    PICTURE_WORK: anonymize.anonymize.__name__,
    VIDEO_WORK: anonymize_video.__name__,
}
CUTTING = video_chunks.video_chunks.__name__
LOOKING = video_sightings.video_sightings.__name__
WORKS = tuple(ENGINES)
PICTURES = ("image/jpeg", "image/png")
LOOKED = 0.9
"""The share of the work on a long video that is looking at it."""


async def perform_picture(run: Run) -> TaskResult:
    """Hide what was asked for; the metadata is what is told."""
    name, since = run.task.inputs[0].name, time.monotonic()
    answer = await run.compute(
        Job(
            ENGINES[PICTURE_WORK],
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


async def perform_video(run: Run) -> TaskResult:
    """The same in each frame; what is told is the video as a whole.

    What is in a long video is looked for in several engine processes at once, chunk by chunk. One
    then follows and hides it from the first frame to the last, so that there is no seam.
    """
    folder, video, name = run.folder(), await run.path(0), run.task.inputs[0].name
    params = engine_params(Upload.model_validate(run.task.params["upload"]))

    def step(engine: str, told: Parameters, *inputs: Path) -> Job:
        names = (name, "")[: len(inputs)]
        return Job(engine, inputs, told, name_of(present.video), names=names)

    def look(chunk: Any) -> Job:
        told = video_sightings.Params(**params.model_dump(), chunk=chunk)
        return step(LOOKING, told, video, folder)

    def look_on(answer: Answer) -> Job | None:
        rest = orjson.loads(answer.body)["rest"]
        return look(rest) if rest else None

    looks = list[Job]()
    if params.thresholds:
        cut = await run.compute(step(CUTTING, video_chunks.Params(), video), until=0)
        looks = [look(chunk) for chunk in orjson.loads(cut.body)["chunks"]]
    is_long = len(looks) > 1
    if is_long:
        await run.compute_all(looks, look_on, until=LOOKED)
    hide = step(ENGINES[VIDEO_WORK], params, video, folder)
    answer = await run.compute(hide, since=LOOKED if is_long else 0)
    files = (DiskFile(name, kind, folder / name) for name, kind in present.OF_VIDEO.items())
    return TaskResult(orjson.loads(answer.body), tuple(one for one in files if one.path.exists()))


def engine_params(upload: Upload) -> anonymize.Params:
    """What the engine is told; masks are kept whole, and scaled when they are asked for."""
    known = anonymize.Params.model_fields.keys() - {"ignores"}
    told = upload.model_dump(include=known, exclude_none=True)
    told |= {"ignores": [one.corners() for one in upload.ignores], **_view(upload.format)}
    return anonymize.Params.model_validate(told)


def _view(layout: str | Tiling) -> dict[str, Any]:
    """The width of a panorama says nothing here: any is looked at alike."""
    if isinstance(layout, Tiling):
        return {"view": "tiles", "tiles": layout.number, "tile_overlap": layout.overlap}
    return {"view": "whole" if layout == "whole" else "panorama"}
