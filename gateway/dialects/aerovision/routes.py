"""AeroVision's routes: matches, their tasks and files, and settings."""

from gateway.dialects.aerovision import present, tasks, webhooks
from gateway.dialects.aerovision.describe import PREFIX, SCOPE, describe
from gateway.dialects.aerovision.files import FILES
from gateway.dialects.aerovision.matching import Match, chain
from gateway.dialects.aerovision.performing import CHAIN, perform, perform_chain
from gateway.dialects.aerovision.performing import PREFIX as WORK
from gateway.dialects.aerovision.tool_settings import ChangeSettings, ShowSettings
from gateway.dialects.aerovision.tools import TOOLS
from gateway.dialects.aerovision.wording import render, worded
from gateway.dialects.callers import by_header
from gateway.dialects.dialect import Dialect
from gateway.dialects.ranges import METHODS
from gateway.flow import Endpoint, Handle
from gateway.tasks.work import Work

WEBHOOKS = f"{PREFIX}/webhooks"


def endpoints() -> list[Endpoint]:
    """All but those that FastAPI brings of its own."""
    return [
        *(_endpoint("POST", f"{PREFIX}/match/{one.name}", Match(one)) for one in TOOLS.values()),
        _endpoint("POST", f"{PREFIX}/match/chain", chain),
        _endpoint("GET", f"{PREFIX}/tasks", tasks.listing),
        _endpoint("GET", f"{PREFIX}/tasks/{{uid}}", tasks.show),
        _endpoint("DELETE", f"{PREFIX}/tasks/{{uid}}", tasks.forget),
        *(
            _endpoint(method, f"{PREFIX}/settings/{one.name}", handle)
            for one in TOOLS.values()
            for method, handle in (("GET", ShowSettings(one)), ("PUT", ChangeSettings(one)))
        ),
        _endpoint("POST", WEBHOOKS, webhooks.register),
        _endpoint("GET", WEBHOOKS, webhooks.listing),
        _endpoint("DELETE", f"{WEBHOOKS}/{{webhook_id}}", webhooks.forget),
        _endpoint("GET", f"{WEBHOOKS}/{{webhook_id}}/deliveries", webhooks.deliveries),
        _endpoint(
            "POST", f"{WEBHOOKS}/{{webhook_id}}/deliveries/{{delivery_id}}", webhooks.send_again
        ),
        *(
            _endpoint(method, f"{before}/{kind}/{{uid}}/{{name}}", handle)
            for before in ("", f"{PREFIX}/files")
            for kind, handle in FILES.items()
            for method in METHODS
        ),
    ]


def works() -> list[Work]:
    """One for each tool, and the chain; webhooks are told of the end of each."""
    kinds = {**dict.fromkeys(TOOLS, perform), CHAIN: perform_chain}
    return [Work(WORK + name, do, webhooks.announce) for name, do in kinds.items()]


def _endpoint(method: str, path: str, handle: Handle) -> Endpoint:
    return Endpoint(
        path=path, methods=(method,), handle=worded(handle), known_by=by_header, scope=SCOPE
    )


DIALECT = Dialect(
    name=webhooks.DIALECT_NAME,
    document="aerovision",
    prefixes=(f"{PREFIX}/", *(f"/{kind}/" for kind in FILES)),
    endpoints=endpoints,
    render=render,
    describe=describe,
    preload=(present.__name__,),
    works=works,
)
