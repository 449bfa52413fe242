"""The contract of a dialect: its endpoints, how it says no, how it describes itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from auth.errors import AccountRefused, AuthError
from auth.guard import BEARER_SCHEME
from gateway.dialects.failure import Failure
from gateway.errors import GatewayError, Problem, StateUnreachable, WrongMethod, status_of
from gateway.flow import Call, Endpoint, State, answer
from gateway.openapi.description import Description
from gateway.settings import Settings
from gateway.store.database import OUTAGES, Database
from gateway.tasks.work import Work
from gateway.version import VERSION

log = structlog.get_logger()

_UNFORESEEN = GatewayError("Something went wrong on this side; the request id finds it in the log.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as every dialect can render it."""

    status: int
    word: str
    message: str
    errors: tuple[str, ...]
    request_id: str


def as_failure(refusal: Refusal) -> Response:
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


@dataclass(frozen=True, slots=True)
class Dialect:
    """One emulated API.

    Args:
        name: as the setting `open_dialects` has it, which names none that makes accounts.
        document: the name of its part of openapi.yaml.
        prefixes: of paths that are its own even where no endpoint has them.
        endpoints: all of them; where several fit a path, the first answers.
        render: an error in its form, found by an endpoint or before one was reached.
        describe: its share of openapi.yaml.
        preload: modules that engine processes import before the first job: its presenters.
        works: the kinds of tasks that it queues.
        scheme: how its callers prove who they are, as WWW-Authenticate names it.
        parts: makes what its endpoints find in their request's `State` under its name, once in
            each gateway process, before the service starts; raises what is wrong with its settings.
    """

    name: str
    document: str
    prefixes: tuple[str, ...]
    endpoints: Callable[[], Sequence[Endpoint]]
    render: Callable[[Refusal], Response]
    describe: Callable[[], Description]
    preload: tuple[str, ...]
    works: Callable[[], Sequence[Work]] = tuple
    scheme: str = BEARER_SCHEME
    parts: Callable[[Settings, Database], object] = lambda settings, database: None

    def routes(self) -> list[Route]:
        """A route for each path; what it leads to knows this dialect."""
        by_path: dict[str, list[Endpoint]] = {}
        for endpoint in self.endpoints():
            by_path.setdefault(endpoint.path, []).append(endpoint)
        return [Route(path, Resource(self, some)) for path, some in by_path.items()]

    def refuse(self, error: Exception, state: State) -> Response:
        """The answer to an error; one that was not foreseen is logged and not explained."""
        if isinstance(error, OUTAGES):
            log.error("the database does not answer", reason=type(error).__name__)
            error = StateUnreachable.just_now()
        state["refused"] = type(error)
        status, word = status_of(error)
        problem: Problem = _UNFORESEEN
        if status != 500 and isinstance(error, Problem):
            problem = error
        else:
            log.error("fault", request_id=state["request_id"], exc_info=error)
        response = self.render(
            Refusal(status, word, problem.message, problem.errors, state["request_id"])
        )
        if problem.retry_after_seconds:
            response.headers["Retry-After"] = str(problem.retry_after_seconds)
        if isinstance(error, WrongMethod):
            response.headers["Allow"] = error.allow
        if isinstance(error, AuthError) and status < 500 and not isinstance(error, AccountRefused):
            response.headers["WWW-Authenticate"] = state["guard"].challenge(
                error, scheme=self.scheme
            )
        return response


class Resource:
    """A path of a dialect as an ASGI application; what it raises is answered in that form."""

    def __init__(self, dialect: Dialect, endpoints: Iterable[Endpoint]) -> None:
        self.dialect = dialect
        self._by_method: dict[str, Endpoint] = {}
        for endpoint in endpoints:
            for method in endpoint.methods:
                self._by_method.setdefault(method, endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state: State = scope["state"]
        with state["budget"].share() as share:
            request = Request[State](scope, share.counting(receive))
            is_open = self.dialect.name in state["settings"].open_dialects
            call = Call(request, share, is_open)
            try:
                response = await answer(call, self._endpoint(request.method))
            except Exception as error:
                response = self.dialect.refuse(error, state)
            response.headers.update(call.fields)
            await response(scope, receive, send)

    def _endpoint(self, method: str) -> Endpoint:
        if method not in self._by_method:
            raise WrongMethod.instead_of(self._by_method)
        return self._by_method[method]
