"""What came of tasks: the anonymised picture or video, masks, metadata."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.responses import Response

from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.run import Job, name_of
from engines.videos.anonymize_video import FRAMES, INDEX, OFFSET
from engines.vision import scaled_mask
from gateway.dialects.celantur import present
from gateway.dialects.celantur.models import Frames, ImageMetadata, Scale
from gateway.dialects.celantur.parameters import ParameterRefused, read_query
from gateway.dialects.celantur.performing import PICTURE_WORK, VIDEO_WORK
from gateway.dialects.celantur.records import anonymised_file
from gateway.dialects.celantur.tasks import owned
from gateway.dialects.celantur.wording import TaskFailed
from gateway.dialects.ranges import Servable, serve
from gateway.errors import FilesDeleted, NothingStored, TaskUnfinished
from gateway.flow import Call, as_presented, compute
from gateway.tasks.task import StoredFile, Task

AGAIN_SECONDS = 1
WHOLE = 100
MOST_FRAMES = 500
"""Told of in one answer."""


async def picture(call: Call) -> Response:
    """The picture without what was hidden."""
    return await _anonymised(call, await done(call, PICTURE_WORK))


async def video(call: Call) -> Response:
    """The video without what was hidden."""
    return await _anonymised(call, await done(call, VIDEO_WORK))


async def _anonymised(call: Call, task: Task) -> Response:
    if (file := anonymised_file(task)) is None:
        raise NothingStored("The task found what it would hide, and hid nothing.")
    return await _serve(call, task, file)


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask, scaled as the request or else the upload asks.

    Args:
        mode: how it is read to be scaled, which decides on its channels.
    """

    name: str
    mode: Mode

    async def __call__(self, call: Call) -> Response:
        asked = read_query(call.request.query_params, Scale).mask_scale
        task = await done(call, PICTURE_WORK)
        file = next((one for one in task.files if one.name == self.name), None)
        if file is None:
            raise NothingStored("The mask was not saved; the upload's save-mask says which are.")
        percent = asked or task.params["upload"]["mask_scale"]
        if percent == WHOLE:
            return await _serve(call, task, file)
        whole = await call.request.state["tasks"].result(task, file.name)
        params = scaled_mask.Params(percent=percent)
        decoders = (PictureDecoder(self.mode, (file.media_type,)),)
        engine, presenter = scaled_mask.scaled_mask.__name__, name_of(present.mask)
        job = Job(engine, (whole,), params, presenter, decoders, (file.name,))
        return as_presented(call, await compute(call, job))


async def metadata(call: Call) -> Response:
    """What was found in the picture."""
    task = await done(call, PICTURE_WORK)
    told = ImageMetadata.model_validate(task.told)
    return Response(told.model_dump_json(), media_type="application/json")


async def frames(call: Call) -> Response:
    """What was found in frames of the video, from one to another, or as many as are told at once.

    Raises:
        ParameterRefused: there are no such frames.
    """
    asked = read_query(call.request.query_params, Frames)
    task = await done(call, VIDEO_WORK)
    told: dict[str, Any] = task.told or {}
    last = told["frames"] - 1 if asked.end is None else asked.end
    if not asked.start <= last < told["frames"]:
        raise ParameterRefused(
            f"The frames {asked.start} to {last} are asked for; the video has 0 to"
            f" {told['frames'] - 1}."
        )
    end = min(last + 1, asked.start + MOST_FRAMES)
    read = partial(call.request.state["tasks"].result, task)
    index = await read(INDEX, OFFSET.size * asked.start, OFFSET.size * (end + 1))
    offsets = [one for (one,) in OFFSET.iter_unpack(index)]
    call.share.reserve(offsets[-1] - offsets[0])
    lines = await read(FRAMES, offsets[0], offsets[-1])
    upload = task.params["upload"]
    present_frame = partial(
        present.frame,
        size=told["size"],
        name=upload["name"],
        is_hidden=upload["method"] != "detect",
    )
    untold = set() if asked.times else {"seconds"}
    told_frames = [present_frame(orjson.loads(line)) for line in lines.splitlines()]
    found = [one.model_dump(exclude=untold) for one in told_frames]
    return Response(orjson.dumps(found), media_type="application/json")


async def _serve(call: Call, task: Task, file: StoredFile) -> Response:
    read = partial(call.request.state["tasks"].result, task, file.name)
    tag = f"{task.id}-{file.name}"
    return await serve(call, Servable(file.name, file.media_type, file.bytes, tag, read))


async def done(call: Call, *works: str) -> Task:
    """The caller's task of some kinds, with its results.

    Raises:
        UnknownTask, FilesDeleted: there is none, or none of its files any more.
        NothingStored: it is of the other kind.
        TaskUnfinished, TaskFailed: it has no results yet, or never will.
    """
    task = await owned(call)
    if not task.inputs:
        raise FilesDeleted("The task's files were deleted.")
    if task.work not in works:
        is_video = task.work == VIDEO_WORK
        raise NothingStored(f"The task is a {'video' if is_video else 'picture'}'s.")
    if task.failure:
        raise TaskFailed(f"The task failed: {task.failure.message}")
    if not task.is_finished:
        raise TaskUnfinished(
            f"The task is {task.status}; there is a result when it is done.",
            retry_after_seconds=AGAIN_SECONDS,
        )
    return task
