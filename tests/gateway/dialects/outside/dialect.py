"""A dialect of our own making: raw bodies, keys in the query, files in the answer."""

from starlette.responses import PlainTextResponse, Response

from engines.core.run import Answer, Job, name_of
from gateway.dialects.callers import by_query
from gateway.dialects.dialect import Dialect, Refusal
from gateway.flow import Call, Endpoint, Service
from gateway.intake.bodies import read_body
from gateway.openapi.description import Description
from tests.gateway.dialects.outside import present
from tests.gateway.dialects.outside.engine import Params

MAX_BYTES = 1000


async def read(call: Call) -> Job:
    """The body is the cloud, whatever its content type; the path has the view's side."""
    params = Params.from_text({"side": call.request.path_params["side"]})
    cloud = await read_body(call.request, max_bytes=MAX_BYTES)
    return Job("point_cloud_summary", (cloud,), params, name_of(present.summary))


def respond(call: Call, done: Answer) -> Response:
    """All files one after another; header fields say what and how long they are."""
    fields = {f"X-{file.name}": f"{len(file.data)}; {file.media_type}" for file in done.files}
    body = b"".join(file.data for file in done.files)
    return Response(body, 203, {"X-Summary": done.body.decode(), **fields}, "application/x-files")


async def ping(call: Call) -> Response:
    """Anybody may ask."""
    return PlainTextResponse("pong")


def render(refusal: Refusal) -> Response:
    """The word and the sentence, each on a line."""
    return PlainTextResponse(f"{refusal.word}\n{refusal.message}\n", refusal.status)


VIEW = "/clouds/{side}/view"
ENDPOINTS = [
    Endpoint(path="/clouds/ping", methods=("GET",), handle=ping, known_by=None),
    Endpoint(
        path=VIEW, methods=("POST", "PUT"), handle=Service(read, respond), known_by=by_query("key")
    ),
]

DIALECT = Dialect(
    name="outside",
    document="outside",
    prefixes=("/clouds/",),
    endpoints=lambda: ENDPOINTS,
    render=render,
    describe=lambda: Description([], {}, {}),
    preload=(present.__name__,),
)
