"""Whether the service runs."""

from starlette.responses import Response

from gateway.dialects.celantur.models import ServiceStatus
from gateway.dialects.celantur.performing import WORKS
from gateway.flow import Call
from gateway.tasks.status import Status
from gateway.version import VERSION


async def status(call: Call) -> Response:
    """That it runs; of a caller, how many of the newest thousand tasks wait or are worked on."""
    if not call.owner:
        return _answered(ServiceStatus(status="running", version=VERSION))
    _, some = await call.request.state["tasks"].page(call.owner, WORKS, offset=0, limit=1000)
    told = ServiceStatus(
        status="running",
        version=VERSION,
        queued=sum(one.status is Status.QUEUED for one in some),
        processing=sum(one.status is Status.PROCESSING for one in some),
    )
    return _answered(told)


def _answered(told: ServiceStatus) -> Response:
    return Response(told.model_dump_json(exclude_none=True), media_type="application/json")
