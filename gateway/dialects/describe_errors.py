"""What openapi.yaml says of refusals: one named answer a status, made from the table of errors."""

import inspect

from auth.errors import ScopeInsufficient, TokenExpired
from engines.core.errors import BadParameter, ModelUnavailable
from gateway.dialects.failure import Failure
from gateway.errors import (
    STATUS,
    JobTimedOut,
    MissingPicture,
    QueueFull,
    TaskUnfinished,
    TooManyRequests,
    UnknownTask,
    UnsupportedBody,
    UploadTooLarge,
    status_of,
)
from gateway.openapi.schemas import Schema, content, header, ref
from gateway.version import VERSION

REQUEST_ID = "5f0c6a1e0d1b4a56b4f6e0a9c2f1d7e3"

_FAULT = RuntimeError("Something went wrong on this side; the request id finds it in the log.")
_EXAMPLES = (
    MissingPicture("image is missing; expected a file, a URL or base64 text in this field."),
    TokenExpired("The token has expired."),
    ScopeInsufficient("The caller may not use the scope edges."),
    UnknownTask("There is no such task of this caller."),
    TaskUnfinished("The task is processing; there is a result when it is done."),
    UploadTooLarge("image has 30,000,000 bytes; at most 25,000,000 are taken."),
    UnsupportedBody(
        "The body's content type is application/json; expected multipart/form-data or "
        "application/x-www-form-urlencoded."
    ),
    BadParameter("edge_thickness is '51'; expected less than or equal to 50."),
    TooManyRequests("60 requests a minute are allowed."),
    _FAULT,
    ModelUnavailable("The model of this service is not installed."),
    QueueFull("256 jobs wait already."),
    JobTimedOut("The computation did not end within 20 s."),
)
_NAMES = {
    400: "Unreadable",
    401: "NotAuthenticated",
    403: "NotAllowed",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "NoForm",
    422: "NotComputable",
    429: "TooMany",
    500: "Fault",
    501: "ModelMissing",
    503: "TooBusy",
    504: "TookTooLong",
}
OF_EVERY_TASK = (400, 401, 403, 404, 422, 429, 500, 503)
_OF_TASKS_ALONE = (404, 409)
_BODY_ONLY = 415
_HEADERS = {
    401: header("WWW-Authenticate", "How to authenticate (RFC 6750 §3)."),
    403: header("WWW-Authenticate", "The scope that is missing (RFC 6750 §3)."),
    409: header("Retry-After", "When asking again makes sense, s."),
    429: header("Retry-After", "When asking again makes sense, s."),
    503: header("Retry-After", "When asking again makes sense, s."),
}


def of_service(*, has_body: bool) -> dict[str, Schema]:
    """Every refusal of a service, by status."""
    others = _OF_TASKS_ALONE if has_body else (*_OF_TASKS_ALONE, _BODY_ONLY)
    return of_statuses(*(status for status in _NAMES if status not in others))


def of_statuses(*statuses: int) -> dict[str, Schema]:
    """The refusals with these statuses."""
    return {
        str(status): {"$ref": f"#/components/responses/{_NAMES[status]}"} for status in statuses
    }


def responses() -> dict[str, Schema]:
    """The named answers that `of_service` refers to."""
    return dict(_response(example) for example in _EXAMPLES)


def _response(example: Exception) -> tuple[str, Schema]:
    status, _ = status_of(example)
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return _NAMES[status], {
        "description": _description(status),
        **headers,
        "content": content(ref("Failure"), _failure(example)),
    }


def _description(status: int) -> str:
    """Each cause with this status, by its word for programs."""
    causes = [(word, kind) for kind, (one, word) in STATUS.items() if one == status and word]
    lines = [f"- `{word}`: {_first_line(kind)}" for word, kind in causes]
    return "\n".join(lines) or "- `fault`: A fault of the service."


def _first_line(kind: type[Exception]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _failure(error: Exception) -> Schema:
    status, word = status_of(error)
    message = str(error)
    return Failure(
        code=status,
        error=word,
        message=message,
        errors=[message],
        version=VERSION,
        request_id=REQUEST_ID,
    ).model_dump()
