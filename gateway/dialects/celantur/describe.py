"""Celantur's share of openapi.yaml."""

from functools import cache
from typing import Any

from pydantic import BaseModel

from engines.core.shapes import Parameters
from gateway.dialects.celantur.models import (
    AnonymisationTask,
    Choice,
    DeletedTask,
    DeletedTasks,
    Failure,
    FrameMetadata,
    Frames,
    ImageMetadata,
    Page,
    Scale,
    ServiceStatus,
    Told,
    Upload,
)
from gateway.openapi import schemas
from gateway.openapi.description import Description
from gateway.openapi.schemas import BINARY, Schema

TAG = "Celantur"
SCOPE = "celantur"
PREFIX = "/v1"

_MODELS: dict[str, type[BaseModel]] = {
    "AnonymisationTask": AnonymisationTask,
    "ImageMetadata": ImageMetadata,
    "FrameMetadata": FrameMetadata,
    "DeletedTask": DeletedTask,
    "DeletedTasks": DeletedTasks,
    "CelanturStatus": ServiceStatus,
    "CelanturFailure": Failure,
}
_REFUSALS = {
    "400": "A parameter has a value that is not taken, or the caller is named in two ways.",
    "401": "No token or key, or none that is valid.",
    "403": "The caller may not use this.",
    "429": "The caller asks too often, or has too many tasks.",
    "500": "A fault of the service.",
    "503": "The service is too busy, or ending.",
}
_UPLOAD_REFUSALS = {
    "404": "The task was deleted before it was done.",
    "413": "The file, or the picture in it, is too large.",
    "422": "The file was understood and cannot be anonymised.",
    "501": "A model that is needed is not there, or videos cannot be read.",
    "504": "The file was not anonymised in time.",
}
_NO_TASK = {"404": "The caller has no such task."}
_NO_RESULT = {
    "404": "The caller has no such task, or it has no such file.",
    "409": "The task is not done yet.",
    "410": "The task failed.",
}
_NO_RANGE = {"416": "The file has no byte of the range."}
_NO_SCALE = {"413": "The mask has too many pixels.", "504": "The mask was not scaled in time."}
_PICTURES = {
    "anonymised": ("Fetch an anonymised picture", ("image/jpeg", "image/png")),
    "anonymized": ("Fetch an anonymised picture", ("image/jpeg", "image/png")),
}
_MASKS = {
    "binary-mask": "Fetch a mask of what is hidden",
    "instance-mask": "Fetch a mask that tells apart what is hidden",
}
_VIDEOS = ("video/anonymised", "video/anonymized")
_AGAIN = (
    "getAnonymized",
    "getVideoAnonymized",
    "listTasksLists",
    "deleteTasksLists",
    "getTaskTast",
    "deleteTaskTast",
)


@cache
def describe() -> Description:
    """Tag, paths and schemas."""
    known: dict[str, Schema] = {}
    for name, model in _MODELS.items():
        schemas.collect(known, model, name)
    tag = {"name": TAG, "description": "Pictures and videos are anonymised and kept as tasks."}
    again = frozenset(_named(name) for name in _AGAIN)
    scopes = {SCOPE: "Anonymising, by the Celantur API"}
    return Description([tag], _paths(), known, unlisted=again, scopes=scopes)


def _paths() -> dict[str, Schema]:
    file = f"{PREFIX}/file/{{id}}"
    return {
        f"{PREFIX}/file": {"post": _upload()},
        **{f"{file}/{end}": {"get": _picture(end)} for end in _PICTURES},
        **{f"{file}/{end}": {"get": _mask(end)} for end in _MASKS},
        f"{file}/metadata": {"get": _metadata()},
        **{f"{file}/{end}": {"get": _video(end)} for end in _VIDEOS},
        f"{file}/video/metadata": {"get": _frames()},
        f"{file}/receipt": {"get": _receipt()},
        f"{PREFIX}/status": {"get": _status()},
        **{
            f"{PREFIX}/task/{name}": {"get": _listing(end), "delete": _forget_all(end)}
            for name, end in (("list", ""), ("lists", "Lists"))
        },
        **{
            f"{PREFIX}/{name}/{{id}}": {"get": _task(end), "delete": _forget(end)}
            for name, end in (("task", ""), ("tast", "Tast"))
        },
    }


def _upload() -> Schema:
    file = {**BINARY, "description": "A JPEG, PNG or video; `file` is read too."}
    form = {"type": "object", "required": ["fileobject"], "properties": {"fileobject": file}}
    is_async = "`true`, `1`, `yes` or `on`: answer at once, and anonymise later."
    return _operation(
        "uploadFile",
        "Anonymise a picture or a video",
        "The answer comes when it is done. Each parameter is read with underscores too. What is "
        "hidden if no class is selected is the operator's choice. The body may be the file.",
        {"200": _answer("The task.", "AnonymisationTask"), **_refused(_UPLOAD_REFUSALS)},
        parameters=[
            schemas.parameter("header", "x-is-async", is_async),
            *_query(Upload),
            *_query(Told),
        ],
        requestBody={
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "image/jpeg": {"schema": BINARY},
                "image/png": {"schema": BINARY},
                "video/mp4": {"schema": BINARY},
            },
        },
    )


