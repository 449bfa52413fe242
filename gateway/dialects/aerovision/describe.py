"""AeroVision's share of openapi.yaml."""

from functools import cache
from typing import Any

from pydantic import BaseModel

from engines.core.pixels import FORMATS
from gateway.dialects.aerovision.files import FILES
from gateway.dialects.aerovision.models import (
    MOST_STEPS,
    CreatedTask,
    Delivery,
    Failure,
    MatchTask,
    MatchTaskList,
    Page,
    RegisteredWebhook,
    RequestFaults,
    SentAgain,
    WantedWebhook,
)
from gateway.dialects.aerovision.tools import CHAIN_FIELDS, CLOUD, PICTURES, TOOLS, Tool
from gateway.openapi import schemas
from gateway.openapi.description import Description
from gateway.openapi.schemas import BINARY, Schema

TAG = "AeroVision"
SCOPE = "aerovision"
PREFIX = "/api/v1"

_MODELS: dict[str, type[BaseModel]] = {
    "CreatedTask": CreatedTask,
    "MatchTask": MatchTask,
    "MatchTaskList": MatchTaskList,
    "RegisteredWebhook": RegisteredWebhook,
    "Delivery": Delivery,
    "SentAgain": SentAgain,
    "AeroVisionFailure": Failure,
    "HTTPValidationError": RequestFaults,
}
_REFUSALS = {
    "400": "The caller is named in two ways, or the body cannot be read.",
    "401": "No token or key, or none that is valid.",
    "403": "The caller may not use this.",
    "429": "The caller asks too often, or has too many tasks.",
    "500": "A fault of the service.",
    "503": "The service is too busy, or ending.",
}
_BODY_REFUSALS = {
    "413": "The body or a file has too many bytes.",
    "415": "The body's content type is another.",
}
_NO_TASK = {"404": "The caller has no such task."}
_NO_FILE = {
    "404": "The caller has no such task, or it has no such file.",
    "413": "The picture has too many pixels.",
    "416": "The file has no byte of the range.",
    "422": "The picture cannot be decoded.",
    "504": "The thumbnail was not made in time.",
}
_FILE_TITLES = {
    "uploads": "What was sent",
    "thumbnails": "What was sent, small",
    "results": "What came of a task",
}
_NO_WEBHOOK = {"404": "The caller has no such webhook."}
_WEBHOOK = {
    "id": "wh_0f8fad5bd9cb469f",
    "url": "https://your-server.com/callback",
    "created_at": "2026-03-25T12:00:00",
}
_UID = "d83ae21c-94bc-4a11-b3f7-1a2b3c4d5e6f"
_CREATED = {
    "uid": _UID,
    "status": "queued",
    "tool": "template",
    "params": {
        "method": "TM_CCOEFF_NORMED",
        "threshold": 0.8,
        "max_results": 20,
        "use_grayscale": True,
    },
    "created_at": "2026-03-25T12:00:00",
    "input_files": [f"uploads/{_UID}/screenshot.png", f"uploads/{_UID}/icon.png"],
    "thumbnails": [f"thumbnails/{_UID}/screenshot.png", f"thumbnails/{_UID}/icon.png"],
    "result_files": [],
    "result_data": {},
}
_DONE = _CREATED | {
    "status": "done",
    "result_files": [f"results/{_UID}/matches.png", f"results/{_UID}/heatmap.png"],
    "result_data": {
        "method": "TM_CCOEFF_NORMED",
        "matches_found": 1,
        "filtered_matches": 1,
        "best_score": 0.97,
        "matches": [{"x": 120, "y": 45, "w": 32, "h": 32, "score": 0.97}],
    },
    "updated_at": "2026-03-25T12:00:01",
    "error": None,
}
_DELIVERY = {
    "id": "7c9e6679742540de944be07fc1f90ae7",
    "uid": _UID,
    "status": "delivered",
    "attempts": 1,
    "last_status": 200,
    "last_error": None,
    "created_at": "2026-03-25T12:00:01",
    "next_attempt_at": None,
    "finished_at": "2026-03-25T12:00:02",
}
_FAULT = {
    "type": "value_error",
    "loc": ["body", "threshold"],
    "msg": "Input should be less than or equal to 1.0",
    "input": 1.5,
}


_TITLES = {
    "template": "Find a template in a picture",
    "feature": "Match the keypoints of two pictures",
    "surface": "Find a model in a scene of points",
}


@cache
def describe() -> Description:
    """Tag, paths and schemas."""
    known: dict[str, Schema] = {}
    for name, model in _MODELS.items():
        schemas.collect(known, model, name)
    for tool in TOOLS.values():
        params = schemas.collect(known, tool.params, f"{tool.name.capitalize()}Params")
        known[_settings_name(tool)] = _settings_schema(tool, params)
    tag = {"name": TAG, "description": "Matching of pictures and surfaces, as tasks."}
    again = frozenset(f"{_file_name(kind)}Again" for kind in FILES)
    scopes = {SCOPE: "Matching as tasks, by the AeroVision API"}
    return Description([tag], _paths(), known, unlisted=again, scopes=scopes)


