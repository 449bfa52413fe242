"""What the admin API's handlers share: their parts, bodies in and out, and the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from auth.api_keys import ApiKeys
from auth.clients import Clients
from auth.threads import Threads
from auth.users import Users
from engines.core.errors import BadParameter
from gateway.dialects.admin.models import Sent
from gateway.errors import UnreadableBody
from gateway.flow import Call
from gateway.intake.json_body import read_json_body
from gateway.settings import Settings
from gateway.store.database import Database

NAME = "admin"
"""Of the dialect."""
THREADS = 2

log = structlog.get_logger()
Body = TypeVar("Body", bound=Sent)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is run; all of it blocks, and is called in `threads`."""

    database: Database
    users: Users
    clients: Clients
    keys: ApiKeys
    threads: Threads


def parts(settings: Settings, database: Database) -> Parts:
    """The same functions that the command line calls."""
    return Parts(database, Users(database), Clients(database), ApiKeys(database), Threads(THREADS))


def parts_of(call: Call) -> Parts:
    """Those of this gateway process."""
    own: Parts = call.request.state["parts"][NAME]
    return own


async def read(call: Call, kind: type[Body]) -> Body:
    """The body, checked.

    Raises:
        UnreadableBody: it is no object.
        BadParameter: a field is missing, unknown, or does not fit.
        UploadTooLarge, UnsupportedBody, UnreadableJson: see `read_json_body`.
    """
    value = await read_json_body(call.request)
    if not isinstance(value, dict):
        raise UnreadableBody("The body is no object; expected one in JSON.")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        # Not what was sent: it may be a password.
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        sentences = tuple(
            f"{'.'.join(map(str, one['loc']))[:100]}: {one['msg'].removeprefix('Value error, ')}."
            for one in faults
        )
        raise BadParameter(" ".join(sentences), errors=sentences) from None


def told(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump_json(exclude_none=True), status, media_type="application/json")


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def change(call: Call, make: Callable[[], T], event: str, **what: object) -> T:
    """Make a change in a thread, and write it down there: who asked may have left by then."""

    def made() -> T:
        done = make()
        audit(call, event, **what)
        return done

    return await parts_of(call).threads.run(made)


def audit(call: Call, event: str, **what: object) -> None:
    """Write down what was changed, and who did it."""
    assert call.caller is not None
    log.info(
        event,
        request_id=call.request.state["request_id"],
        caller=call.caller.subject,
        caller_name=call.caller.name,
        caller_client=call.caller.client_id,
        **what,
    )
