"""Clients as the command line manages them."""

import pytest
from sqlalchemy import Engine, select

from auth.clients import ClientCredentials, Clients
from auth.errors import AccountRefused, ClientSecretWrong, ClientUnknown
from auth.tables import clients


@pytest.fixture
def programs(engine: Engine) -> Clients:
    return Clients(engine)


def test_ltu_api_is_there_from_the_start(programs: Clients) -> None:
    (client,) = programs.all()
    assert (client.id, client.is_confidential, client.has_direct_grants) == ("ltu-api", False, True)


def test_the_secret_of_a_confidential_client_is_not_kept(engine: Engine, programs: Clients) -> None:
    secret = programs.add("backend", is_confidential=True)
    with engine.connect() as connection:
        kept = connection.execute(select(clients.c.secret_hash)).scalars().all()
    assert secret
    assert secret not in kept


def test_a_confidential_client_is_known_by_its_secret(programs: Clients) -> None:
    secret = programs.add("backend", is_confidential=True) or ""
    assert programs.authenticate(ClientCredentials("backend", secret)).is_confidential
    for wrong in ("", secret[:-1], "é"):
        with pytest.raises(ClientSecretWrong):
            programs.authenticate(ClientCredentials("backend", wrong))


def test_a_removed_client_is_unknown(programs: Clients) -> None:
    programs.remove("ltu-api")
    with pytest.raises(ClientUnknown):
        programs.authenticate(ClientCredentials("ltu-api", ""))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 129, "é"])
def test_a_name_that_would_be_misread_is_refused(programs: Clients, name: str) -> None:
    with pytest.raises(AccountRefused, match="1 to 128"):
        programs.add(name)


def test_a_name_is_given_once(programs: Clients) -> None:
    with pytest.raises(AccountRefused, match="already a client ltu-api"):
        programs.add("ltu-api")


def test_what_is_done_to_an_unknown_client_is_refused(programs: Clients) -> None:
    with pytest.raises(AccountRefused, match="no client x"):
        programs.remove("x")
    with pytest.raises(AccountRefused, match="no client x"):
        programs.set_enabled("x", True)
