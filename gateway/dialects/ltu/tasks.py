"""Native tasks: any service answered later, when the caller prefers that (RFC 7240)."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from auth.threads import Threads
from engines.core.registry import catalogue
from engines.core.run import Job
from engines.core.shapes import File, Parameters
from gateway.dialects.failure import Failure
from gateway.dialects.ltu import receipts
from gateway.dialects.ltu.models import TASKS, TaskAnswer, TaskList
from gateway.dialects.paging import Page
from gateway.dialects.ranges import repeatable
from gateway.errors import BadRequestKey, TaskUnfinished, UnknownTask
from gateway.flow import Call, compute
from gateway.tasks import jobs
from gateway.tasks.status import Status
from gateway.tasks.task import Asked, Task
from gateway.tasks.work import Run, TaskResult, Work
from gateway.version import VERSION

AGAIN_SECONDS = 1
MOST_WAIT_SECONDS = 25
"""Less than a service that ends gives its requests, and than most proxies wait."""
SILENCE_SECONDS = 15.0
"""Of events: what lies between may close a connection on which nothing is said."""
STREAM_SECONDS = 600.0
"""Of events: about the life of a token, after which who asks is known anew."""
ANSWER = "answer"
_PREFIX = "ltu."
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"(\\.|[^"\\])*"')
_ASYNC = re.compile(r"\s*respond-async\s*(=\s*)?(;.*)?", re.IGNORECASE)
_DIGESTS = Threads(2)


class Waiting(Parameters):
    """How long a question after a task may wait for its end."""

    wait: int = Field(0, ge=0, le=MOST_WAIT_SECONDS, description="Longest time to wait, s.")


@dataclass(frozen=True, slots=True)
class Deferrable:
    """Answers by a computation, at once or, if that is preferred, as a task.

    Args:
        read: takes in what is sent or named, and says what is to be computed of it.
    """

    read: Callable[[Call], Awaitable[Job]]

    async def __call__(self, call: Call) -> Response:
        job = await self.read(call)
        if _prefers_later(call):
            return await queue(call, job)
        done = await compute(call, job)
        body = receipts.signed(call, done.body, await receipts.claims_of(job, done))
        return repeatable(call, body, done.media_type)


async def queue(call: Call, job: Job) -> Response:
    """Accept a job as a task: 202, and where to ask for it."""
    inputs = jobs.inputs_of(job)
    call.share.reserve(sum(len(one.data) for one in inputs))
    key = _request_key(call)
    asked = Asked(
        owner=call.owner,
        work=_PREFIX + job.engine,
        params=jobs.params_of(job),
        request_key=key,
        request_digest=await _DIGESTS.run(jobs.request_digest, job) if key else None,
    )
    task = await call.request.state["tasks"].add(asked, inputs)
    fields = {"Location": _path(call, task), "Preference-Applied": "respond-async"}
    return _told(call, task, 202, fields)


async def perform(run: Run) -> TaskResult:
    """Compute a stored job; its answer is kept as it would have been sent, before it is signed."""
    job = jobs.restored(run.task.params, await run.inputs())
    answer = await run.compute(job)
    claims = await receipts.claims_of(job, answer)
    return TaskResult(claims, (File(ANSWER, answer.media_type, answer.body),))


async def show(call: Call) -> Response:
    """How far a task is; with `wait` the answer comes when it has ended, or after so long."""
    told = Waiting.from_text(call.request.query_params)
    task = await _task(call)
    return _told(call, await call.request.state["tasks"].finished(task, told.wait))


async def listing(call: Call) -> Response:
    """The caller's tasks, as far as it may use their services."""
    page = Page.from_text(call.request.query_params)
    total, tasks = await call.request.state["tasks"].page(
        call.owner, _visible(call), offset=page.offset, limit=page.limit
    )
    body = TaskList(total=total, tasks=[_answer(call, one) for one in tasks])
    return Response(body.model_dump_json(exclude_none=True), media_type="application/json")


async def result(call: Call) -> Response:
    """What the service would have answered at once: its result, or its refusal."""
    task = await _task(call)
    if task.failure:
        failure = _failure(task)
        return Response(failure.model_dump_json(), failure.code, media_type="application/json")
    if not task.is_finished:
        raise TaskUnfinished(
            f"The task is {task.status}; there is a result when it is done.",
            retry_after_seconds=AGAIN_SECONDS,
        )
    call.share.reserve(task.files[0].bytes)
    answer = await call.request.state["tasks"].result(task, ANSWER)
    body = receipts.signed(call, answer, {"task": task.id, **task.told} if task.told else {})
    return Response(body, media_type=task.files[0].media_type)


