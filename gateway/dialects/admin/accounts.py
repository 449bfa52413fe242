"""Who may ask: accounts, clients and API keys, by the functions that the commands call."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from auth.api_keys import DAY_SECONDS, ApiKey, prefix_of
from auth.clients import Client
from auth.scopes import expect_known
from auth.users import User
from gateway.dialects.admin.asking import audit, change, moment, parts_of, read, told
from gateway.dialects.admin.models import (
    AccountAnswer,
    AccountList,
    ApiKeyAnswer,
    ApiKeyList,
    ClientAnswer,
    ClientList,
    Limit,
    MadeApiKey,
    MadeClient,
    NewAccount,
    NewApiKey,
    NewClient,
    NewPassword,
)
from gateway.dialects.paging import Page
from gateway.flow import Call

T = TypeVar("T")


async def list_accounts(call: Call) -> Response:
    total, users = await _page(call, parts_of(call).users.page)
    known = sorted(call.request.state["scopes"])
    accounts = [_account(one) for one in users]
    return told(AccountList(total=total, accounts=accounts, known_scopes=known))


async def add_account(call: Call) -> Response:
    new = await read(call, NewAccount)
    add = partial(
        parts_of(call).users.add,
        new.name,
        new.password.get_secret_value(),
        email=new.email,
        given_name=new.given_name,
        family_name=new.family_name,
        scopes=_known(call, new.scopes),
    )
    user = await change(call, add, "account added", account=new.name, scopes=new.scopes)
    return told(_account(user), 201)


async def remove_account(call: Call) -> Response:
    name = call.request.path_params["name"]
    remove = partial(parts_of(call).users.remove, name)
    await change(call, remove, "account removed", account=name)
    return Response(status_code=204)


async def limit_account(call: Call) -> Response:
    name, asked = call.request.path_params["name"], await read(call, Limit)
    limit = partial(parts_of(call).users.set_scopes, name, _known(call, asked.scopes))
    await change(call, limit, "account limited", account=name, scopes=asked.scopes)
    return Response(status_code=204)


async def set_password(call: Call) -> Response:
    name, asked = call.request.path_params["name"], await read(call, NewPassword)
    password = asked.password.get_secret_value()
    set_password = partial(parts_of(call).users.set_password, name, password)
    await change(call, set_password, "account password set", account=name)
    return Response(status_code=204)


async def list_clients(call: Call) -> Response:
    total, clients = await _page(call, parts_of(call).clients.page)
    return told(ClientList(total=total, clients=[_client(one) for one in clients]))


async def add_client(call: Call) -> Response:
    new = await read(call, NewClient)
    add = partial(
        parts_of(call).clients.add,
        new.name,
        is_confidential=new.is_confidential,
        has_direct_grants=new.has_password_grant,
    )
    secret = await change(call, add, "client added", client_name=new.name)
    return told(MadeClient(name=new.name, secret=secret), 201)


async def remove_client(call: Call) -> Response:
    name = call.request.path_params["name"]
    remove = partial(parts_of(call).clients.remove, name)
    await change(call, remove, "client removed", client_name=name)
    return Response(status_code=204)


async def list_keys(call: Call) -> Response:
    total, keys = await _page(call, parts_of(call).keys.page)
    return told(ApiKeyList(total=total, keys=[_key(one) for one in keys]))


async def add_key(call: Call) -> Response:
    parts, new = parts_of(call), await read(call, NewApiKey)
    scopes = _known(call, new.scopes)
    lifetime_seconds = new.days and new.days * DAY_SECONDS

    def add() -> str:
        key = parts.keys.add(
            new.owner, label=new.label, scopes=scopes, lifetime_seconds=lifetime_seconds
        )
        audit(call, "API key added", key=prefix_of(key), owner=new.owner, scopes=new.scopes)
        return key

    return told(MadeApiKey(key=await parts.threads.run(add)), 201)


async def revoke_key(call: Call) -> Response:
    prefix = call.request.path_params["prefix"]
    revoke = partial(parts_of(call).keys.revoke, prefix)
    await change(call, revoke, "API key revoked", key=prefix)
    return Response(status_code=204)


async def _page(call: Call, read: Callable[[int, int], T]) -> T:
    page = Page.from_text(call.request.query_params)
    return await parts_of(call).threads.run(read, page.offset, page.limit)


def _known(call: Call, names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else expect_known(names, call.request.state["scopes"])


def _listed(scopes: Iterable[str] | None) -> list[str] | None:
    return None if scopes is None else sorted(scopes)


def _account(user: User) -> AccountAnswer:
    return AccountAnswer(
        name=user.name,
        email=user.email,
        given_name=user.given_name,
        family_name=user.family_name,
        is_enabled=user.is_enabled,
        scopes=_listed(user.scopes),
        created_at=moment(user.created_at),
    )


def _client(client: Client) -> ClientAnswer:
    return ClientAnswer(
        name=client.id,
        is_confidential=client.is_confidential,
        has_password_grant=client.has_direct_grants,
        is_enabled=client.is_enabled,
        created_at=moment(client.created_at),
    )


def _key(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(
        prefix=key.prefix,
        owner=key.owner,
        label=key.label,
        scopes=_listed(key.scopes),
        created_at=moment(key.created_at),
        expires_at=key.expires_at and moment(key.expires_at),
        used_at=key.used_at and moment(key.used_at),
        revoked_at=key.revoked_at and moment(key.revoked_at),
    )
