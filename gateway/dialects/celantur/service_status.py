"""Whether the service runs."""

from starlette.responses import Response

from gateway.dialects.celantur.models import ServiceStatus
from gateway.dialects.celantur.performing import WORKS
from gateway.flow import Call
from gateway.tasks.status import Status
from gateway.version import VERSION


async def status(call: Call) -> Response:
    """That it runs, and how many of the caller's newest thousand tasks wait or are worked on."""
    _, some = await call.request.state["tasks"].page(call.owner, WORKS, offset=0, limit=1000)
    told = ServiceStatus(
        status="running",
        version=VERSION,
        queued=sum(one.status is Status.QUEUED for one in some),
        processing=sum(one.status is Status.PROCESSING for one in some),
    )
    return Response(told.model_dump_json(), media_type="application/json")
