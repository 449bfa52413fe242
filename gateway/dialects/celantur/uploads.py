"""What is uploaded: a picture and how to hide what it shows, queued as a task."""

import asyncio

from starlette.responses import Response

from engines.core.media_type import media_type
from engines.core.shapes import File
from gateway.dialects.celantur.models import Told, Upload
from gateway.dialects.celantur.parameters import ParameterRefused, read_query
from gateway.dialects.celantur.performing import PICTURES, WORK, engine_params
from gateway.dialects.celantur.tasks import shown
from gateway.dialects.celantur.wording import TaskFailed, VideoUnsupported
from gateway.errors import (
    MissingPicture,
    ShuttingDown,
    UnreadableBody,
    UploadTooLarge,
    WaitedTooLong,
)
from gateway.flow import Call
from gateway.intake.bodies import read_body
from gateway.intake.forms import read_form
from gateway.tasks.task import Asked, Task

FIELDS = ("fileobject", "file")
MOST_NAME = 255
_YES = ("1", "true", "yes", "on")


async def upload(call: Call) -> Response:
    """Anonymise a picture; the answer comes when that is done, or at once if that is asked for."""
    query = call.request.query_params
    asked, told = read_query(query, Upload), read_query(query, Told)
    settings = call.request.state["settings"]
    if not any((asked.face, asked.license_plate, asked.person, asked.vehicle)):
        chosen = {one.replace("-", "_"): True for one in settings.celantur_classes}
        asked = asked.model_copy(update=chosen)
    engine_params(asked)
    headers = await _headers(call, told)
    file = _checked(await _read(call, asked.name), settings.max_upload_bytes)
    call.share.reserve(len(file.data))
    params = {
        "upload": asked.model_dump(mode="json") | {"name": file.name},
        "webhook": told.webhook,
        "headers": headers,
        "base_url": settings.base_url,
    }
    task = await call.request.state["tasks"].add(Asked(call.owner, WORK, params), [file])
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


async def _read(call: Call, name: str) -> File:
    """The file, of a form or the body itself; the query names it before the form does."""
    max_bytes = call.request.state["intake"].body_limit(1)
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        data = await read_body(call.request, max_bytes=max_bytes)
        return File(name or "file", media_type(data), data)
    form = await read_form(call.request, max_bytes=max_bytes)
    sent = [one for field in FIELDS for one in form.files.get(field, [])]
    if not sent:
        raise MissingPicture("The form has no file named fileobject or file.")
    content = sent[0].content
    return File(name or sent[0].name or FIELDS[0], media_type(content), content)


def _checked(file: File, max_bytes: int) -> File:
    """A picture that may be anonymised, under a name of bounded length.

    Raises:
        MissingPicture, UploadTooLarge, VideoUnsupported, UnreadableBody: it may not.
    """
    if not file.data:
        raise MissingPicture("The file is empty; expected a JPEG or PNG.")
    if len(file.data) > max_bytes:
        raise UploadTooLarge(f"The file has {len(file.data):,} bytes; at most {max_bytes:,}.")
    if _is_video(file):
        raise VideoUnsupported("Videos are not anonymised here; expected a JPEG or PNG.")
    if file.media_type not in PICTURES:
        raise UnreadableBody(f"The file is {file.media_type}; expected a JPEG or PNG.")
    return File(file.name[-MOST_NAME:], file.media_type, file.data)


def _is_video(file: File) -> bool:
    is_container = file.data[:4] in (b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"OggS", b"FLV\1")
    is_avi = file.data[:4] == b"RIFF" and file.data[8:12] == b"AVI "
    return file.media_type.startswith("video/") or is_container or is_avi


async def _ended(call: Call, task: Task) -> Task:
    """The task when it is done; there is none any more where it is not, or nobody waits for it.

    Raises:
        TaskFailed: it ended without a result.
        WaitedTooLong, ShuttingDown: it has not ended.
    """
    tasks = call.request.state["tasks"]
    seconds = call.request.state["settings"].deadline_seconds
    try:
        task = await tasks.finished(task, seconds)
        if task.failure:
            raise TaskFailed(task.failure.message, failure=task.failure)
        if not task.is_finished and tasks.watch.is_ending():
            raise ShuttingDown("The service is ending.", retry_after_seconds=1)
        if not task.is_finished:
            raise WaitedTooLong(f"The picture was not anonymised within {seconds:g} s.")
    except BaseException:
        # Nobody knows the task's name. A client that leaves cancels this, but not the deletion.
        await asyncio.shield(asyncio.ensure_future(tasks.delete(task.owner, [WORK], task.id)))
        raise
    return task
