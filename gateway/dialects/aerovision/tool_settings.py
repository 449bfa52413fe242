"""A caller's settings of a tool: what counts where a request does not say it."""

from dataclasses import dataclass

from starlette.responses import Response

from gateway.dialects.aerovision.json_input import read_object
from gateway.dialects.aerovision.matching import effective
from gateway.dialects.aerovision.models import CurrentSettings, ToolParams
from gateway.dialects.aerovision.tools import Tool
from gateway.flow import Call


@dataclass(frozen=True, slots=True)
class ShowSettings:
    """Tells the settings."""

    tool: Tool

    async def __call__(self, call: Call) -> Response:
        return _told(self.tool, await effective(call, self.tool, {}, ()))


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Changes those that are sent, and leaves the others as they are."""

    tool: Tool

    async def __call__(self, call: Call) -> Response:
        sent = await read_object(call)
        params = await effective(call, self.tool, sent, ("body",))
        changed = params.of(sent)
        await call.request.state["tool_settings"].put(call.owner, self.tool.name, changed)
        return _told(self.tool, params)


def _told(tool: Tool, params: ToolParams) -> Response:
    body = CurrentSettings(tool=tool.name, params=params.model_dump())
    return Response(body.model_dump_json(), media_type="application/json")
