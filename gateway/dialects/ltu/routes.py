"""LTU's routes: one a service, made from the engines' declarations."""

from functools import partial

from engines.core.errors import BadParameter
from engines.core.registry import Engine, catalogue
from engines.core.run import Job, name_of
from gateway.dialects.callers import by_header
from gateway.dialects.dialect import Dialect, as_failure
from gateway.dialects.ltu import present, tasks
from gateway.dialects.ltu.describe import describe
from gateway.dialects.ltu.models import ALIASES, PREFIX, TASKS
from gateway.dialects.ltu.reading import ignored, translate
from gateway.dialects.ltu.receipts import STATED
from gateway.dialects.ltu.services.table import inputs_of
from gateway.dialects.ranges import METHODS
from gateway.flow import Call, Endpoint, Handle
from gateway.intake.accept import prefers
from gateway.intake.forms import read_form

ENVELOPE, PICTURE = name_of(present.envelope), name_of(present.picture)


def endpoints() -> list[Endpoint]:
    """One for every engine, by its name and by the names the samples call; and the tasks'."""
    return [
        *(
            _endpoint(name, engine)
            for engine in catalogue().values()
            for name in (engine.service, *ALIASES.get(engine.service, ()))
        ),
        _of_tasks("GET", TASKS, tasks.listing),
        _of_tasks("GET", f"{TASKS}/{{id}}", tasks.show),
        _of_tasks("DELETE", f"{TASKS}/{{id}}", tasks.forget),
        *(_of_tasks(method, f"{TASKS}/{{id}}/result", tasks.result) for method in METHODS),
        _of_tasks("GET", f"{TASKS}/{{id}}/events", tasks.events),
    ]


def _endpoint(name: str, engine: Engine) -> Endpoint:
    return Endpoint(
        path=PREFIX + name,
        methods=("GET", "POST"),
        handle=tasks.Deferrable(partial(_read, engine=engine)),
        known_by=by_header,
        scope=engine.service,
    )


def _of_tasks(method: str, path: str, handle: Handle) -> Endpoint:
    return Endpoint(path=path, methods=(method,), handle=handle, known_by=by_header)


async def _read(call: Call, engine: Engine) -> Job:
    """Parameters and pictures from the query and a form."""
    intake = call.request.state["intake"]
    form = await read_form(call.request, max_bytes=intake.body_limit(len(engine.inputs)))
    if fields := ignored(form, engine):
        call.fields["Pixelgate-Ignored"] = fields
    form, params, wants_receipt = translate(form, engine)
    inputs = inputs_of(engine)
    pictures = await intake.read(form, inputs, call.owner)
    accept = call.request.headers.get("accept", "")
    wants_picture = any(prefers(accept, one, "application/json") for one in engine.pictures)
    if wants_picture and wants_receipt:
        raise BadParameter(
            "A receipt is asked for and, by Accept, a picture; expected application/json, which has"
            " both in it."
        )
    presenter = STATED if wants_receipt else PICTURE if engine.draw and wants_picture else ENVELOPE
    names = tuple(one.name for one in inputs)
    decoders = engine.whole_decoders if presenter == PICTURE else ()
    return Job(engine.name, pictures, params, presenter, decoders, names)


DIALECT = Dialect(
    name="ltu",
    document="core",
    prefixes=(PREFIX, TASKS),
    endpoints=endpoints,
    render=as_failure,
    describe=describe,
    works=tasks.works,
    preload=("gateway.dialects.ltu.present",),
)
