"""AeroVision's webhooks: registered, listed, forgotten, and told of each task that ends."""

from pydantic import TypeAdapter
from sqlalchemy import Connection
from starlette.responses import Response

from gateway.dialects.aerovision.faults import RequestInvalid, validated, wrong_value
from gateway.dialects.aerovision.json_input import read_object
from gateway.dialects.aerovision.models import Delivery, RegisteredWebhook, SentAgain, WantedWebhook
from gateway.dialects.aerovision.tasks import moment, told
from gateway.errors import UrlRefused
from gateway.flow import Call
from gateway.tasks.deliveries import Message, send_to_webhooks
from gateway.tasks.javascript_json import javascript_json
from gateway.tasks.task import Task
from gateway.tasks.webhooks import DeliveryRecord, Webhook

DIALECT_NAME = "aerovision"
SIGNATURE = "X-Webhook-Signature"
_LIST = TypeAdapter(list[RegisteredWebhook])
_DELIVERIES = TypeAdapter(list[Delivery])


def announce(connection: Connection, task: Task) -> None:
    """Tell the caller's webhooks of a task that has ended."""
    kept = {"uid", "status", "tool", "result_files", "result_data"}
    body = told(task).model_dump(mode="json", include=kept | ({"error"} if task.failure else set()))
    message = Message(task.owner, DIALECT_NAME, task.id, javascript_json(body), task.updated_at)
    send_to_webhooks(connection, message, signature_header=SIGNATURE)


async def register(call: Call) -> Response:
    """Add a webhook."""
    wanted = validated(WantedWebhook, await read_object(call), ("body",))
    webhooks = call.request.state["webhooks"]
    try:
        made = await webhooks.add(call.owner, DIALECT_NAME, wanted.url, wanted.secret or "")
    except UrlRefused as error:
        fault = wrong_value(("body", "url"), f"Value error, {error.message}")
        raise RequestInvalid.of([fault]) from None
    return _json(_registered(made).model_dump_json(), 201)


async def listing(call: Call) -> Response:
    """The caller's webhooks, the oldest first; their secrets are never told."""
    found = await call.request.state["webhooks"].of(call.owner, DIALECT_NAME)
    return _json(_LIST.dump_json([_registered(one) for one in found]))


async def forget(call: Call) -> Response:
    """Delete a webhook; what was still to be sent there is not."""
    await call.request.state["webhooks"].delete(
        call.owner, DIALECT_NAME, call.request.path_params["webhook_id"]
    )
    return Response(status_code=204)


async def deliveries(call: Call) -> Response:
    """What was sent to a webhook lately, the newest first."""
    webhooks = call.request.state["webhooks"]
    found = await webhooks.deliveries(
        call.owner, DIALECT_NAME, call.request.path_params["webhook_id"]
    )
    return _json(_DELIVERIES.dump_json([_delivery(one) for one in found]))


async def send_again(call: Call) -> Response:
    """Send once more what was sent to a webhook, as a delivery of its own."""
    delivery_id = call.request.path_params["delivery_id"]
    webhooks = call.request.state["webhooks"]
    made = await webhooks.redeliver(
        call.owner, DIALECT_NAME, call.request.path_params["webhook_id"], delivery_id
    )
    return _json(SentAgain(id=made).model_dump_json(), 202)


def _json(body: str | bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def _registered(webhook: Webhook) -> RegisteredWebhook:
    return RegisteredWebhook(id=webhook.id, url=webhook.url, created_at=moment(webhook.created_at))


def _delivery(record: DeliveryRecord) -> Delivery:
    is_ended = record.finished_at is not None
    return Delivery(
        id=record.id,
        uid=record.task_id,
        status=record.status.value,
        attempts=record.attempts,
        last_status=record.last_status,
        last_error=record.last_error,
        created_at=moment(record.created_at),
        next_attempt_at=None if is_ended else moment(record.due_at),
        finished_at=None if record.finished_at is None else moment(record.finished_at),
    )
