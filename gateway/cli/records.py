"""What an engine found, as a line of JSON and picture files; for `pixelgate analyze`."""

from dataclasses import replace
from typing import Any

import orjson

from engines.core.run import Answer, Computed
from engines.core.shapes import File, Picture, ResultFile


def record(computed: Computed) -> Answer:
    """The result; its pictures are files called SERVICE.1.png and so on, and named in it.

    The files that lie beside it are called SERVICE and their own name.
    """
    service, result = computed.engine.service, computed.result
    files = list[File]()

    def take_out(value: Any) -> dict[str, str]:
        if not isinstance(value, Picture):
            raise TypeError(f"{type(value).__name__} has no form in JSON")
        files.append(_numbered(service, len(files) + 1, value))
        return {"picture": files[-1].name}

    body = {
        "result": result.model_dump(exclude_none=True),
        "details": result.details.model_dump(exclude_none=True),
    }
    data = orjson.dumps(body, default=take_out)
    if not files and computed.engine.draw:
        files.append(_numbered(service, 1, computed.engine.draw(*computed.inputs, result)))
    beside = (one.encoded() for one in result.files)
    files.extend(replace(one, name=f"{service}.{one.name}") for one in beside)
    return Answer(data, "application/json", tuple(files))


def _numbered(service: str, number: int, picture: Picture) -> File:
    return ResultFile(f"{service}.{number}{picture.suffix}", picture).encoded()
