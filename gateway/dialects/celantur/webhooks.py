"""Webhooks of uploads: told of the end of the one task that named them."""

from sqlalchemy import Connection

from gateway.dialects.celantur.models import WebhookStatus, text_of
from gateway.dialects.celantur.records import record
from gateway.tasks.deliveries import Message, Status, send_to_url
from gateway.tasks.task import Task

DIALECT_NAME = "celantur"
STATUSES: dict[Status, WebhookStatus] = {
    Status.PENDING: "set",
    Status.DELIVERED: "sent",
    Status.FAILED: "failed",
}


def announce(connection: Connection, task: Task) -> None:
    """Tell the webhook that the task was uploaded with, if there is one."""
    if url := task.params["webhook"]:
        body = text_of(record(task, "set")).encode()
        message = Message(task.owner, DIALECT_NAME, task.id, body, task.updated_at)
        send_to_url(connection, message, url, sealed_headers=task.params["headers"])
