"""The way of a request: who asks, what is sent, where it is computed, how it is answered."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NotRequired, TypeAlias, TypedDict

from starlette.requests import Request
from starlette.responses import Response

from auth.errors import CredentialsMissing
from auth.guard import Guard
from auth.verifier import Caller
from engines.core.registry import engine_named
from engines.core.run import Answer, Job
from gateway.cache.memory import size_of
from gateway.cache.results import ResultCache
from gateway.intake.pictures import Intake
from gateway.limits.admission import Admission
from gateway.limits.memory_budget import MemoryBudget, Share
from gateway.metrics import Metrics
from gateway.pool import Pool, Timing
from gateway.receipts import Signer
from gateway.settings import Settings
from gateway.store.last_images import LastImages
from gateway.store.scratch import Scratch
from gateway.store.tool_settings import ToolSettings
from gateway.tasks.tasks import Tasks
from gateway.tasks.webhooks import Webhooks
from gateway.tracing import Tracing
from gateway.write_behind import WriteBehind


class State(TypedDict):
    """What a request finds in its `state`: parts of the service, and its own name.

    `scopes` are what callers can be limited to. `parts` are those that each dialect has made for
    itself, by its name. `caller` is who has proved to ask, for the log. `refused` is the class of
    the error that was its answer; the error itself would keep alive what its traceback refers to.
    """

    settings: Settings
    metrics: Metrics
    tracing: Tracing
    write_behind: WriteBehind
    guard: Guard
    token_url: Callable[[], Coroutine[Any, Any, str]]
    scopes: frozenset[str]
    budget: MemoryBudget
    admission: Admission
    intake: Intake
    scratch: Scratch
    pool: Pool
    cache: ResultCache | None
    tasks: Tasks
    webhooks: Webhooks
    tool_settings: ToolSettings
    last_images: LastImages
    signer: Signer
    parts: Mapping[str, Any]
    request_id: str
    caller: NotRequired[str]
    refused: NotRequired[type[Exception]]


@dataclass(slots=True)
class Call:
    """A request on its way.

    Args:
        request: with its body unread.
        share: what it holds of the memory budget.
        is_open: whether its dialect answers everybody.
        owner: who asks: a caller's subject, or an address; empty as long as nobody is known.
        caller: who has proved to ask; None as long as nobody has, or where everybody may.
        fields: header fields that the answer will carry, be it a refusal.
        since: when it came.
        timings: of its computations, as they ended.
    """

    request: Request[State]
    share: Share
    is_open: bool = False
    owner: str = ""
    caller: Caller | None = None
    fields: dict[str, str] = field(default_factory=dict)
    since: float = field(default_factory=time.perf_counter)
    timings: list[Timing] = field(default_factory=list)

    def may_use(self, scope: str) -> bool:
        """Whether the one who asks is not limited to other scopes."""
        return self.caller is None or self.caller.may_use(scope)


Handle: TypeAlias = Callable[[Call], Awaitable[Response]]
KnownBy: TypeAlias = Callable[[Request[State], str], Awaitable[Caller]]
"""Tells whose a request is, of a caller that may use a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What answers a path, asked by some methods.

    Args:
        path: as Starlette's routes write it; several endpoints may have one, with other methods.
        handle: answers; a `Service` where that takes a computation.
        known_by: how callers prove who they are; None where everybody may ask.
        scope: what a caller's token must allow; empty: nothing in particular.
        is_for_all: whether who sends no proof at all is answered too, as nobody.
    """

    path: str
    methods: tuple[str, ...]
    handle: Handle
    known_by: KnownBy | None
    scope: str = ""
    is_for_all: bool = False


def as_presented(call: Call, done: Answer) -> Response:
    """The presenter's body, with status 200."""
    return Response(done.body, media_type=done.media_type)


@dataclass(frozen=True, slots=True)
class Service:
    """Answers by a computation.

    Args:
        read: takes in what is sent or named, and says what is to be computed of it.
        respond: writes what was computed: status, header fields, body.
    """

    read: Callable[[Call], Awaitable[Job]]
    respond: Callable[[Call, Answer], Response] = as_presented

    async def __call__(self, call: Call) -> Response:
        return self.respond(call, await compute(call, await self.read(call)))


async def answer(call: Call, endpoint: Endpoint) -> Response:
    """Authenticate, admit, and let the endpoint answer."""
    if endpoint.known_by is None:
        return await endpoint.handle(call)
    if call.is_open:
        call.owner = call.request.client.host if call.request.client else ""
    else:
        try:
            call.caller = await endpoint.known_by(call.request, endpoint.scope)
        except CredentialsMissing:
            if not endpoint.is_for_all:
                raise
            return await endpoint.handle(call)
        call.owner = call.request.state["caller"] = call.caller.subject
    call.share.belong_to(call.owner)
    async with call.request.state["admission"].admit(call.owner, call.fields):
        return await endpoint.handle(call)


async def compute(call: Call, job: Job) -> Answer:
    """Run a job; while it waits only its inputs are held, and then its answer."""
    state = call.request.state
    call.share.reserve(sum(len(sent) for sent in job.inputs if isinstance(sent, bytes)))

    def observe(engine: str, timing: Timing) -> None:
        state["write_behind"].add(partial(state["metrics"].computed, engine, timing))
        state["tracing"].computed(engine, timing)
        call.timings.append(timing)
        call.fields["Server-Timing"] = _server_timing(call)

    if not call.timings:
        state["tracing"].passed("intake", time.perf_counter() - call.since)
    run = partial(
        state["pool"].run,
        job,
        deadline_seconds=engine_named(job.engine).seconds(state["settings"].deadline_seconds),
        owner=call.owner,
        observe=observe,
    )
    done = await (_kept_or_run(call, job, state["cache"], run) if state["cache"] else run())
    call.share.hold(size_of(done))
    return done


async def _kept_or_run(
    call: Call, job: Job, cache: ResultCache, run: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The answer that is kept, or a new one, which is kept then (RFC 9211 tells the caller)."""
    if (key := await cache.key(job, call.owner)) is None:
        return await run()
    found = await cache.get(key)
    call.request.state["metrics"].looked_up(size_of(found) if found else None, cache.held_bytes)
    call.fields["Cache-Status"] = f"Pixelgate; {'hit' if found else 'fwd=miss'}"
    if found is None:
        found = await run()
        await cache.put(key, found)
    return found


def _server_timing(call: Call) -> str:
    """What took how long until now, ms, as browsers draw it (W3C Server Timing)."""
    queue = sum(one.queue_seconds for one in call.timings)
    engine = sum(one.engine_seconds or 0 for one in call.timings)
    intake = time.perf_counter() - call.since - queue - engine
    steps = [one.steps for one in call.timings if one.steps]
    present = sum(one.presented - one.computed for one in steps) / 1e9
    parts = {"intake": intake, "queue": queue, "engine": engine - present, "present": present}
    return ", ".join(f"{name};dur={1000 * seconds:.1f}" for name, seconds in parts.items())