def _picture(end: str) -> Schema:
    summary, kinds = _PICTURES[end]
    return _operation(
        f"get{end.capitalize()}",
        summary,
        "In the upload's own format. Ranges, `If-None-Match` and `If-Range` are heeded.",
        {**_served(*kinds), **_refused(_NO_RESULT | _NO_RANGE)},
        parameters=[_id()],
    )


def _mask(end: str) -> Schema:
    return _operation(
        f"get{end.title().replace('-', '')}",
        _MASKS[end],
        "Scaled by the nearest pixel, so that no value is mixed.",
        {**_served("image/png"), **_refused(_NO_RESULT | _NO_RANGE | _NO_SCALE)},
        parameters=[_id(), *_query(Scale)],
    )


def _metadata() -> Schema:
    found = _answer("What was found.", "ImageMetadata")
    return _operation(
        "getMetadata",
        "Tell what was found in a picture",
        "Boxes are left, top, right and bottom, in pixels.",
        {"200": found, **_refused(_NO_RESULT)},
        parameters=[_id()],
    )


def _video(end: str) -> Schema:
    return _operation(
        f"get{end.title().replace('/', '')}",
        "Fetch an anonymised video",
        "MP4, H.264. Ranges, `If-None-Match` and `If-Range` are heeded.",
        {**_served("video/mp4"), **_refused(_NO_RESULT | _NO_RANGE)},
        parameters=[_id()],
    )


def _frames() -> Schema:
    listed = {"type": "array", "items": schemas.ref("FrameMetadata")}
    found = {"description": "Of each frame.", "content": schemas.content(listed)}
    return _operation(
        "getVideoMetadata",
        "Tell what was found in a video",
        "Of 500 frames at most; `id` is a frame's number, from 0. A detection keeps its `id` as "
        "long as the thing is followed.",
        {"200": found, **_refused({"400": "There are no such frames."} | _NO_RESULT)},
        parameters=[_id(), *_query(Frames)],
    )


def _receipt() -> Schema:
    signed = {"application/jose": {"schema": {"type": "string"}}}
    return _operation(
        "getReceipt",
        "Fetch a signed receipt",
        "A JWS (RFC 7515) by the issuer's key: method, thresholds, models, what was hidden, and the"
        " SHA-256 of what was sent and of what came of it. `pixelgate receipt verify` checks it.",
        {"200": {"description": "The receipt.", "content": signed}, **_refused(_NO_RESULT)},
        parameters=[_id()],
    )


def _status() -> Schema:
    running = _answer("It runs.", "CelanturStatus")
    return _operation(
        "getStatus",
        "Tell how the service is",
        "With the caller's own tasks; everybody may ask, and is told that it runs.",
        {"200": running},
        security=[*schemas.by_header(SCOPE), {}],
    )


def _listing(end: str) -> Schema:
    listed = {"type": "array", "items": schemas.ref("AnonymisationTask")}
    return _operation(
        f"listTasks{end}",
        "List tasks",
        "The caller's, the oldest first.",
        {"200": {"description": "They.", "content": schemas.content(listed)}},
        parameters=_query(Page),
    )


def _forget_all(end: str) -> Schema:
    return _operation(
        f"deleteTasks{end}",
        "Delete all tasks",
        "The caller's; those that are worked on are cancelled.",
        {"200": _answer("How many.", "DeletedTasks")},
        parameters=_query(Choice),
    )


def _task(end: str) -> Schema:
    told = _answer("The task.", "AnonymisationTask")
    return _operation(
        f"getTask{end}",
        "Look at a task",
        "Also one whose files alone were deleted.",
        {"200": told, **_refused(_NO_TASK)},
        parameters=[_id()],
    )


def _forget(end: str) -> Schema:
    return _operation(
        f"deleteTask{end}",
        "Delete a task",
        "One that is worked on is cancelled.",
        {"200": _answer("It is deleted.", "DeletedTask"), **_refused(_NO_TASK)},
        parameters=[_id(), *_query(Choice)],
    )


def _operation(name: str, summary: str, description: str, responses: Schema, **more: Any) -> Schema:
    return {
        "operationId": _named(name),
        "tags": [TAG],
        "summary": summary,
        "description": description,
        "security": schemas.by_header(SCOPE),
        **more,
        "responses": dict(sorted({**responses, **_refused(_REFUSALS)}.items())),
    }


def _named(name: str) -> str:
    """An operation's name; other APIs have tasks too."""
    return f"celantur{name[0].upper()}{name[1:]}"


def _query(params: type[Parameters]) -> list[Schema]:
    return [one | {"name": one["name"].replace("_", "-")} for one in schemas.query(params)]


def _id() -> Schema:
    return schemas.parameter("path", "id", "The task's.", is_required=True)


def _served(*kinds: str) -> Schema:
    content = {one: {"schema": BINARY} for one in kinds}
    return {
        "200": {"description": "The file.", "content": content},
        "206": {"description": "The range of it.", "content": content},
        "304": {"description": "It is as it was."},
    }


def _answer(description: str, name: str) -> Schema:
    return {"description": description, "content": schemas.content(schemas.ref(name))}


def _refused(reasons: dict[str, str]) -> Schema:
    body = schemas.content(schemas.ref("CelanturFailure"))
    return {status: {"description": told, "content": body} for status, told in reasons.items()}
