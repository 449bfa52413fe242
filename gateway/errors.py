"""What the gateway refuses, and the one table from every error to its status."""

import re
from collections.abc import Iterable
from typing import Protocol, Self, runtime_checkable

from auth import errors as auth_errors
from engines.core import errors as engine_errors

STATE_RETRY_SECONDS = 5


@runtime_checkable
class Problem(Protocol):
    """What an error of any of the three families tells a caller (RFC 9457's problem details)."""

    @property
    def message(self) -> str:
        """What was found and what was expected."""

    @property
    def errors(self) -> tuple[str, ...]:
        """The single faults, each a sentence; the message alone where there is one."""

    @property
    def retry_after_seconds(self) -> int | None:
        """When asking again makes sense, if it does."""


class GatewayError(Exception):
    """A request that is answered before, or instead of, a computation.

    Args:
        message: what was found and what was expected, for the caller.
        retry_after_seconds: when asking again makes sense.
    """

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def errors(self) -> tuple[str, ...]:
        return (self.message,)


class UnreadableBody(GatewayError):
    """The body is not what its content type says."""


class UnreadableJson(GatewayError):
    """What should be JSON is none: for what reason, and at which of its characters."""

    def __init__(self, message: str, *, reason: str = "", position: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.position = position


class MissingPicture(GatewayError):
    """A picture that the service needs was not sent."""


class UnreadableBase64(GatewayError):
    """A text that should be a picture is neither a URL nor base64."""


class UnsupportedBody(GatewayError):
    """The body's content type is no form."""


class UploadTooLarge(GatewayError):
    """The body or a picture has more bytes than are taken."""


class UnknownPath(GatewayError):
    """No route has this path."""


class NothingStored(GatewayError):
    """What was asked for was never stored, or is no longer."""


class RangeUnsatisfiable(GatewayError):
    """A file has no byte of the range that was asked for."""


class UnknownTask(GatewayError):
    """No task of the caller's has this name."""


class TaskUnfinished(GatewayError):
    """The task has no result yet."""


class FilesDeleted(GatewayError):
    """The task's files were deleted, and its record was kept."""


class BadRequestKey(GatewayError):
    """An idempotency key is not written as one may be."""


class RequestKeyReused(GatewayError):
    """An idempotency key came with another request than before."""


class UnknownWebhook(GatewayError):
    """No webhook of the caller's has this name."""


class UnknownDelivery(GatewayError):
    """No delivery to the webhook has this name."""


class TooManyWebhooks(GatewayError):
    """The caller has as many webhooks as one may have."""


class SecretUnreadable(GatewayError):
    """A stored secret, or its key, is not what it was; the operator must know."""


class WrongMethod(GatewayError):
    """The route does not know this method; `allow` lists those it knows."""

    def __init__(self, message: str, *, allow: str = "") -> None:
        super().__init__(message)
        self.allow = allow

    @classmethod
    def instead_of(cls, known: Iterable[str]) -> Self:
        """The refusal where these methods are known."""
        allow = ", ".join(sorted(known))
        return cls(f"The method is not known here; expected {allow}.", allow=allow)


class TooManyRequests(GatewayError):
    """The caller asks more often, or for more at once, than the operator allows."""


class TooManyDeliveries(GatewayError):
    """As many deliveries to the webhook are pending as may be sent again."""


class TooManyTasks(GatewayError):
    """The caller has as many tasks, or as many bytes in them, as the operator allows."""


class QueueFull(GatewayError):
    """More jobs wait than the queue holds."""


class ShuttingDown(GatewayError):
    """The service is ending and takes no new work."""


class StateUnreachable(GatewayError):
    """Rows, counts or files that all gateways share cannot be read or written just now."""

    @classmethod
    def just_now(cls) -> Self:
        message = "What the service remembers is out of its reach just now."
        return cls(message, retry_after_seconds=STATE_RETRY_SECONDS)


class EnginesUnreachable(GatewayError):
    """No machine that computes such a job can be reached just now."""


class ProjectStopped(GatewayError):
    """What would answer was stopped, while the rest of the service goes on."""


class StopKeyWrong(GatewayError):
    """Something is to be stopped without the key that stops it."""


class WaitedTooLong(GatewayError):
    """The computation's turn did not come within its deadline."""


class JobTimedOut(GatewayError):
    """The computation did not end by its deadline; its process was killed."""


class SlotCrashed(GatewayError):
    """The computation's process died, and died again when it was tried once more."""


class WorkFailed(GatewayError):
    """The computation failed as nobody foresaw; the traceback is a note, for the log alone."""


class PictureRefused(GatewayError):
    """The same picture killed its process before, and is not tried again for a while."""


class UnknownRefusedJob(GatewayError):
    """No job with this digest is refused, or none any more."""


class CallerElsewhere(GatewayError):
    """What only a process of this machine may ask for was asked for by another."""


class UrlRefused(GatewayError):
    """A URL is spelt in a way, or leads to an address, that is not fetched."""


class UrlUnreachable(GatewayError):
    """What a URL names could not be fetched."""


STATUS: dict[type[Exception], tuple[int, str]] = {
    UnreadableBody: (400, "unreadable_body"),
    UnreadableJson: (400, "unreadable_json"),
    BadRequestKey: (400, "unreadable_idempotency_key"),
    MissingPicture: (400, "missing_picture"),
    UnreadableBase64: (400, "unreadable_base64"),
    engine_errors.UnparsableParameter: (400, "unparsable_parameter"),
    auth_errors.CredentialsAmbiguous: (400, "ambiguous_credentials"),
    auth_errors.CredentialsMissing: (401, "missing_token"),
    auth_errors.TokenInvalid: (401, "invalid_token"),
    auth_errors.ApiKeyInvalid: (401, "invalid_api_key"),
    auth_errors.ScopeInsufficient: (403, "insufficient_scope"),
    CallerElsewhere: (403, "not_on_this_machine"),
    UnknownPath: (404, "not_found"),
    NothingStored: (404, "nothing_stored"),
    UnknownTask: (404, "no_such_task"),
    FilesDeleted: (404, "files_deleted"),
    UnknownWebhook: (404, "no_such_webhook"),
    UnknownDelivery: (404, "no_such_delivery"),
    UnknownRefusedJob: (404, "no_such_refused_job"),
    auth_errors.AccountUnknown: (404, "no_such_account"),
    WrongMethod: (405, "method_not_allowed"),
    TaskUnfinished: (409, "unfinished"),
    TooManyWebhooks: (409, "too_many_webhooks"),
    auth_errors.AccountTaken: (409, "account_exists"),
    UploadTooLarge: (413, "upload_too_large"),
    UnsupportedBody: (415, "unsupported_body"),
    RangeUnsatisfiable: (416, "range_not_satisfiable"),
    PictureRefused: (422, "picture_refused"),
    auth_errors.AccountRefused: (422, "account_refused"),
    RequestKeyReused: (422, "idempotency_key_reused"),
    UrlRefused: (422, "url_refused"),
    UrlUnreachable: (422, "url_unreachable"),
    engine_errors.BadParameter: (422, "out_of_range"),
    engine_errors.UndecodablePicture: (422, "undecodable_picture"),
    engine_errors.UndecodableVideo: (422, "undecodable_video"),
    engine_errors.PictureTooLarge: (422, "picture_too_large"),
    engine_errors.PictureTooSmall: (422, "picture_too_small"),
    engine_errors.NotAlignable: (422, "not_alignable"),
    engine_errors.EngineError: (422, "not_computable"),
    TooManyRequests: (429, "too_many_requests"),
    TooManyDeliveries: (429, "too_many_deliveries"),
    TooManyTasks: (429, "too_many_tasks"),
    engine_errors.ModelUnavailable: (501, "model_unavailable"),
    QueueFull: (503, "queue_full"),
    WaitedTooLong: (503, "waited_too_long"),
    ShuttingDown: (503, "shutting_down"),
    StateUnreachable: (503, "state_unreachable"),
    EnginesUnreachable: (503, "engines_unreachable"),
    SlotCrashed: (503, "computation_crashed"),
    auth_errors.IssuerUnreachable: (503, "issuer_unreachable"),
    auth_errors.IssuerRefused: (503, "issuer_refused"),
    JobTimedOut: (504, "deadline_exceeded"),
    # PEKAT's form has no words.
    StopKeyWrong: (403, ""),
    ProjectStopped: (503, ""),
    # The issuer's own refusals have no word: OAuth has one for them (RFC 6749 §5.2).
    auth_errors.AccountDisabled: (400, ""),
    auth_errors.ClientMissing: (400, ""),
    auth_errors.ClientNotAllowed: (400, ""),
    auth_errors.GrantUnsupported: (400, ""),
    auth_errors.RefreshTokenInvalid: (400, ""),
    auth_errors.RequestMalformed: (400, ""),
    auth_errors.ScopeInvalid: (400, ""),
    auth_errors.ClientSecretWrong: (401, ""),
    auth_errors.ClientUnknown: (401, ""),
    auth_errors.IntrospectionUnauthenticated: (401, ""),
    auth_errors.PasswordWrong: (401, ""),
    auth_errors.UserNameMissing: (401, ""),
    auth_errors.HttpsRequired: (403, ""),
    auth_errors.IntrospectionNotAllowed: (403, ""),
    auth_errors.FormTooLarge: (413, ""),
    auth_errors.FormTypeUnsupported: (415, ""),
    auth_errors.TooManyLogins: (429, ""),
    auth_errors.LoginsBusy: (503, ""),
}


def status_of(error: Exception) -> tuple[int, str]:
    """The HTTP status and the word for an error, looked up along its class's ancestors."""
    return _status_and_word(type(error))


def reason_of(kind: type[Exception]) -> str:
    """The word for errors of a class, for operators; where its form has none, the class's name."""
    _, word = _status_and_word(kind)
    return word or re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def _status_and_word(kind: type[Exception]) -> tuple[int, str]:
    return next((STATUS[one] for one in kind.__mro__ if one in STATUS), (500, "fault"))
