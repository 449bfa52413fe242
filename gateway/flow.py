"""The way of a request, in one function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from engines.core.registry import Engine
from engines.core.run import Answer, Computed, Job
from gateway.intake.forms import Form, read_form

Present: TypeAlias = Callable[[Computed], Answer]


@dataclass(frozen=True, slots=True)
class Service:
    """A route to an engine.

    Args:
        dialect: whose names and answers these are.
        engine: what computes.
        scope: what a caller's token must allow.
        translate: the dialect's field names into the engine's.
        present: picks the dialect's presenter for a request.
    """

    dialect: str
    engine: Engine
    scope: str
    translate: Callable[[Form, Engine], Form]
    present: Callable[[Request], Present]


async def answer(request: Request, service: Service) -> Response:
    """Authenticate, admit, take in, compute, answer."""
    state = request.state
    owner = await authenticate(request, service)
    async with state.admission.admit(owner, state):
        job = await read_job(request, service, owner)
        done: Answer = await state.pool.run(
            job, deadline_seconds=state.settings.deadline_seconds, owner=owner
        )
        state.share.hold(len(done.body))
    return Response(done.body, media_type=done.media_type, headers=state.rate_fields)


async def read_job(request: Request, service: Service, owner: str) -> Job:
    """Take in what is sent or named; while the job waits, only its pictures are held."""
    state, engine = request.state, service.engine
    state.share.belong_to(owner)
    form = await read_form(request, max_bytes=state.intake.body_limit(len(engine.inputs)))
    form = service.translate(form, engine)
    params = engine.params.from_text(form.parameters())
    pictures = await state.intake.read(form, engine.inputs, owner)
    state.share.reserve(sum(len(picture) for picture in pictures if picture))
    return Job(engine.name, pictures, params, service.present(request))


async def authenticate(request: Request, service: Service) -> str:
    """Who asks: a caller's subject, or where the dialect is open the address it comes from."""
    if service.dialect in request.state.settings.open_dialects:
        return request.client.host if request.client else ""
    caller = await request.state.guard.authenticate(request.headers, scope=service.scope)
    return str(caller.subject)
