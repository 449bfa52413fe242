"""Celantur's tasks as they are told and deleted, one or all of a caller."""

from contextlib import suppress

from starlette.responses import Response

from gateway.dialects.celantur.models import (
    Choice,
    DeletedTask,
    DeletedTasks,
    Page,
    WebhookStatus,
    text_of,
)
from gateway.dialects.celantur.parameters import ParameterRefused, read_query
from gateway.dialects.celantur.performing import WORKS
from gateway.dialects.celantur.records import record
from gateway.dialects.celantur.webhooks import STATUSES
from gateway.errors import UnknownTask
from gateway.flow import Call
from gateway.tasks.deliveries import Status
from gateway.tasks.task import Task

_AT_ONCE = 200
"""Rows that are read in one go."""


async def show(call: Call) -> Response:
    """A task, however far it is."""
    return await shown(call, await owned(call))


async def shown(call: Call, task: Task) -> Response:
    """The answer that tells of a task."""
    found = await call.request.state["webhooks"].statuses(call.owner, [task.id])
    return _json(text_of(record(task, _webhook_status(task, found))))


async def listing(call: Call) -> Response:
    """The caller's tasks, the oldest first; of more than are listed the newest."""
    page = read_query(call.request.query_params, Page)
    _, tasks = await call.request.state["tasks"].page(
        call.owner, WORKS, offset=page.offset, limit=page.limit
    )
    found = await call.request.state["webhooks"].statuses(call.owner, [one.id for one in tasks])
    told = [text_of(record(one, _webhook_status(one, found))) for one in reversed(tasks)]
    return _json(f"[{','.join(told)}]")


async def forget(call: Call) -> Response:
    """Delete a task's files, and its record if that is chosen."""
    choice, task = _choice(call), await owned(call)
    if _is_there(task, choice):
        await _delete(call, task.id, choice)
    return _json(DeletedTask(id=task.id).model_dump_json())


async def forget_all(call: Call) -> Response:
    """The same for all of the caller's tasks."""
    choice, count = _choice(call), 0
    for id in await _ids(call, choice):
        with suppress(UnknownTask):  # another request deleted it
            await _delete(call, id, choice)
            count += 1
    return _json(DeletedTasks(deleted=count).model_dump_json())


async def owned(call: Call) -> Task:
    """The caller's task that the path names.

    Raises:
        UnknownTask: there is none.
    """
    id = call.request.path_params["id"]
    return await call.request.state["tasks"].get(call.owner, WORKS, id)


def _webhook_status(task: Task, found: dict[str, Status]) -> WebhookStatus:
    if task.params["webhook"] is None:
        return "empty"
    return STATUSES[found.get(task.id, Status.PENDING)]


def _choice(call: Call) -> Choice:
    """What is to be deleted.

    Raises:
        ParameterRefused: nothing, or a record alone, without which no files can be kept.
    """
    choice = read_query(call.request.query_params, Choice)
    if not choice.files:
        raise ParameterRefused("files is false; expected true, since a record keeps its files.")
    return choice


async def _delete(call: Call, id: str, choice: Choice) -> None:
    tasks = call.request.state["tasks"]
    await (tasks.delete if choice.record else tasks.strip)(call.owner, WORKS, id)


def _is_there(task: Task, choice: Choice) -> bool:
    """Whether it has what is to be deleted; files are deleted once."""
    return choice.record or bool(task.inputs)


async def _ids(call: Call, choice: Choice) -> list[str]:
    tasks, ids, offset = call.request.state["tasks"], list[str](), 0
    while True:
        total, some = await tasks.page(call.owner, WORKS, offset=offset, limit=_AT_ONCE)
        ids += [one.id for one in some if _is_there(one, choice)]
        offset += len(some)
        if not some or offset >= total:
            return ids


def _json(body: str) -> Response:
    return Response(body, media_type="application/json")
