"""What openapi.yaml says of tasks: their paths, and what they add to every service."""

from engines.core.shapes import Parameters
from gateway.dialects.ltu import describe_errors
from gateway.dialects.ltu.models import TASKS, TaskAnswer, TaskList
from gateway.dialects.ltu.tasks import Page, Waiting
from gateway.openapi import schemas
from gateway.openapi.schemas import BINARY, Schema, content, header, ref

TAG = {"name": "Tasks", "description": "Services that are answered later."}
ACCEPTED = "Accepted"

_SECURITY: list[dict[str, list[str]]] = [{"password": []}, {"bearer": []}, {"apiKey": []}]
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The task's, as `Location` has it.",
    "schema": {"type": "string"},
}
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


def headers_of_service() -> list[Schema]:
    """Header fields by which any service is asked to answer later."""
    return [
        _field("Prefer", "`respond-async`: answer 202 and compute later (RFC 7240)."),
        _field(
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
    return {
        TASKS: {"get": _operation("listTasks", "The caller's tasks", _told("TaskList"), Page)},
        one: {
            "get": _operation("getTask", "How far a task is", _told("TaskAnswer"), Waiting),
            "delete": _operation("deleteTask", "Stop and forget a task", _GONE),
        },
        f"{one}/result": {"get": _operation("getTaskResult", "What came of a task", _RESULT)},
        f"{one}/events": {"get": _operation("getTaskEvents", "A task as it changes", _EVENTS)},
    }


_GONE: Schema = {"204": {"description": "It is gone, with all its files."}}
_RESULT: Schema = {
    "200": {
        "description": "What the service would have answered at once.",
        "content": {
            "application/json": {"schema": {"type": "object", "additionalProperties": {}}},
            "image/png": {"schema": BINARY},
        },
    }
}
_EVENTS: Schema = {
    "200": {
        "description": "Server-sent events called `task`, each with a `TaskAnswer` as its data; "
        "the last one has `finished_at`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def _told(name: str) -> Schema:
    example = _EXAMPLE if name == "TaskAnswer" else {"total": 1, "tasks": [_EXAMPLE]}
    return {"200": {"description": "As it is now.", "content": content(ref(name), example)}}


def _operation(
    name: str, summary: str, done: Schema, told: type[Parameters] | None = None
) -> Schema:
    is_of_one = name != "listTasks"
    # A result may be any refusal of its service.
    refusals = (
        describe_errors.of_service(has_body=True) | describe_errors.of_statuses(404, 409)
        if done is _RESULT
        else describe_errors.of_statuses(*describe_errors.OF_EVERY_TASK)
    )
    return {
        "operationId": name,
        "tags": [TAG["name"]],
        "summary": summary,
        "description": f"{summary}, of the caller's own.",
        "security": _SECURITY,
        "parameters": ([_ID] if is_of_one else []) + (_query(told) if told else []),
        "responses": {**done, **dict(sorted(refusals.items()))},
    }


def _query(told: type[Parameters]) -> list[Schema]:
    return [
        {"name": name, "in": "query", "description": one.pop("description"), "schema": one}
        for name, one in schemas.parameters(told).items()
    ]


def _field(name: str, description: str) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
