"""A task as Celantur's records have it."""

from datetime import UTC, datetime

from gateway.dialects.celantur.models import AnonymisationTask, TaskStatus, WebhookStatus
from gateway.dialects.celantur.performing import VIDEO_WORK
from gateway.dialects.celantur.present import ANONYMISED, BINARY, INSTANCE
from gateway.tasks.status import Status
from gateway.tasks.task import StoredFile, Task

STATUSES: dict[Status, TaskStatus] = {
    Status.QUEUED: "queued",
    Status.PROCESSING: "processing",
    Status.DONE: "done",
    Status.ERROR: "failed",
}


def record(task: Task, webhook_status: WebhookStatus) -> AnonymisationTask:
    """The task, with links to what there is of it."""
    upload, is_stripped = task.params["upload"], not task.inputs
    is_failed = task.failure is not None and not is_stripped
    told = {
        "id": task.id,
        "status": "deleted" if is_stripped else STATUSES[task.status],
        "upload_time": _moment(task.created_at),
        "delete_time": _moment(task.updated_at) if is_stripped else None,
        "webhook": task.params["webhook"],
        "webhook_status": webhook_status,
        "failure_cause": task.failure.message if task.failure and is_failed else None,
        "progress": task.progress,
    }
    return AnonymisationTask.model_validate(upload | _links(task) | told)


def anonymised_file(task: Task) -> StoredFile | None:
    """The picture or video that came of a task; none of one that was to find alone."""
    return next((one for one in task.files if one.name.startswith(ANONYMISED)), None)


def _links(task: Task) -> dict[str, str]:
    names = {one.name for one in task.files}
    there_are = {
        "anonymised": anonymised_file(task) is not None,
        "binary-mask": BINARY in names,
        "instance-mask": INSTANCE in names,
        "metadata": task.told is not None,
    }
    video = "/video" if task.work == VIDEO_WORK else ""
    where = f"{task.params['base_url']}/v1/file/{task.id}{video}"
    return {
        f"{name.replace('-', '_')}_link": f"{where}/{name}"
        for name, is_there in there_are.items()
        if is_there
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
