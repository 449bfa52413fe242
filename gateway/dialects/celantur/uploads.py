"""What is uploaded: a picture or video and how to hide what it shows, queued as a task."""

import asyncio
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from starlette.responses import Response

from engines.core.media_type import media_type
from engines.core.registry import engine_named
from engines.core.shapes import File
from gateway.dialects.celantur.models import Told, Upload
from gateway.dialects.celantur.parameters import ParameterRefused, read_query
from gateway.dialects.celantur.performing import (
    ENGINES,
    PICTURE_WORK,
    PICTURES,
    VIDEO_WORK,
    WORKS,
)
from gateway.dialects.celantur.tasks import shown
from gateway.dialects.celantur.wording import TaskFailed, VideoUnsupported
from gateway.errors import (
    MissingPicture,
    ShuttingDown,
    UnreadableBody,
    WaitedTooLong,
)
from gateway.flow import Call
from gateway.intake.spooled import read_upload
from gateway.settings import Settings
from gateway.store.scratch import DiskFile
from gateway.tasks.task import Asked, Task

FIELDS = ("fileobject", "file")
MOST_NAME = 255
FORM_BYTES = 1_000_000
"""Beside its file."""
_YES = ("1", "true", "yes", "on")


async def upload(call: Call) -> Response:
    """Anonymise a file; the answer comes when that is done, or at once if that is asked for."""
    query = call.request.query_params
    asked, told = read_query(query, Upload), read_query(query, Told)
    settings = call.request.state["settings"]
    if not any((asked.face, asked.license_plate, asked.person, asked.vehicle)):
        chosen = {one.replace("-", "_"): True for one in settings.celantur_classes}
        asked = asked.model_copy(update=chosen)
    headers = await _headers(call, told)
    async with call.request.state["scratch"].folder() as folder:
        file = await _read(call, folder, asked.name)
        params = {
            "upload": asked.model_dump(mode="json") | {"name": file.name},
            "webhook": told.webhook,
            "headers": headers,
            "base_url": settings.base_url,
        }
        work = PICTURE_WORK if file.media_type in PICTURES else VIDEO_WORK
        task = await call.request.state["tasks"].add(Asked(call.owner, work, params), [file])
    if call.request.headers.get("x-is-async", "").strip().lower() not in _YES:
        task = await _ended(call, task)
    return await shown(call, task)


async def _headers(call: Call, told: Told) -> str | None:
    """The sealed header field of a webhook.

    Raises:
        UrlRefused: no such URL is sent to.
        ParameterRefused: the field's name came without its value, or one of them without a URL.
    """
    name, value = told.web_auth_header_name, told.web_auth_header_value
    if (name is None) != (value is None) or (name and told.webhook is None):
        raise ParameterRefused(
            "web-auth-header-name and web-auth-header-value go together, and with webhook."
        )
    if told.webhook is None:
        return None
    field = {name: value} if name and value else {}
    return await call.request.state["webhooks"].prepare(told.webhook, field)


async def _read(call: Call, folder: Path, name: str) -> File | DiskFile:
    """The file, of a form or the body itself; the query names it before the form does."""
    settings = call.request.state["settings"]
    most = max(settings.max_upload_bytes, settings.max_video_bytes)
    file = await read_upload(
        call.request,
        call.share,
        folder,
        fields=FIELDS,
        limit=partial(limit, settings),
        max_bytes=most * 4 // 3 + FORM_BYTES,  # perhaps in base64
    )
    return replace(file, name=(name or file.name or FIELDS[0])[-MOST_NAME:])


def limit(settings: Settings, head: bytes) -> int:
    """How many bytes a file may have that begins so.

    Raises:
        MissingPicture, VideoUnsupported, UnreadableBody: none.
    """
    if not head:
        raise MissingPicture("The file is empty; expected a JPEG, PNG or video.")
    kind = media_type(head)
    if kind.startswith("video/"):
        if find_spec("av") is None:
            raise VideoUnsupported("Videos are not anonymised by this installation.")
        return settings.max_video_bytes
    if kind not in PICTURES:
        raise UnreadableBody(f"The file is {kind}; expected a JPEG, PNG or video.")
    return settings.max_upload_bytes


async def _ended(call: Call, task: Task) -> Task:
    """The task when it is done; there is none any more where it is not, or nobody waits for it.

    Raises:
        TaskFailed: it ended without a result.
        WaitedTooLong, ShuttingDown: it has not ended.
    """
    tasks = call.request.state["tasks"]
    engine = engine_named(ENGINES[task.work])
    seconds = engine.seconds(call.request.state["settings"].deadline_seconds)
    try:
        task = await tasks.finished(task, seconds)
        if task.failure:
            raise TaskFailed(task.failure.message, failure=task.failure)
        if not task.is_finished and tasks.watch.is_ending():
            raise ShuttingDown("The service is ending.", retry_after_seconds=1)
        if not task.is_finished:
            raise WaitedTooLong(f"The file was not anonymised within {seconds:g} s.")
    except BaseException:
        # Nobody knows the task's name. A client that leaves cancels this, but not the deletion.
        await asyncio.shield(asyncio.ensure_future(tasks.delete(task.owner, WORKS, task.id)))
        raise
    return task
