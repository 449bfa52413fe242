"""LTU's routes: one a service, made from the engines' declarations."""

from functools import partial
from typing import TypeVar

from starlette.responses import Response

from engines.core.registry import Engine, catalogue
from engines.core.run import Job, name_of
from gateway.dialects.callers import by_header
from gateway.dialects.dialect import Dialect, Refusal
from gateway.dialects.ltu import present
from gateway.dialects.ltu.describe import describe
from gateway.dialects.ltu.models import ALIASES, PREFIX, Failure
from gateway.flow import Call, Endpoint, Service
from gateway.intake.accept import prefers
from gateway.intake.forms import Form, read_form
from gateway.version import VERSION

T = TypeVar("T")

ENVELOPE, PICTURE = name_of(present.envelope), name_of(present.picture)


def endpoints() -> list[Endpoint]:
    """One for every engine, by its name and by the names the samples call."""
    return [
        _endpoint(name, engine)
        for engine in catalogue().values()
        for name in (engine.service, *ALIASES.get(engine.service, ()))
    ]


def render(refusal: Refusal) -> Response:
    """An error in the native form, which unknown paths get too."""
    body = Failure(
        code=refusal.status,
        error=refusal.word,
        message=refusal.message,
        errors=list(refusal.errors),
        version=VERSION,
        request_id=refusal.request_id,
    )
    return Response(body.model_dump_json(), refusal.status, media_type="application/json")


def _endpoint(name: str, engine: Engine) -> Endpoint:
    return Endpoint(
        path=PREFIX + name,
        methods=("GET", "POST"),
        handle=Service(partial(_read, engine=engine)),
        known_by=by_header,
        scope=engine.service,
    )


async def _read(call: Call, engine: Engine) -> Job:
    """Parameters and pictures from the query and a form."""
    intake = call.request.state["intake"]
    form = await read_form(call.request, max_bytes=intake.body_limit(len(engine.inputs)))
    if len(engine.inputs) > 1:
        form = _two_images(form, engine)
    params = engine.params.from_text(form.parameters())
    pictures = await intake.read(form, engine.inputs, call.owner)
    accept = call.request.headers.get("accept", "")
    wants_picture = prefers(accept, "image/png", "application/json")
    presenter = PICTURE if engine.draw and wants_picture else ENVELOPE
    return Job(engine.name, pictures, params, presenter)


def _two_images(form: Form, engine: Engine) -> Form:
    """The document's curl sends both pictures as `image`: the first is the first input."""
    names = [one.name for one in engine.inputs[:2]]
    _share(form.texts, names)
    _share(form.files, names)
    return form


def _share(fields: dict[str, list[T]], names: list[str]) -> None:
    values = fields.get("image", [])
    if len(values) == len(names):
        for name, value in zip(names, values, strict=True):
            fields.setdefault(name, [value])


DIALECT = Dialect(
    name="ltu",
    document="core",
    prefixes=(PREFIX,),
    endpoints=endpoints,
    render=render,
    describe=describe,
    preload=("gateway.dialects.ltu.present",),
)