async def forget(call: Call) -> Response:
    """Delete a task with all that belongs to it, whether it has ended or not."""
    id = call.request.path_params["id"]
    await call.request.state["tasks"].delete(call.owner, _visible(call), id)
    return Response(status_code=204)


async def events(call: Call) -> Response:
    """A task each time it changes, as server-sent events; the last one tells its end."""
    task = await _task(call)
    with call.request.state["tasks"].streams.taken_by(call.owner):
        pass  # refused before the answer begins
    fields = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(call, task), headers=fields, media_type="text/event-stream")


async def _events(call: Call, task: Task) -> AsyncIterator[str]:
    tasks, clock = call.request.state["tasks"], asyncio.get_running_loop().time
    until = clock() + STREAM_SECONDS
    with tasks.streams.taken_by(call.owner):
        yield _event(call, task)
        while not task.is_finished and not tasks.watch.is_ending() and clock() < until:
            seen = task.updated_at
            await tasks.watch.changed(task.id, seen, min(SILENCE_SECONDS, until - clock()))
            try:
                task = await tasks.get(task.owner, [task.work], task.id)
            except UnknownTask:  # it was deleted
                return
            # Another host's clock may be behind.
            yield _event(call, task) if task.updated_at != seen else ":\n\n"


def works() -> list[Work]:
    """One for every engine, so that who may use a service may see its tasks."""
    return [Work(_PREFIX + name, perform) for name in catalogue()]


async def _task(call: Call) -> Task:
    id = call.request.path_params["id"]
    return await call.request.state["tasks"].get(call.owner, _visible(call), id)


def _visible(call: Call) -> Collection[str]:
    """The kinds of tasks whose services the caller may use."""
    return [_PREFIX + name for name, one in catalogue().items() if call.may_use(one.service)]


def _prefers_later(call: Call) -> bool:
    """Whether `respond-async` is one of the preferences, and no other's value or parameter."""
    preferences = _QUOTED.sub("", ",".join(call.request.headers.getlist("prefer")))
    return any(_ASYNC.fullmatch(one) for one in preferences.split(","))


def _request_key(call: Call) -> str | None:
    """The caller's own name for its request (draft-ietf-httpapi-idempotency-key-header)."""
    key = call.request.headers.get("idempotency-key")
    if key is None or _KEY.fullmatch(key):
        return key
    raise BadRequestKey("Idempotency-Key has other than 1 to 255 visible ASCII characters.")


def _told(
    call: Call, task: Task, status: int = 200, fields: dict[str, str] | None = None
) -> Response:
    again = {} if task.is_finished else {"Retry-After": str(AGAIN_SECONDS)}
    body = _answer(call, task).model_dump_json(exclude_none=True)
    return Response(body, status, {**again, **(fields or {})}, "application/json")


def _event(call: Call, task: Task) -> str:
    return f"event: task\ndata: {_answer(call, task).model_dump_json(exclude_none=True)}\n\n"


def _answer(call: Call, task: Task) -> TaskAnswer:
    return TaskAnswer(
        id=task.id,
        service=catalogue()[task.work.removeprefix(_PREFIX)].service,
        status=task.status,
        progress=task.progress,
        created_at=_moment(task.created_at),
        updated_at=_moment(task.updated_at),
        finished_at=None if task.finished_at is None else _moment(task.finished_at),
        result=f"{_path(call, task)}/result" if task.status is Status.DONE else None,
        error=_failure(task) if task.failure else None,
        version=VERSION,
    )


def _failure(task: Task) -> Failure:
    assert task.failure is not None
    return Failure(
        code=task.failure.status,
        error=task.failure.word,
        message=task.failure.message,
        errors=list(task.failure.errors),
        version=VERSION,
        request_id=task.id,
    )


def _path(call: Call, task: Task) -> str:
    """Where the task is asked for, below the service's public address."""
    below = urlsplit(call.request.state["settings"].base_url).path
    return f"{below}{TASKS}/{task.id}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
