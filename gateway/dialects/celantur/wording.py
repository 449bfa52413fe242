"""Celantur's form of every refusal, and the statuses that it has of its own."""

from starlette.responses import Response

from gateway.dialects.celantur.models import Failure
from gateway.dialects.celantur.parameters import ParameterRefused
from gateway.dialects.dialect import Refusal
from gateway.errors import GatewayError
from gateway.flow import Call, Handle
from gateway.tasks import task

STATUSES = {
    "undecodable_picture": 400,
    "undecodable_video": 400,
    "out_of_range": 400,
    "url_refused": 400,
    "unsupported_body": 400,
    "picture_too_large": 413,
}
"""Undocumented: an upload that cannot be read is refused as a wrong parameter is."""


class TaskFailed(GatewayError):
    """A task ended without a result: for the upload's own answer, or whoever asks later."""

    def __init__(self, message: str, *, failure: task.Failure | None = None) -> None:
        super().__init__(message)
        self.failure = failure


class VideoUnsupported(GatewayError):
    """What was sent is a video."""


def worded(handle: Handle) -> Handle:
    """The same, with the refusals that only this API has."""

    async def answer(call: Call) -> Response:
        try:
            return await handle(call)
        except ParameterRefused as error:
            return _refused(400, error.message)
        except VideoUnsupported as error:
            return _refused(501, error.message)
        except TaskFailed as error:
            failed = error.failure
            status = STATUSES.get(failed.word, failed.status) if failed else 410
            return _refused(status, error.message)

    return answer


def render(refusal: Refusal) -> Response:
    """Whatever else goes wrong."""
    return _refused(STATUSES.get(refusal.word, refusal.status), refusal.message)


def _refused(status: int, message: str) -> Response:
    body = Failure(status_code=status, error=message)
    return Response(body.model_dump_json(), status, media_type="application/json")
