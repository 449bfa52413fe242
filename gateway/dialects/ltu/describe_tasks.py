"""What openapi.yaml says of tasks: their paths, and what they add to every service."""

from gateway.dialects import describe_errors
from gateway.dialects.ltu.models import TASKS, TaskAnswer, TaskList
from gateway.dialects.ltu.tasks import Waiting
from gateway.dialects.paging import Page
from gateway.openapi import schemas
from gateway.openapi.schemas import BINARY, Schema, content, header, ref

TAG = {"name": "Tasks", "description": "Services that are answered later."}
ACCEPTED = "Accepted"

_ID = schemas.parameter("path", "id", "The task's, as `Location` has it.", is_required=True)
_EXAMPLE = {
    "id": "22346b41-6ddd-4d9f-91db-af0944749d88",
    "service": "heatMap",
    "status": "done",
    "progress": 1.0,
    "created_at": "2026-11-29T00:38:31.756997Z",
    "updated_at": "2026-11-29T00:38:32.342247Z",
    "finished_at": "2026-11-29T00:38:32.342247Z",
    "result": "/v2/tasks/22346b41-6ddd-4d9f-91db-af0944749d88/result",
    "version": "0.1.0",
}


_GONE: Schema = {"204": {"description": "It is gone, with all its files."}}
_RESULT: Schema = {
    "200": {
        "description": "What the service would have answered at once.",
        "content": {
            "application/json": {"schema": {"type": "object", "additionalProperties": {}}},
            "image/png": {"schema": BINARY},
            "image/jpeg": {"schema": BINARY},
        },
    }
}
_EVENTS: Schema = {
    "200": {
        "description": "Server-sent events called `task`, each with a `TaskAnswer` as its data; "
        "the last one has `finished_at`, unless the stream ends before, after ten minutes.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def headers_of_service() -> list[Schema]:
    """Header fields by which any service is asked to answer later."""
    return [
        schemas.parameter(
            "header", "Prefer", "`respond-async`: answer 202 and compute later (RFC 7240)."
        ),
        schemas.parameter(
            "header",
            "Idempotency-Key",
            "With `respond-async`: 1 to 255 visible ASCII characters. The same key again answers "
            "the first request's task.",
        ),
    ]


def accepted() -> Schema:
    """The answer of a service that computes later."""
    return {
        "description": "The service computes later; `Location` tells how far it is.",
        "headers": {
            **header("Location", "The task's path."),
            **header("Preference-Applied", "`respond-async`."),
            **header("Retry-After", "When asking makes sense, s."),
        },
        "content": content(ref("TaskAnswer")),
    }


def paths(known: dict[str, Schema]) -> dict[str, Schema]:
    """The paths of tasks; their models are put among the known schemas."""
    schemas.collect(known, TaskAnswer, "TaskAnswer")
    schemas.collect(known, TaskList, "TaskList")
    one = f"{TASKS}/{{id}}"
    of_every = describe_errors.of_statuses(*describe_errors.OF_EVERY_TASK)
    # A result may be any refusal of its service.
    of_result = describe_errors.of_service(has_body=True) | describe_errors.of_statuses(404, 409)
    listed = _told("TaskList", {"total": 1, "tasks": [_EXAMPLE]})
    shown = _told("TaskAnswer", _EXAMPLE)
    waiting = [_ID, *schemas.query(Waiting)]
    return {
        TASKS: {
            "get": _operation(
                "listTasks", "The caller's tasks", listed | of_every, schemas.query(Page)
            )
        },
        one: {
            "get": _operation("getTask", "How far a task is", shown | of_every, waiting),
            "delete": _operation("deleteTask", "Stop and forget a task", _GONE | of_every, [_ID]),
        },
        f"{one}/result": {
            "get": _operation("getTaskResult", "What came of a task", _RESULT | of_result, [_ID])
        },
        f"{one}/events": {
            "get": _operation("getTaskEvents", "A task as it changes", _EVENTS | of_every, [_ID])
        },
    }


def _told(name: str, example: Schema) -> Schema:
    return {"200": {"description": "As it is now.", "content": content(ref(name), example)}}


def _operation(name: str, summary: str, responses: Schema, asked: list[Schema]) -> Schema:
    return {
        "operationId": name,
        "tags": [TAG["name"]],
        "summary": summary,
        "description": f"{summary}, of the caller's own.",
        "security": schemas.by_header(),
        "parameters": asked,
        "responses": dict(sorted(responses.items())),
    }
