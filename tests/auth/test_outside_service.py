"""A started service that trusts an outside issuer; another one of ours plays it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from tests.auth.workers import CONTOURS, EDGES, TOKEN, ask, ask_by_key, log_in, open_client
from tests.serving import Served, serving, settings_environment


@pytest.fixture(scope="module")
def trusting(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("trusting")
    with serving(folder, issuer=f"{served.url}/realms/Production") as started:
        yield started


def test_a_token_of_the_outside_issuer_opens_a_service(
    served: Served, trusting: Served, photograph: Path
) -> None:
    headers = {"Authorization": f"Bearer {served.token()}"}
    with open_client(trusting) as client, photograph.open("rb") as picture:
        answer = client.post(EDGES, headers=headers, files={"image": picture})
    assert answer.status_code == 200


def test_another_kind_of_its_tokens_opens_nothing(served: Served, trusting: Served) -> None:
    with open_client(served) as issuer, open_client(trusting) as client:
        tokens = log_in(issuer, served.user, served.password)
        for kind in ("id_token", "refresh_token"):
            refusal = ask(client, tokens[kind])
            assert refusal.status_code == 401
            assert 'error="invalid_token"' in refusal.headers["WWW-Authenticate"]


def test_a_scope_that_it_granted_limits_the_caller(served: Served, trusting: Served) -> None:
    with open_client(served) as issuer, open_client(trusting) as client:
        tokens = log_in(issuer, served.user, served.password, scope="openid edges")
        assert ask(client, tokens["access_token"]).status_code == 400
        assert ask(client, tokens["access_token"], CONTOURS).status_code == 403


def test_a_token_for_another_audience_is_refused(served: Served, trusting: Served) -> None:
    environment = settings_environment({"data": served.log.parent})
    CliRunner(env=environment).invoke(main, ["clients", "add", "other-program"])
    with open_client(served) as issuer, open_client(trusting) as client:
        tokens = log_in(issuer, served.user, served.password, client_id="other-program")
        assert ask(client, tokens["access_token"]).status_code == 401


def test_the_embedded_issuer_is_off(served: Served, trusting: Served) -> None:
    with open_client(trusting) as client:
        for path in (TOKEN, "/realms/Production", f"/auth{TOKEN}"):
            assert client.get(path).status_code == 404
        assert client.post(TOKEN, data={"grant_type": "password"}).status_code == 404


def test_swagger_asks_the_outside_issuer_for_tokens(served: Served, trusting: Served) -> None:
    document = trusting.get("/openapi/core.json").json()
    flow = document["components"]["securitySchemes"]["password"]["flows"]["password"]
    assert flow["tokenUrl"] == f"{served.url}/realms/Production/protocol/openid-connect/token"
    policy = trusting.get("/swagger").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {served.url};" in policy


def test_api_keys_stay_its_own(served: Served, trusting: Served) -> None:
    keys = []
    for one in (served, trusting):
        environment = settings_environment({"data": one.log.parent})
        made = CliRunner(env=environment).invoke(main, ["apikeys", "add", "--owner", one.user])
        keys.append(made.stdout.strip())
    with open_client(trusting) as client:
        assert [ask_by_key(client, key).status_code for key in keys] == [401, 400]


@pytest.mark.parametrize("address", ["http://issuer.example", "ftp://issuer.example", "issuer"])
def test_an_unsafe_address_is_refused_before_the_start(address: str) -> None:
    environment = settings_environment({"issuer": address})
    refused = CliRunner(env=environment).invoke(main, ["serve"])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("PIXELGATE_ISSUER is ")


def test_the_demo_account_needs_the_embedded_issuer() -> None:
    environment = settings_environment({"issuer": "https://issuer.example"})
    refused = CliRunner(env=environment).invoke(main, ["serve", "--demo"])
    assert refused.exit_code == 1
    assert "embedded issuer" in refused.output
