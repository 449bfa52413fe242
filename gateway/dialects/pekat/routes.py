"""PEKAT's routes: a picture in, what the project found out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import orjson
import pybase64
import structlog
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engines.core.decoders import Decoder
from engines.core.errors import BadParameter
from engines.core.run import Job, name_of
from engines.core.shapes import File
from engines.inspection import flow
from engines.inspection.flow import PHOTOGRAPH, Params
from gateway.dialects.callers import by_query
from gateway.dialects.dialect import Dialect, Refusal
from gateway.dialects.pekat import present, shared_memory
from gateway.dialects.pekat.describe import describe
from gateway.dialects.pekat.last_image import Sent, key_of
from gateway.dialects.pekat.models import Failure, Query, RawQuery, ResponseType
from gateway.dialects.pekat.parts import NAME, open_parts, parts_of
from gateway.dialects.pekat.projects import Project
from gateway.dialects.pekat.raw_pixels import RawPixels
from gateway.errors import ProjectStopped, StopKeyWrong
from gateway.flow import Call, Endpoint, Handle, State, compute
from gateway.intake.bodies import read_body

log = structlog.get_logger()

SPOKEN_VERSION = "3.17.0"
WITH_SHARED_MEMORY = "3.18.0"
"""From this version on the vendor's SDK puts pixels into shared memory."""
MOST_HEADER_BYTES = 8 * 1024
STOPPED_SECONDS = 60
"""When to ask a stopped project again: the operator has to start it."""
SCOPE = "pekat"
PRESENTERS = {
    ResponseType.CONTEXT: name_of(present.context),
    ResponseType.IMAGE: name_of(present.image),
    ResponseType.ANNOTATED_IMAGE: name_of(present.annotated_image),
    ResponseType.HEATMAP: name_of(present.heatmap),
}
NOTHING = Params(modules=())
"""What a project does that is switched off: its pictures are decoded, and refused, all the same."""
NO_DATA = "None"
"""What the SDK writes into the query when its caller gave no data."""

CONTEXT_IN_BODY = "context_in_body"
ROOTS = ("", "/pekat/{project}")
"""Below the second a project is named; at the first the port says which one is meant."""

ReadPicture = Callable[[Call, QueryParams], Awaitable[tuple[bytes, Decoder]]]


def arguments_of(request: Request[State]) -> QueryParams:
    """The query; also of `/analyze_image&width=5`, the form of the document's first sample."""
    _, joined, arguments = request.scope["raw_path"].partition(b"&")
    if not joined:
        return request.query_params
    return QueryParams(b"&".join((arguments, request.scope["query_string"])))


async def encoded(call: Call, arguments: QueryParams) -> tuple[bytes, Decoder]:
    """The body is a picture file."""
    return await _body(call), PHOTOGRAPH


async def raw(call: Call, arguments: QueryParams) -> tuple[bytes, Decoder]:
    """The body is pixels."""
    decoder = _raw_pixels(arguments)
    return await _body(call), decoder


async def shared(call: Call, arguments: QueryParams) -> tuple[bytes, Decoder]:
    """The query names a block of shared memory, which is pixels."""
    shared_memory.refuse_unless_allowed(call)
    decoder = _raw_pixels(arguments)
    return await shared_memory.read_pixels(call, arguments, decoder), decoder


async def _body(call: Call) -> bytes:
    return await read_body(call.request, max_bytes=call.request.state["settings"].max_upload_bytes)


def _raw_pixels(arguments: QueryParams) -> RawPixels:
    """Of the size that the query tells.

    Raises:
        BadParameter: it does not, or not with whole numbers from 1.
    """
    for name in RawQuery.model_fields:
        if name not in arguments:
            raise BadParameter(f"{name} is missing; expected the picture's {name} in pixels.")
    size = RawQuery.from_text(arguments)
    return RawPixels(size.width, size.height, is_bayer="bayer" in arguments)


def analyze(read_picture: ReadPicture) -> Handle:
    """Run the project over the picture that is sent, and keep it as the caller's last one."""

    async def handle(call: Call) -> Response:
        state, arguments = call.request.state, arguments_of(call.request)
        project = await running(call)
        query = Query.from_text(arguments)
        body, decoder = await read_picture(call, arguments)
        sent = Sent(body, decoder, None if query.data == NO_DATA else query.data)
        in_body = CONTEXT_IN_BODY in arguments
        answer = await inspect(call, project, sent, query.response_type, in_body=in_body)
        call.share.hold(call.share.bytes + len(body))
        if project.is_processing:
            await state["last_images"].put(key_of(project, call.owner), *sent.packed())
        return answer

    return handle


async def last_image(call: Call) -> Response:
    """Run the project once more over the picture that the caller sent last."""
    arguments = arguments_of(call.request)
    project = await running(call)
    query = Query.from_text(arguments)
    packed = await call.request.state["last_images"].get(key_of(project, call.owner))
    sent, in_body = Sent.unpacked(packed), CONTEXT_IN_BODY in arguments
    return await inspect(call, project, sent, query.response_type, in_body=in_body)


