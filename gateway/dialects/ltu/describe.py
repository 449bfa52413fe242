"""LTU's share of openapi.yaml: one path a service, and the realm."""

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, Field, create_model

from engines.core.registry import Engine, Input, catalogue
from gateway.dialects import describe_errors
from gateway.dialects.failure import Failure
from gateway.dialects.ltu import describe_tasks, examples
from gateway.dialects.ltu.models import (
    ALIASES,
    DETAILS_NAME,
    EXTRA,
    PREFIX,
    Details,
    Extra,
    ImageObject,
)
from gateway.dialects.ltu.services.table import (
    inputs_of,
    is_picture,
    params_of,
    takes_pictures,
    wording_of,
)
from gateway.openapi import realm, schemas
from gateway.openapi.description import Description
from gateway.openapi.schemas import BINARY, Schema

INFOS, ANALYSE, COMPARE = "Get image infos", "Analyse images", "Compare images"
TAGS = [
    {"name": INFOS, "description": "What can be measured in one picture."},
    {"name": ANALYSE, "description": "What learned models see in one picture."},
    {"name": COMPARE, "description": "What two pictures have in common, and what not."},
]

_ANALYSED = ("imageQuality", "textDetection", "classification", "objectDetection")
"""What the vendor's document has in its second chapter."""

_GET = "GET takes the same from the query alone: a file as its address or as base64."
_KNOWN = {
    "304": {
        "description": "As the caller has it (`If-None-Match`); where the service keeps answers."
    }
}
_PLACES = "as its address (http or https), or as base64."


@cache
def describe() -> Description:
    """Tags, paths and schemas of the native dialect."""
    known: dict[str, Schema] = {}
    schemas.collect(known, ImageObject, "Picture")
    schemas.collect(known, Failure, "Failure")
    services = dict[str, Schema]()
    answers = describe_errors.responses()
    for engine in catalogue().values():
        answers[_type_name(engine)] = _success(known, engine)
        for name in (engine.service, *ALIASES.get(engine.service, ())):
            services[PREFIX + name] = _path(engine, name)
    unlisted = frozenset(
        operation["operationId"]
        for item in services.values()
        for method, operation in item.items()
        if method == "get" or "deprecated" in operation
    )
    answers[describe_tasks.ACCEPTED] = describe_tasks.accepted()
    paths = services | describe_tasks.paths(known) | realm.paths(known)
    return Description([*TAGS, describe_tasks.TAG, *realm.TAGS], paths, known, answers, unlisted)


def _path(engine: Engine, name: str) -> Schema:
    alias = {} if name == engine.service else {"deprecated": True}
    told = {
        "tags": [_chapter(engine)],
        "summary": engine.summary,
        "description": _description(engine),
        "security": schemas.by_header(engine.service),
    }
    done = {
        "200": {"$ref": f"#/components/responses/{_type_name(engine)}"},
        "202": {"$ref": f"#/components/responses/{describe_tasks.ACCEPTED}"},
    }
    later = describe_tasks.headers_of_service()
    return {
        "post": {
            "operationId": name,
            **told,
            "description": f"{told['description']}\n\n{_GET}",
            **alias,
            "parameters": later,
            "requestBody": _body(engine),
            "responses": {**done, **describe_errors.of_service(has_body=True)},
        },
        "get": {
            "operationId": f"{name}FromUrl",
            **told,
            **alias,
            "parameters": [
                *(_in_query(one) for one in inputs_of(engine)),
                *schemas.query(params_of(engine)),
                *later,
            ],
            "responses": {**done, **_KNOWN, **describe_errors.of_service(has_body=False)},
        },
    }


def _type_name(engine: Engine) -> str:
    return engine.service[0].upper() + engine.service[1:]


def _chapter(engine: Engine) -> str:
    if sum(one.is_required for one in engine.inputs) > 1:
        return COMPARE
    return ANALYSE if engine.service in _ANALYSED else INFOS


def _description(engine: Engine) -> str:
    text = f"{engine.description}."
    if takes_pictures(engine):
        text += "\n\nCoordinates are those of the upright picture: EXIF applied."
    if engine.draw:
        kinds = " or ".join(f"`Accept: {one}`" for one in engine.pictures)
        text += f" With {kinds} the answer is a picture that shows the result."
    for alias in ALIASES.get(engine.service, ()):
        text += f"\n\nThe path `{PREFIX}{alias}` is answered alike."
    return text


def _body(engine: Engine) -> Schema:
    inputs = inputs_of(engine)
    files = {one.name: {**BINARY, "description": _file(one)} for one in inputs}
    texts = {one.name: {"type": "string", "description": _text(one)} for one in inputs}
    return {
        "description": "Short parameters may also come in the query; the body wins.",
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _form(engine, files)},
            "application/x-www-form-urlencoded": {"schema": _form(engine, texts)},
        },
    }


def _file(one: Input) -> str:
    if is_picture(one):
        return "A picture as a file: JPEG, PNG or GIF."
    return "A point cloud as a file: PLY, as text or binary."


def _text(one: Input) -> str:
    return f"A {'picture' if is_picture(one) else 'point cloud'} {_PLACES}"


def _form(engine: Engine, pictures: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "required": [one.name for one in inputs_of(engine) if one.is_required],
        "properties": {**pictures, **schemas.texts(params_of(engine))},
    }


def _in_query(one: Input) -> Schema:
    return schemas.parameter("query", one.name, _text(one), is_required=one.is_required)


def _success(known: dict[str, Schema], engine: Engine) -> Schema:
    answers = schemas.content(_envelope(known, engine), examples.of(engine.service))
    if engine.draw:
        answers |= {one: {"schema": BINARY} for one in engine.pictures}
    return {
        "description": f"What `{engine.service}` found.",
        "headers": schemas.header("Pixelgate-Ignored", "Fields that mean nothing here, if any."),
        "content": answers,
    }


def _envelope(known: dict[str, Schema], engine: Engine) -> Schema:
    """The answer's model, made of those that the presenter fills in."""
    name, wording = _type_name(engine), wording_of(engine)
    made_info = _made_by(wording.info) or engine.info
    made_result = _made_by(wording.result) or engine.result
    base: Any = Details
    word: Any = Literal[DETAILS_NAME.get(engine.service, engine.service)]
    info = create_model(f"{name}Info", __base__=made_info, __doc__=made_info.__doc__)
    details = create_model(
        f"{name}Details", __base__=base[info], __doc__=Details.__doc__, name=(word, ...)
    )
    result = create_model(f"{name}Result", __base__=made_result, __doc__=made_result.__doc__)
    answer = create_model(
        f"{name}Answer",
        __base__=EXTRA.get(engine.service, Extra),
        __doc__=f"What `{engine.service}` answers.",
        **_beside_result(_made_by(wording.content)),
        result=(result, ...),
        details=(details, ...),
        version=(str, Field(description="The engine's version.")),
    )
    return schemas.collect(known, answer, f"{name}Answer")


def _made_by(function: Callable[[Any], BaseModel] | None) -> type[BaseModel] | None:
    """The model that a function of a wording makes."""
    return get_type_hints(function)["return"] if function else None


def _beside_result(content: type[BaseModel] | None) -> dict[str, Any]:
    """Fields that only services with a `content` have."""
    if content is None:
        return {}
    return {"message": (Literal["ok"], ...), "code": (Literal["0"], ...), "content": (content, ...)}