def _paths() -> dict[str, Schema]:
    tools = TOOLS.values()
    return {
        **{f"{PREFIX}/match/{tool.name}": {"post": _match(tool)} for tool in tools},
        f"{PREFIX}/match/chain": {"post": _chain()},
        f"{PREFIX}/tasks": {"get": _listing()},
        f"{PREFIX}/tasks/{{uid}}": {"get": _task(), "delete": _forget()},
        **{
            f"{PREFIX}/settings/{tool.name}": {"get": _settings(tool), "put": _change(tool)}
            for tool in tools
        },
        f"{PREFIX}/webhooks": {"get": _webhooks(), "post": _register()},
        f"{PREFIX}/webhooks/{{webhook_id}}": {"delete": _forget_webhook()},
        f"{PREFIX}/webhooks/{{webhook_id}}/deliveries": {"get": _deliveries()},
        f"{PREFIX}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}": {"post": _send_again()},
        **{f"/{kind}/{{uid}}/{{name}}": {"get": _file(kind)} for kind in FILES},
        **{
            f"{PREFIX}/files/{kind}/{{uid}}/{{name}}": {"get": _file(kind, "Again")}
            for kind in FILES
        },
    }


def _match(tool: Tool) -> Schema:
    files = {name: {**BINARY, "description": _accepted(tool)} for name in tool.fields}
    told = schemas.parameters(tool.params)
    return _operation(
        f"match{tool.name.capitalize()}",
        _TITLES[tool.name],
        "What is not sent is as in the caller's settings.",
        {str(tool.status): _created(), **_faults(), **_refused(_BODY_REFUSALS)},
        requestBody=_form([*tool.fields], {**files, **told}),
    )


def _chain() -> Schema:
    files = {
        name: {**BINARY, "description": "As the steps' tools take it."} for name in CHAIN_FIELDS
    }
    steps = {
        "type": "string",
        "description": f"JSON: a list of 1 to {MOST_STEPS} objects of `tool` and `params`.",
        "example": '[{"tool": "template", "params": {"threshold": 0.95}}, {"tool": "feature"}]',
    }
    return _operation(
        "matchChain",
        "Match by one tool after another",
        "The first step that finds something is the last; `result_data` tells of each.",
        {"200": _created(), **_faults(), **_refused(_BODY_REFUSALS)},
        requestBody=_form([*CHAIN_FIELDS, "steps"], {**files, "steps": steps}),
    )


def _listing() -> Schema:
    told = _answer("The tasks.", "MatchTaskList", {"total": 1, "tasks": [_DONE]})
    return _operation(
        "listMatchTasks",
        "The caller's tasks",
        "The newest first.",
        {"200": told, **_faults()},
        parameters=schemas.query(Page),
    )


def _task() -> Schema:
    return _operation(
        "getMatchTask",
        "How far a task is, and what came of it",
        "Of a task that is `done`, `result_data` and the files tell what was found; of one that"
        " ended with `error`, `error` tells why not.",
        {"200": _answer("The task.", "MatchTask", _DONE), **_refused(_NO_TASK)},
        parameters=[_in_path("uid", "The task's.")],
    )


def _forget() -> Schema:
    return _operation(
        "deleteMatchTask",
        "Delete a task with its files",
        "Whether it has ended or not.",
        {"204": {"description": "It is gone."}, **_refused(_NO_TASK)},
        parameters=[_in_path("uid", "The task's.")],
    )


def _settings(tool: Tool) -> Schema:
    return _operation(
        f"get{_settings_name(tool)}",
        f"The caller's settings of {tool.name} matching",
        "What counts where a request does not say it.",
        {"200": _answer("The settings.", _settings_name(tool), _current(tool))},
    )


def _change(tool: Tool) -> Schema:
    sent = {"type": "object", "properties": schemas.parameters(tool.params)}
    return _operation(
        f"put{_settings_name(tool)}",
        f"Change settings of {tool.name} matching",
        "What is not sent stays as it is.",
        {
            "200": _answer("The settings.", _settings_name(tool), _current(tool)),
            **_faults(),
            **_refused(_BODY_REFUSALS),
        },
        requestBody={"required": True, "content": schemas.content(sent, _current(tool)["params"])},
    )


def _webhooks() -> Schema:
    listed = {"type": "array", "items": schemas.ref("RegisteredWebhook")}
    return _operation(
        "listWebhooks",
        "The caller's webhooks",
        "The oldest first; secrets are never told.",
        {"200": {"description": "They.", "content": schemas.content(listed, [_WEBHOOK])}},
    )


