"""The admin API's share of openapi.yaml."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from auth.scopes import ADMIN
from gateway.dialects import describe_errors
from gateway.dialects.admin import models
from gateway.dialects.admin.examples import EXAMPLES, SENT
from gateway.dialects.failure import Failure
from gateway.dialects.paging import Page
from gateway.openapi import schemas
from gateway.openapi.description import Description
from gateway.openapi.schemas import Schema, content

_TAG = "Admin"
_OF_EVERY = (400, 401, 403, 422, 429, 500, 503)
_OF_A_BODY = (413, 415)
_NAMED = {
    "name": "The account's or client's.",
    "prefix": "The key's beginning.",
    "digest": "The job's.",
}


@dataclass(frozen=True, slots=True)
class _Operation:
    """What is told of one; `refuses` are statuses that not every operation has."""

    name: str
    summary: str
    answer: type[BaseModel] | None = None
    sent: type[BaseModel] | None = None
    more: str = ""
    refuses: tuple[int, ...] = ()
    is_paged: bool = False


_PATHS: dict[str, dict[str, _Operation]] = {
    "caller": {
        "get": _Operation(
            "getCaller", "Who asks", models.CallerAnswer, more="Whoever is known may ask this."
        )
    },
    "metrics": {
        "get": _Operation(
            "getMetrics",
            "How it goes",
            models.MetricsAnswer,
            more="The numbers that Prometheus reads at `/metrics`, over all gateway processes.",
        )
    },
    "models": {"get": _Operation("listModels", "The learned models", models.ModelList)},
    "settings": {
        "get": _Operation(
            "listSettings",
            "What is set, and where",
            models.SettingList,
            more="As `pixelgate settings` prints it; passwords are stars.",
        )
    },
    "quarantine": {
        "get": _Operation(
            "listQuarantine",
            "What is refused for now",
            models.Quarantine,
            more="Jobs that killed their engine process twice; the same is answered 422 meanwhile.",
        )
    },
    "quarantine/{digest}": {
        "delete": _Operation("releaseJob", "Have a refused job tried again", refuses=(404,))
    },
    "accounts": {
        "get": _Operation("listAccounts", "Accounts", models.AccountList, is_paged=True),
        "post": _Operation(
            "addAccount", "Add an account", models.AccountAnswer, models.NewAccount, refuses=(409,)
        ),
    },
    "accounts/{name}": {
        "delete": _Operation(
            "removeAccount",
            "Remove an account",
            more="Its sessions and API keys end with it.",
            refuses=(404,),
        )
    },
    "accounts/{name}/scopes": {
        "put": _Operation(
            "limitAccount",
            "Say anew what an account may use",
            sent=models.Limit,
            more="Its tokens and keys follow within two seconds.",
            refuses=(404,),
        )
    },
    "accounts/{name}/password": {
        "put": _Operation(
            "setPassword",
            "Give an account another password",
            sent=models.NewPassword,
            more="Its sessions end.",
            refuses=(404,),
        )
    },
    "clients": {
        "get": _Operation("listClients", "Clients", models.ClientList, is_paged=True),
        "post": _Operation(
            "addClient",
            "Add a client",
            models.MadeClient,
            models.NewClient,
            more="The answer alone has the secret of a confidential one.",
            refuses=(409,),
        ),
    },
    "clients/{name}": {
        "delete": _Operation(
            "removeClient", "Remove a client", more="Its sessions end with it.", refuses=(404,)
        )
    },
    "apikeys": {
        "get": _Operation("listApiKeys", "API keys", models.ApiKeyList, is_paged=True),
        "post": _Operation(
            "addApiKey",
            "Make an API key",
            models.MadeApiKey,
            models.NewApiKey,
            more="The answer alone has the whole key.",
            refuses=(404,),
        ),
    },
    "apikeys/{prefix}": {
        "delete": _Operation("revokeApiKey", "Revoke an API key for ever", refuses=(404,))
    },
}


@cache
def describe() -> Description:
    """Tags, paths and schemas of the admin API."""
    known: dict[str, Schema] = {}
    schemas.collect(known, Failure, "Failure")
    paths = {
        models.PREFIX + path: {
            method: _operation(known, path, method, told) for method, told in item.items()
        }
        for path, item in _PATHS.items()
    }
    tag = {"name": _TAG, "description": "For those who run the service."}
    scopes = {ADMIN: "The admin API; only who is named an admin has it"}
    return Description([tag], paths, known, describe_errors.responses(), scopes=scopes)


def _operation(known: dict[str, Schema], path: str, method: str, told: _Operation) -> Schema:
    name = path.partition("{")[2].partition("}")[0]
    asked = [schemas.parameter("path", name, _NAMED[name], is_required=True)] if name else []
    asked += schemas.query(Page) if told.is_paged else []
    statuses = sorted({*_OF_EVERY, *told.refuses, *(_OF_A_BODY if told.sent else ())})
    return {
        "operationId": told.name,
        "tags": [_TAG],
        "summary": told.summary,
        "description": told.more or f"{told.summary}.",
        "security": schemas.by_header(*([] if path == "caller" else [ADMIN])),
        **({"parameters": asked} if asked else {}),
        **({"requestBody": _body(known, told.sent)} if told.sent else {}),
        "responses": _done(known, method, told.answer) | describe_errors.of_statuses(*statuses),
    }


def _body(known: dict[str, Schema], sent: type[BaseModel]) -> Schema:
    schema = schemas.collect(known, sent, sent.__name__, mode="validation")
    return {"required": True, "content": content(schema, SENT[sent.__name__])}


def _done(known: dict[str, Schema], method: str, answer: type[BaseModel] | None) -> Schema:
    if answer is None:
        return {"204": {"description": "Done."}}
    schema, example = schemas.collect(known, answer, answer.__name__), _example(answer)
    told = {"description": f"{answer.__doc__}", "content": content(schema, example)}
    return {"201" if method == "post" else "200": told}


def _example(answer: type[BaseModel]) -> Any:
    return EXAMPLES[answer].model_dump(mode="json", exclude_none=True)
