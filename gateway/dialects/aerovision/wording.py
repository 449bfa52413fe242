"""AeroVision's own words for what is not there, and its form of every refusal."""

import re
from typing import Any

import orjson
from starlette.responses import Response

from gateway.dialects.aerovision.faults import RequestInvalid
from gateway.dialects.aerovision.models import Failure
from gateway.dialects.dialect import Refusal
from gateway.errors import NothingStored, UnknownDelivery, UnknownTask, UnknownWebhook
from gateway.flow import Call, Handle
from gateway.intake.accept import prefers

NOT_FOUND = {
    UnknownTask: ("Task not found", "Задача не найдена"),
    UnknownWebhook: ("Webhook not found", "Вебхук не найден"),
    UnknownDelivery: ("Delivery not found", "Доставка не найдена"),
    NothingStored: ("File not found", "Файл не найден"),
}
"""The document has the first in both languages."""
_OF_ROUTES = {"not_found": "Not Found", "method_not_allowed": "Method Not Allowed"}
"""FastAPI's."""
_SUBTAGS = re.compile(r"-[a-z0-9-]+", re.ASCII | re.IGNORECASE)


def worded(handle: Handle) -> Handle:
    """The same, with its faults and what it has not found as the document words them."""

    async def answer(call: Call) -> Response:
        try:
            return await handle(call)
        except RequestInvalid as error:
            return _refused(422, list(error.faults))
        except tuple(NOT_FOUND) as error:
            english, russian = NOT_FOUND[type(error)]
            languages = _SUBTAGS.sub("", call.request.headers.get("accept-language", ""))
            return _refused(404, russian if prefers(languages, "ru", "en") else english)

    return answer


def render(refusal: Refusal) -> Response:
    """Whatever else goes wrong, a sentence."""
    body = Failure(detail=_OF_ROUTES.get(refusal.word, refusal.message))
    return Response(body.model_dump_json(), refusal.status, media_type="application/json")


def _refused(status: int, detail: Any) -> Response:
    return Response(orjson.dumps({"detail": detail}), status, media_type="application/json")
