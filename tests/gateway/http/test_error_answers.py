"""The header fields that say why, and when to come again."""

import pytest
from starlette.requests import Request

from auth.api_keys import ApiKeys, KeyCheck
from auth.errors import (
    AuthError,
    CredentialsAmbiguous,
    CredentialsMissing,
    IssuerUnreachable,
    ScopeInsufficient,
    TokenExpired,
)
from auth.guard import Guard
from auth.outside import OutsideKeys, OutsideTokens
from auth.threads import Threads
from gateway.errors import QueueFull, TooManyRequests
from gateway.http.error_answers import refuse
from gateway.store.database import open_database


@pytest.fixture
def request_of_ada(tmp_path_factory: pytest.TempPathFactory) -> Request:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('rows') / 'rows.db'}")
    tokens = OutsideTokens(OutsideKeys("https://issuer.example"), audiences=frozenset())
    guard = Guard("Production", tokens, KeyCheck(ApiKeys(database), Threads(1)))
    state = {"request_id": "1", "guard": guard}
    scope = {"type": "http", "path": "/v2/services/image/edges", "headers": [], "state": state}
    return Request({**scope, "method": "GET", "query_string": b"", "server": ("a", 80)})


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
    request_of_ada: Request, error: AuthError, status: int, told: str
) -> None:
    answer = refuse(request_of_ada, error)
    assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"].startswith(told)


def test_an_issuer_that_is_down_is_no_reason_to_authenticate_anew(request_of_ada: Request) -> None:
    answer = refuse(request_of_ada, IssuerUnreachable("x"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "WWW-Authenticate" not in answer.headers


def test_too_many_requests_are_told_when_to_come_again(request_of_ada: Request) -> None:
    answer = refuse(request_of_ada, TooManyRequests("x", retry_after_seconds=7))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_what_the_rate_leaves_is_told_whatever_the_refusal(request_of_ada: Request) -> None:
    request_of_ada.state.rate_fields = {"RateLimit": '"caller";r=1;t=60'}
    answer = refuse(request_of_ada, QueueFull("x"))
    assert answer.headers["RateLimit"] == '"caller";r=1;t=60'
