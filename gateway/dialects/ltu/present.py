"""What an engine found, as LTU's answer: the envelope, or the picture itself."""

from typing import Any

import orjson
import pybase64
from pydantic import BaseModel

from engines.core.run import Answer, Computed
from engines.core.shapes import Picture
from gateway.dialects.ltu.models import DETAILS_NAME, EXTRA, Extra
from gateway.dialects.ltu.services.table import wording_of


def envelope(computed: Computed) -> Answer:
    """The JSON with result, details and version."""
    engine, found = computed.engine, computed.result
    wording = wording_of(engine)
    body = {
        **_content(computed),
        "result": _dumped(wording.result(found) if wording.result else found),
        "details": {
            "name": DETAILS_NAME.get(engine.service, engine.service),
            "score": wording.score(found) if wording.score else 0,
            "message": wording.message(found) if wording.message else found.details.message,
            "info": _dumped(wording.info(found) if wording.info else found.details.info),
        },
        **EXTRA.get(engine.service, Extra)().model_dump(),
        "version": engine.version,
    }
    return Answer(orjson.dumps(body, default=_image_object), "application/json")


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
    text = pybase64.b64encode_as_string(value.encoded())
    return {"encoding": "base64", "format": value.media_type, "value": text}
