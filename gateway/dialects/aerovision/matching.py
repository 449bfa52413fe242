"""What is sent for a match: two files and how to match them, queued as a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from starlette.responses import Response

from engines.core.shapes import File
from gateway.dialects.aerovision.faults import (
    Fault,
    Place,
    RequestInvalid,
    collecting,
    missing,
    refuse,
    validated,
)
from gateway.dialects.aerovision.json_input import read_text
from gateway.dialects.aerovision.models import Steps, SurfaceParams, ToolParams
from gateway.dialects.aerovision.performing import CHAIN, PREFIX, SENT
from gateway.dialects.aerovision.tasks import created
from gateway.dialects.aerovision.tools import CHAIN_FIELDS, TOOLS, Tool
from gateway.dialects.aerovision.uploads import read_uploads, refuse_without_normals
from gateway.flow import Call
from gateway.intake.forms import Form, read_form
from gateway.tasks.task import Asked


@dataclass(frozen=True, slots=True)
class Match:
    """Queues a match by one tool."""

    tool: Tool

    async def __call__(self, call: Call) -> Response:
        form, faults = await _form(call), list[Fault]()
        with collecting(faults):
            files = _uploads(call, form, self.tool.fields, self.tool.accepts)
        with collecting(faults):
            params = await effective(call, self.tool, _texts(form), ("body",))
        refuse(faults)
        if _needs_normals(params):
            refuse_without_normals(files, self.tool.fields)
        return await _queue(call, self.tool.name, params.model_dump(), files, self.tool.status)


async def chain(call: Call) -> Response:
    """Queue a match by one tool after another, until one finds something."""
    form, faults, steps = await _form(call), list[Fault](), list[_Step]()
    with collecting(faults):
        steps = await _steps(call, form)
    tools = [one.tool for one in steps] or [*TOOLS.values()]
    accepts = dict.fromkeys(kind for tool in tools for kind in tool.accepts)
    with collecting(faults):
        files = _uploads(call, form, CHAIN_FIELDS, [*accepts])
    refuse(faults)
    if any(_needs_normals(one.params) for one in steps):
        refuse_without_normals(files, CHAIN_FIELDS)
    params = {
        "steps": [{"tool": one.tool.name, "params": one.params.model_dump()} for one in steps],
        SENT: [one.params.of(one.sent) for one in steps],
    }
    return await _queue(call, CHAIN, params, files, 200)


async def effective(call: Call, tool: Tool, sent: Mapping[str, Any], place: Place) -> ToolParams:
    """All parameters of a tool: what was sent, and else the caller's settings.

    Raises:
        RequestInvalid: a value is of another kind, or out of its range.
    """
    current = await call.request.state["tool_settings"].get(call.owner, tool.name)
    return validated(tool.params, {**current, **sent}, place)


class _Step(NamedTuple):
    """A step of a chain; `sent` names the parameters that came with it."""

    tool: Tool
    params: ToolParams
    sent: list[str]


async def _form(call: Call) -> Form:
    intake = call.request.state["intake"]
    return await read_form(call.request, max_bytes=intake.body_limit(2))


def _texts(form: Form) -> dict[str, str]:
    """The form's texts; FastAPI takes an empty one for none."""
    return {name: text for name, text in form.parameters().items() if text}


def _uploads(call: Call, form: Form, fields: Sequence[str], accepts: Sequence[str]) -> list[File]:
    max_bytes = call.request.state["settings"].max_upload_bytes
    return read_uploads(form, fields, accepts, max_bytes=max_bytes)


def _needs_normals(params: ToolParams) -> bool:
    return isinstance(params, SurfaceParams) and not params.compute_normals


async def _queue(
    call: Call, name: str, params: dict[str, Any], files: Sequence[File], status: int
) -> Response:
    asked = Asked(call.owner, PREFIX + name, params)
    return created(await call.request.state["tasks"].add(asked, files), status)


async def _steps(call: Call, form: Form) -> list[_Step]:
    text, place = _texts(form).get("steps"), ("body", "steps")
    if text is None:
        raise RequestInvalid.of([missing(place)])
    asked = validated(Steps, {"steps": read_text(text, place)}, ("body",)).steps
    steps, faults = list[_Step](), list[Fault]()
    for number, step in enumerate(asked):
        tool = TOOLS[step.tool]
        with collecting(faults):
            params = await effective(call, tool, step.params, (*place, number, "params"))
            steps.append(_Step(tool, params, [*step.params]))
    refuse(faults)
    return steps
