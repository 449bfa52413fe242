"""Errors on their way into an answer: the header fields that say why, and when to come again."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from auth.api_keys import ApiKeys, KeyCheck
from auth.errors import (
    ApiKeyInvalid,
    AuthError,
    CredentialsAmbiguous,
    CredentialsMissing,
    IssuerRefused,
    IssuerUnreachable,
    ScopeInsufficient,
    TokenExpired,
)
from auth.guard import Guard
from auth.outside import REFETCH_SECONDS, OutsideKeys, OutsideTokens
from auth.threads import Threads
from gateway.app import create_app
from gateway.dialects.ltu.routes import DIALECT
from gateway.errors import TooManyRequests, WrongMethod
from gateway.flow import State
from gateway.settings import Settings
from gateway.store.database import Database, open_database


class OddFault(Exception):
    """One of a library, whose names happen to be ours; pydantic's `errors` is a method."""

    message = property(str)

    def errors(self) -> list[str]:
        return [str(self)]


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('rows') / 'rows.db'}")
    tokens = OutsideTokens(OutsideKeys("https://issuer.example"), audiences=frozenset())
    guard = Guard("Production", tokens, KeyCheck(ApiKeys(database), Threads(1)))
    return cast(State, dict[str, Any](request_id="1", guard=guard))


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (CredentialsMissing("x"), 401, 'Bearer realm="Production"'),
        (TokenExpired("x"), 401, 'Bearer realm="Production", error="invalid_token"'),
        (CredentialsAmbiguous("x"), 400, 'Bearer realm="Production", error="invalid_request"'),
        (ScopeInsufficient("x"), 403, 'Bearer realm="Production", error="insufficient_scope"'),
    ],
)
def test_a_caller_is_told_how_to_authenticate(
    state: State, error: AuthError, status: int, told: str
) -> None:
    answer = DIALECT.refuse(error, state)
    assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"].startswith(told)


@pytest.mark.parametrize("error", [CredentialsMissing("x"), ApiKeyInvalid("x")])
def test_a_dialect_of_another_scheme_asks_for_no_bearer_token(
    state: State, error: AuthError
) -> None:
    answer = replace(DIALECT, scheme="ApiKey").refuse(error, state)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'ApiKey realm="Production"',
    )


@pytest.mark.parametrize("error", [IssuerUnreachable("x"), IssuerRefused("x")])
def test_an_issuer_that_fails_is_asked_again_and_no_reason_to_authenticate_anew(
    state: State, error: AuthError
) -> None:
    answer = DIALECT.refuse(error, state)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, f"{REFETCH_SECONDS:g}")
    assert "WWW-Authenticate" not in answer.headers


def test_a_fault_is_not_explained_whatever_it_carries(state: State) -> None:
    answer = DIALECT.refuse(OddFault("the password was correct horse"), state)
    assert answer.status_code == 500
    assert b"finds it in the log" in bytes(answer.body)
    assert b"horse" not in bytes(answer.body)


def test_too_many_requests_are_told_when_to_come_again(state: State) -> None:
    answer = DIALECT.refuse(TooManyRequests("x", retry_after_seconds=7), state)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_wrong_method_is_told_the_right_ones(state: State) -> None:
    answer = DIALECT.refuse(WrongMethod.instead_of(["POST", "GET"]), state)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_dialect_that_is_set_wrong_keeps_the_service_from_starting(tmp_path: Path) -> None:
    def refuse(settings: Settings, database: Database) -> None:
        raise ValueError(f"{settings.realm} will not do")

    with pytest.raises(ValueError, match="Production will not do"):
        create_app(Settings(data=tmp_path), [replace(DIALECT, parts=refuse)])
