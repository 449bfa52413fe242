"""How callers prove who they are, for endpoints to choose from."""

from collections.abc import Callable

from starlette.datastructures import QueryParams
from starlette.requests import Request

from auth.errors import CredentialsAmbiguous, CredentialsMissing
from auth.verifier import Caller
from gateway.flow import KnownBy, State


async def by_header(request: Request[State], scope: str) -> Caller:
    """By a bearer token, or an API key in `X-API-Key`."""
    return await request.state["guard"].authenticate(request.headers, scope=scope)


def by_query(
    name: str, query_of: Callable[[Request[State]], QueryParams] = lambda one: one.query_params
) -> KnownBy:
    """By an API key as a parameter of the query, which may stand elsewhere than behind a `?`."""

    async def by_key(request: Request[State], scope: str) -> Caller:
        keys = query_of(request).getlist(name)
        if len(keys) > 1:
            raise CredentialsAmbiguous(f"{name} was sent {len(keys)} times.")
        if not keys:
            raise CredentialsMissing(f"The query has no {name}.")
        return await request.state["guard"].authenticate_key(keys[0], scope=scope)

    return by_key
