"""Files of tasks: what was sent, how that looks, what came of it."""

from collections.abc import Sequence
from functools import partial

from starlette.responses import Response

from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.run import Job, name_of
from engines.vision import thumbnail as small
from gateway.dialects.aerovision import present
from gateway.dialects.aerovision.tasks import owned
from gateway.dialects.aerovision.tools import PICTURES
from gateway.dialects.ranges import Servable, serve
from gateway.errors import NothingStored
from gateway.flow import Call, Handle, compute
from gateway.tasks.task import StoredFile, Task


async def upload(call: Call) -> Response:
    """What was sent."""
    task, files = await _task(call), call.request.state["tasks"]
    place, one = _named(call, task.inputs)
    read = partial(files.input, task, place)
    return await serve(call, Servable(one.name, one.media_type, one.bytes, task.id, read))


async def result(call: Call) -> Response:
    """What came of the task."""
    task, files = await _task(call), call.request.state["tasks"]
    _, one = _named(call, task.files)
    read = partial(files.result, task, one.name)
    return await serve(call, Servable(one.name, one.media_type, one.bytes, task.id, read))


async def thumbnail(call: Call) -> Response:
    """How a picture that was sent looks, small; made when it is first asked for."""
    task, files = await _task(call), call.request.state["tasks"]
    place, one = _named(call, [_only_picture(each) for each in task.inputs])
    kind = "image/jpeg" if one.media_type == "image/jpeg" else "image/png"

    async def make() -> bytes:
        sent = await files.input(task, place)
        params = small.Params(media_type=kind)
        decoder = PictureDecoder(Mode.COLOUR, PICTURES)
        presenter = name_of(present.thumbnail)
        job = Job(small.thumbnail.__name__, (sent,), params, presenter, (decoder,), (one.name,))
        return (await compute(call, job)).body

    made = await files.derived(task, f"thumbnails/{place}", make)

    async def read(start: int, end: int) -> bytes:
        return made[start:end]

    return await serve(call, Servable(one.name, kind, len(made), task.id, read))


FILES: dict[str, Handle] = {"uploads": upload, "thumbnails": thumbnail, "results": result}
"""By the first part of their paths."""


async def _task(call: Call) -> Task:
    return await owned(call, call.request.path_params["uid"])


def _named(call: Call, files: Sequence[StoredFile | None]) -> tuple[int, StoredFile]:
    """The file that the path names, and its place among the others.

    Raises:
        NothingStored: there is none.
    """
    for place, one in enumerate(files):
        if one is not None and one.name == call.request.path_params["name"]:
            return place, one
    raise NothingStored("The task has no such file.")


def _only_picture(file: StoredFile) -> StoredFile | None:
    return file if file.media_type in PICTURES else None
