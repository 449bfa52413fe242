"""PEKAT's share of openapi.yaml."""

from engines.core.shapes import Parameters
from gateway.dialects.pekat.models import Context, Failure, Query, RawQuery
from gateway.dialects.pekat.shared_memory import BlockQuery
from gateway.openapi import schemas
from gateway.openapi.description import Description
from gateway.openapi.schemas import BINARY, Schema

TAG = "PEKAT Vision"
KEY = "pekatKey"

_PROJECTS = """\
A project's modules over one picture, good or bad.

Each path is also there below `/pekat/NAME`, for the project of that name, and on a project's own
port; here it is the first project's.
"""
_HEAT = "Rectangles lie in the picture after preprocessing. A query may follow `&` instead of `?`."
_TEXT = {"schema": {"type": "string"}}
_STATUSES = {
    "400": "The picture or a parameter cannot be used.",
    "401": "No API key, or none that is valid.",
    "403": "The API key may not be used for this.",
    "413": "The body has too many bytes.",
    "429": "The caller asks too often, or for too much at once.",
    "500": "A fault of the service.",
    "503": "The service is too busy, or ending, or the project is stopped.",
    "504": "The analysis did not end in time.",
}
_EXAMPLE = {
    "detectedRectangles": [
        {
            "id": 1,
            "x": 10,
            "y": 10,
            "width": 30,
            "height": 30,
            "classNames": [{"id": 1135018453, "label": "difference"}],
        }
    ],
    "result": False,
    "modules": {"differences": {"differing_percent": 1.2}},
    "processing": True,
    "production_mode": True,
    "operatorInput": {},
    "data": "lot 7",
    "completeTime": 0.0123,
}


def describe() -> Description:
    """Tag, paths and schemas."""
    known: dict[str, Schema] = {}
    schemas.collect(known, Context, "PekatContext")
    schemas.collect(known, Failure, "PekatFailure")
    paths = {
        "/analyze_image": _analysis("Image", "Analyse a picture file", Query),
        "/analyze_raw_image": _analysis("RawImage", "Analyse raw pixels", Query, RawQuery),
        "/analyze_image_shared_memory": _shared_memory(),
        "/last_image": _last_image(),
        "/ping": _ping(),
        "/version": _told("pekatVersion", "Version of the API that is spoken", "3.17.0"),
        "/stop": _stop(),
    }
    tag = {"name": TAG, "description": _PROJECTS}
    key = {
        "type": "apiKey",
        "description": "A key that the operator made with `pixelgate apikeys add`.",
        "in": "query",
        "name": "api_key",
    }
    return Description([tag], paths, known, security_schemes={KEY: key})


def _analysis(name: str, summary: str, *told: type[Parameters]) -> Schema:
    operation = {
        "tags": [TAG],
        "summary": summary,
        "description": _HEAT,
        "security": [{KEY: []}],
        "parameters": _parameters(*told),
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": BINARY}},
        },
        "responses": {"200": _found(), **{one: _refused(one) for one in _STATUSES}},
    }
    return {
        "post": {"operationId": f"pekatAnalyze{name}", **operation},
        "put": {"operationId": f"pekatPut{name}", **operation},
    }


def _shared_memory() -> Schema:
    """Without a body, and not everywhere."""
    methods = _analysis("SharedMemory", "Analyse raw pixels in shared memory", Query, BlockQuery)
    for operation in methods.values():
        del operation["requestBody"]
        operation["description"] += (
            " For callers on this machine, out of blocks of their own; off unless"
            " `PIXELGATE_PEKAT_SHARED_MEMORY` allows it."
        )
        operation["responses"] |= {
            "403": _refusal("Another machine calls, or the API key may not be used for this."),
            "404": _refusal("Shared memory is not read here."),
        }
    return methods


def _last_image() -> Schema:
    refusals = {one: _refused(one) for one in _STATUSES if one != "413"}
    operation = {
        "operationId": "pekatLastImage",
        "tags": [TAG],
        "summary": "Analyse the caller's last picture once more",
        "description": "With the data that came with it.",
        "security": [{KEY: []}],
        "parameters": [one for one in _parameters(Query) if one["name"] != "data"],
        "responses": {"200": _found(), "404": _refusal("There is none."), **refusals},
    }
    return {"get": operation}


def _parameters(*told: type[Parameters]) -> list[Schema]:
    parameters = [one for model in told for one in schemas.query(model)]
    if len(told) > 1:
        parameters.append(_flag("bayer", "One byte a pixel, a mosaic RGGB."))
    return [*parameters, _flag("context_in_body", "The context follows the picture in the body.")]


def _flag(name: str, description: str) -> Schema:
    text = f"{description} Its presence alone counts."
    return {**schemas.parameter("query", name, text), "allowEmptyValue": True}


def _found() -> Schema:
    return {
        "description": "The context, or a picture with the context in the head or behind it.",
        "headers": {
            "ContextBase64utf": {
                "description": "Beside a picture alone: the context as base64 of JSON.",
                **_TEXT,
            },
            "ImageLen": {
                "description": "With `context_in_body`: bytes of the picture before the context.",
                **_TEXT,
            },
        },
        "content": {
            **schemas.content(schemas.ref("PekatContext"), _EXAMPLE),
            "image/png": {"schema": BINARY},
            "application/octet-stream": {"schema": BINARY},
        },
    }


def _refused(status: str) -> Schema:
    return _refusal(_STATUSES[status])


def _refusal(description: str) -> Schema:
    return {
        "description": description,
        "content": schemas.content(schemas.ref("PekatFailure")),
    }


def _ping() -> Schema:
    told = _told("pekatPing", "Whether the project runs", "OK")
    told["get"]["responses"]["503"] = _refusal("The project is stopped, or the service is ending.")
    return told


def _stop() -> Schema:
    told = _told("pekatStop", "Let the project answer no more", "OK")
    operation = told["get"]
    operation["description"] = "In no gateway process, until the operator starts it again."
    operation["parameters"] = [schemas.parameter("query", "key", "Its stop key.")]
    wrong = "The stop key is missing or wrong, or the project has none."
    operation["responses"]["403"] = _refusal(wrong)
    return told


def _told(name: str, summary: str, text: str) -> Schema:
    return {
        "get": {
            "operationId": name,
            "tags": [TAG],
            "summary": summary,
            "description": "Needs no key.",
            "security": [],
            "responses": {
                "200": {
                    "description": "It does.",
                    "content": {"text/plain": {"schema": {"type": "string"}, "example": text}},
                }
            },
        }
    }