def _register() -> Schema:
    known: dict[str, Schema] = {}
    schemas.collect(known, WantedWebhook, "wanted")
    sent = {key: value for key, value in known["wanted"].items() if key != "description"}
    example = {"url": _WEBHOOK["url"], "secret": "my-secret-key"}
    return _operation(
        "registerWebhook",
        "Tell a URL of each task that ends",
        "It is sent `uid`, `status`, `tool`, `result_files`, `result_data`, and of one that failed"
        " `error`, signed in `X-Webhook-Signature` where there is a secret.",
        {
            "201": _answer("The webhook.", "RegisteredWebhook", _WEBHOOK),
            "409": _refused({"409": "The caller has as many as one may have."})["409"],
            **_faults(),
            **_refused(_BODY_REFUSALS),
        },
        requestBody={"required": True, "content": schemas.content(sent, example)},
    )


def _forget_webhook() -> Schema:
    return _operation(
        "deleteWebhook",
        "Tell a URL no more",
        "What was still to be sent there is not.",
        {"204": {"description": "It is gone."}, **_refused(_NO_WEBHOOK)},
        parameters=[_in_path("webhook_id", "The webhook's.")],
    )


def _deliveries() -> Schema:
    listed = {"type": "array", "items": schemas.ref("Delivery")}
    return _operation(
        "listDeliveries",
        "What was sent to a webhook lately",
        "The newest first, of a week and at most 100.",
        {
            "200": {"description": "They.", "content": schemas.content(listed, [_DELIVERY])},
            **_refused(_NO_WEBHOOK),
        },
        parameters=[_in_path("webhook_id", "The webhook's.")],
    )


def _send_again() -> Schema:
    again = _answer("The new delivery.", "SentAgain", {"id": _DELIVERY["id"]})
    return _operation(
        "sendAgain",
        "Send once more what was sent to a webhook",
        "The same bytes, as a delivery of its own.",
        {"202": again, **_refused({"404": "There is no such webhook or delivery."})},
        parameters=[
            _in_path("webhook_id", "The webhook's."),
            _in_path("delivery_id", "Of the list of deliveries."),
        ],
    )


def _file(kind: str, ending: str = "") -> Schema:
    whole = {one: {"schema": BINARY} for one in (*PICTURES, CLOUD)}
    tag = schemas.header("ETag", "Stays the same, for the file does.")
    return _operation(
        _file_name(kind) + ending,
        _FILE_TITLES[kind],
        "Ranges, `If-None-Match` and `If-Range` are heeded.",
        {
            "200": {"description": "The file.", "headers": tag, "content": whole},
            "206": {"description": "The range of it.", "headers": tag, "content": whole},
            "304": {"description": "It is as it was.", "headers": tag},
            **_refused(_NO_FILE),
        },
        parameters=[_in_path("uid", "The task's."), _in_path("name", "The file's.")],
    )


def _operation(name: str, summary: str, description: str, responses: Schema, **more: Any) -> Schema:
    return {
        "operationId": name,
        "tags": [TAG],
        "summary": summary,
        "description": description,
        "security": schemas.by_header(SCOPE),
        **more,
        "responses": dict(sorted({**responses, **_refused(_REFUSALS)}.items())),
    }


def _in_path(name: str, description: str) -> Schema:
    return schemas.parameter("path", name, description, is_required=True)


def _form(required: list[str], fields: Schema) -> Schema:
    form = {"type": "object", "required": required, "properties": fields}
    return {"required": True, "content": {"multipart/form-data": {"schema": form}}}


def _created() -> Schema:
    return _answer("The task.", "CreatedTask", _CREATED)


def _answer(description: str, name: str, example: Schema) -> Schema:
    return {"description": description, "content": schemas.content(schemas.ref(name), example)}


def _faults() -> Schema:
    shown = {"detail": [_FAULT]}
    return {"422": _answer("Parameters or files have faults.", "HTTPValidationError", shown)}


def _refused(reasons: dict[str, str]) -> Schema:
    body = schemas.content(schemas.ref("AeroVisionFailure"))
    return {status: {"description": told, "content": body} for status, told in reasons.items()}


def _settings_name(tool: Tool) -> str:
    return f"{tool.name.capitalize()}Settings"


def _settings_schema(tool: Tool, params: Schema) -> Schema:
    return {
        "description": f"Settings of {tool.name} matching.",
        "type": "object",
        "required": ["tool", "params"],
        "properties": {"tool": {"type": "string", "enum": [tool.name]}, "params": params},
    }


def _current(tool: Tool) -> Schema:
    return {"tool": tool.name, "params": tool.params().model_dump()}


def _accepted(tool: Tool) -> str:
    kinds = [FORMATS.get(one, "PLY") for one in tool.accepts]
    return f"A file: {', '.join(kinds)}."


def _file_name(kind: str) -> str:
    return f"get{kind.removesuffix('s').capitalize()}File"
