"""What an engine found, as LTU's answer: the envelope, or the picture itself."""

import hashlib
from dataclasses import replace
from typing import Any

import orjson
import pybase64
from pydantic import BaseModel

from engines import anonymize
from engines.core.run import Answer, Computed
from engines.core.shapes import File, Picture
from gateway.dialects.ltu.models import DETAILS_NAME, EXTRA, Extra
from gateway.dialects.ltu.services.table import wording_of

_STATED = {"kind", "score", "box"}
"""Of each thing that was hidden, in a receipt."""


def envelope(computed: Computed) -> Answer:
    """The JSON with result, details and version."""
    return _answer(_body(computed))


def envelope_and_statement(computed: Computed) -> Answer:
    """The same, and what a receipt states of the pictures that `anonymize` has made."""
    found, body = computed.result, _body(computed)
    assert isinstance(found, anonymize.Result)
    shown = found.model_dump(mode="json", include={"objects": {"__all__": _STATED}})
    statement: dict[str, Any] = {
        "hidden": shown["objects"],
        "models": {one.kind.value: one.model for one in found.objects},
        "output": None,
    }
    if found.picture:
        data = found.picture.encoded()
        digest = hashlib.sha256(data).hexdigest()
        statement["output"] = {"name": "picture", "bytes": len(data), "sha256": digest}
        body["result"]["picture"] = _in_json(found.picture.media_type, data)
    told = File("statement", "application/json", orjson.dumps(statement))
    return replace(_answer(body), files=(told,))


def _answer(body: dict[str, Any]) -> Answer:
    return Answer(orjson.dumps(body, default=_image_object), "application/json")


def _body(computed: Computed) -> dict[str, Any]:
    engine, found = computed.engine, computed.result
    wording = wording_of(engine)
    return {
        **_content(computed),
        "result": _dumped(wording.result(found) if wording.result else found),
        "details": {
            "name": DETAILS_NAME.get(engine.service, engine.service),
            "score": wording.score(found) if wording.score else 0,
            "message": wording.message(found) if wording.message else found.details.message,
            "info": _dumped(wording.info(found) if wording.info else found.details.info),
        },
        **EXTRA.get(engine.service, Extra)().model_dump(exclude_none=True),
        "version": engine.version,
    }


def _content(computed: Computed) -> dict[str, Any]:
    """The document's own envelope of the services that it passes on to Google."""
    content = wording_of(computed.engine).content
    if content is None:
        return {}
    return {"message": "ok", "code": "0", "content": _dumped(content(computed))}


def _dumped(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True, exclude_none=True)


def picture(computed: Computed) -> Answer:
    """The one picture that shows the answer, as PNG."""
    assert computed.engine.draw is not None
    shown = computed.engine.draw(*computed.inputs, computed.result)
    return Answer(shown.encoded(), shown.media_type)


def _image_object(value: Any) -> dict[str, str]:
    if not isinstance(value, Picture):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return _in_json(value.media_type, value.encoded())


def _in_json(media_type: str, data: bytes) -> dict[str, str]:
    text = pybase64.b64encode_as_string(data)
    return {"encoding": "base64", "format": media_type, "value": text}
