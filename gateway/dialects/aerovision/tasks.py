"""AeroVision's tasks as they are told: one, the caller's list of them, or none any more."""

from datetime import UTC, datetime

from starlette.responses import Response

from gateway.dialects.aerovision.faults import validated
from gateway.dialects.aerovision.models import MatchTask, MatchTaskList, Page
from gateway.dialects.aerovision.performing import CHAIN, PREFIX, SENT, result_path
from gateway.dialects.aerovision.tools import PICTURES, TOOLS
from gateway.flow import Call
from gateway.tasks.task import Task

WORKS = [PREFIX + name for name in (*TOOLS, CHAIN)]


async def show(call: Call) -> Response:
    """A task, however far it is."""
    task = await owned(call, call.request.path_params["uid"])
    return _json(told(task).model_dump_json())


async def listing(call: Call) -> Response:
    """The caller's tasks, the newest first."""
    page = validated(Page, dict(call.request.query_params), ("query",))
    total, some = await call.request.state["tasks"].page(
        call.owner, WORKS, offset=page.offset, limit=page.limit
    )
    body = MatchTaskList(total=total, tasks=[told(one) for one in some])
    return _json(body.model_dump_json())


async def forget(call: Call) -> Response:
    """Delete a task with its files, whether it has ended or not."""
    task = await owned(call, call.request.path_params["uid"])
    await call.request.state["tasks"].delete(call.owner, WORKS, task.id)
    return Response(status_code=204)


def created(task: Task, status: int) -> Response:
    """The answer to a task that was taken; the document's sample has no more than this."""
    return _json(told(task).model_dump_json(exclude={"updated_at", "error"}), status)


def told(task: Task) -> MatchTask:
    """A task as the document words it."""
    pictures = [one.name for one in task.inputs if one.media_type in PICTURES]
    return MatchTask(
        uid=task.id,
        status=task.status,
        tool=task.work.removeprefix(PREFIX),
        params={name: value for name, value in task.params.items() if name != SENT},
        created_at=moment(task.created_at),
        updated_at=moment(task.updated_at),
        input_files=[f"uploads/{task.id}/{one.name}" for one in task.inputs],
        thumbnails=[f"thumbnails/{task.id}/{name}" for name in pictures],
        result_files=[result_path(task.id, one.name) for one in task.files],
        result_data=task.told or {},
        error=task.failure.message if task.failure else None,
    )


def moment(seconds: float) -> str:
    """UTC in whole seconds, without a zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


async def owned(call: Call, uid: str) -> Task:
    """The caller's task of a name.

    Raises:
        UnknownTask: there is none.
    """
    return await call.request.state["tasks"].get(call.owner, WORKS, uid)


def _json(body: str, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