async def running(call: Call) -> Project:
    """The project that a request is for.

    Raises:
        ProjectStopped: it was stopped, a second ago at least.
    """
    parts = parts_of(call.request)
    project = parts.projects.of(call.request)
    if await parts.stopped.has(project.name):
        raise ProjectStopped(
            f"The project {project.name} is stopped.", retry_after_seconds=STOPPED_SECONDS
        )
    return project


async def inspect(
    call: Call, project: Project, sent: Sent, kind: ResponseType, *, in_body: bool
) -> Response:
    """What the project finds in a picture."""
    started = perf_counter()
    is_processing = project.is_processing
    job = Job(
        flow.inspection.__name__,
        (sent.body,),
        project.flow if is_processing else NOTHING,
        PRESENTERS[kind if is_processing else ResponseType.CONTEXT],
        decoders=(sent.decoder,),
    )
    done = await compute(call, job)
    context = orjson.loads(done.body)
    context["processing"] = is_processing
    if sent.data is not None:
        context["data"] = sent.data
    context["completeTime"] = round(perf_counter() - started, 4)
    return reply(context, done.files, in_body=in_body)


def reply(context: dict[str, Any], files: tuple[File, ...], *, in_body: bool) -> Response:
    """The picture, if there is one, and the context behind it or in the head."""
    text = orjson.dumps(context)
    if not files:
        return Response(text, media_type="application/json")
    image = files[0].data
    if in_body:
        fields = {"ImageLen": str(len(image))}
        return Response(image + text, headers=fields, media_type="application/octet-stream")
    encoded = pybase64.b64encode_as_string(text)
    if len(encoded) > MOST_HEADER_BYTES:
        encoded = pybase64.b64encode_as_string(orjson.dumps(_scalars(context)))
    # The document has the second name, both SDKs read the first.
    fields = {"ContextBase64utf": encoded, "ContextBase64utg": encoded}
    return Response(image, headers=fields, media_type=files[0].media_type)


async def ping(call: Call) -> Response:
    """Whether the project runs."""
    await running(call)
    return PlainTextResponse("OK")


async def stop(call: Call) -> Response:
    """Let the project answer no more, in any worker; what it has begun it ends."""
    parts = parts_of(call.request)
    project = parts.projects.of(call.request)
    if not project.is_stopped_by(arguments_of(call.request).get("key", "")):
        raise StopKeyWrong("The stop key is missing or wrong, or the project has none.")
    await parts.stopped.add(project.name)
    log.warning("project stopped", project=project.name)
    return PlainTextResponse("OK")


async def version(call: Call) -> Response:
    """Of the API that is spoken."""
    has_memory = call.request.state["settings"].pekat_shared_memory
    return PlainTextResponse(WITH_SHARED_MEMORY if has_memory else SPOKEN_VERSION)


def render(refusal: Refusal) -> Response:
    """A JSON object, which the SDK hands to its caller as the context; it looks at no status."""
    status = 400 if refusal.status == 422 else refusal.status
    body = Failure(error=refusal.message)
    return Response(body.model_dump_json(), status, media_type="application/json")


def endpoints() -> list[Endpoint]:
    """With the misspelt route of the older document, and each in its form with `&`."""
    analyses = {
        "/analyze_image": encoded,
        "/analyze_raw_image": raw,
        "/analyze_raw_Image": raw,
        "/analyze_image_shared_memory": shared,
    }
    by_key = by_query("api_key", arguments_of)
    commands = [
        *(
            Endpoint(
                path=path,
                methods=("POST", "PUT"),
                handle=analyze(read_picture),
                known_by=by_key,
                scope=SCOPE,
            )
            for path, read_picture in analyses.items()
        ),
        Endpoint(
            path="/last_image", methods=("GET",), handle=last_image, known_by=by_key, scope=SCOPE
        ),
        Endpoint(path="/ping", methods=("GET",), handle=ping, known_by=None),
        Endpoint(path="/version", methods=("GET",), handle=version, known_by=None),
        Endpoint(path="/stop", methods=("GET",), handle=stop, known_by=None),
    ]
    return [
        replace(one, path=root + one.path + ending)
        for root in ROOTS
        for ending in ("", "&{arguments:path}")
        for one in commands
    ]


def _scalars(context: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in context.items() if not isinstance(value, list | dict)}
    return kept | {"truncated": True}


DIALECT = Dialect(
    name=NAME,
    document="pekat",
    prefixes=("/analyze_", "/pekat/"),
    endpoints=endpoints,
    render=render,
    describe=describe,
    preload=(present.__name__,),
    # Undocumented: no scheme is registered for a key in the query, and 401 has to name one.
    scheme="ApiKey",
    parts=open_parts,
)
