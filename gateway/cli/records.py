"""What an engine found, as a line of JSON and picture files; for `pixelgate analyze`."""

from typing import Any

import orjson

from engines.core.run import Answer, Computed
from engines.core.shapes import Picture


def record(computed: Computed) -> Answer:
    """The result; its pictures are files called SERVICE.1.png and so on, and named in it."""
    service, result = computed.engine.service, computed.result
    files: dict[str, bytes] = {}

    def take_out(value: Any) -> dict[str, str]:
        if not isinstance(value, Picture):
            raise TypeError(f"{type(value).__name__} has no form in JSON")
        name = f"{service}.{len(files) + 1}.png"
        files[name] = value.png()
        return {"picture": name}

    body = {
        "result": result.model_dump(by_alias=True, exclude_none=True),
        "details": result.details.model_dump(by_alias=True, exclude_none=True),
    }
    data = orjson.dumps(body, default=take_out)
    if not files and computed.engine.draw:
        files[f"{service}.1.png"] = computed.engine.draw(*computed.inputs, result).png()
    return Answer(data, "application/json", files)
