"""What came of tasks: the anonymised picture, its masks, its metadata."""

from dataclasses import dataclass
from functools import partial

import orjson
from starlette.responses import Response

from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.run import Job, name_of
from engines.vision import scaled_mask
from gateway.dialects.celantur import present
from gateway.dialects.celantur.models import Scale
from gateway.dialects.celantur.parameters import read_query
from gateway.dialects.celantur.records import anonymised_file
from gateway.dialects.celantur.tasks import owned
from gateway.dialects.celantur.wording import TaskFailed
from gateway.dialects.ranges import Servable, serve
from gateway.errors import FilesDeleted, NothingStored, TaskUnfinished
from gateway.flow import Call, as_presented, compute
from gateway.tasks.task import StoredFile, Task

AGAIN_SECONDS = 1
WHOLE = 100


async def anonymised(call: Call) -> Response:
    """The picture without what was hidden."""
    task = await _done(call)
    if (file := anonymised_file(task)) is None:
        raise NothingStored("The task found what it would hide, and has no anonymised picture.")
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
        task = await _done(call)
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
    task = await _done(call)
    return Response(orjson.dumps(task.told), media_type="application/json")


async def of_video(call: Call) -> Response:
    """Nothing: each task is a picture's."""
    await owned(call)
    raise NothingStored("The task is a picture's; there is no video.")


async def _serve(call: Call, task: Task, file: StoredFile) -> Response:
    read = partial(call.request.state["tasks"].result, task, file.name)
    tag = f"{task.id}-{file.name}"
    return await serve(call, Servable(file.name, file.media_type, file.bytes, tag, read))


async def _done(call: Call) -> Task:
    """The caller's task, with its results.

    Raises:
        UnknownTask, FilesDeleted: there is none, or none of its files any more.
        TaskUnfinished, TaskFailed: it has no results yet, or never will.
    """
    task = await owned(call)
    if not task.inputs:
        raise FilesDeleted("The task's files were deleted.")
    if task.failure:
        raise TaskFailed(f"The task failed: {task.failure.message}")
    if not task.is_finished:
        raise TaskUnfinished(
            f"The task is {task.status}; there is a result when it is done.",
            retry_after_seconds=AGAIN_SECONDS,
        )
    return task
