"""Accounts: names, passwords, rights."""

import pytest
from pwdlib import PasswordHash
from sqlalchemy import Engine, select

from auth.errors import AccountRefused
from auth.tables import users
from auth.users import Users
from tests.auth.conftest import LOGIN, QUICK_HASHER, TOKEN, Realm


@pytest.fixture
def accounts(engine: Engine) -> Users:
    return Users(engine, hasher=QUICK_HASHER)


def test_an_account_keeps_what_it_was_given(accounts: Users) -> None:
    added = accounts.add("ada", "correct horse", email="a@b", scopes=frozenset({"edges"}))
    assert accounts.get("ada") == added
    assert (added.email, added.is_enabled) == ("a@b", True)
    assert added.scopes == frozenset({"edges"})


def test_passwords_are_kept_as_argon2_hashes(engine: Engine) -> None:
    Users(engine).add("ada", "correct horse")
    with engine.connect() as connection:
        kept = connection.execute(select(users.c.password_hash)).scalar_one()
    assert kept.startswith("$argon2id$")


def test_names_are_compared_without_regard_to_case(accounts: Users) -> None:
    accounts.add("Ada", "correct horse")
    assert accounts.with_password("ADA", "correct horse") is not None
    with pytest.raises(AccountRefused, match="already a user ada"):
        accounts.add("ada", "battery staple")


@pytest.mark.parametrize("name", ["", "a b", "a\n", "a/b", "a:b", "x" * 129, "a\0", "<b>"])
def test_a_name_that_would_be_misread_is_refused(accounts: Users, name: str) -> None:
    with pytest.raises(AccountRefused, match="1 to 128 characters"):
        accounts.add(name, "correct horse")


@pytest.mark.parametrize("name", ["a", "x" * 128, "ada.l+1@example.com", "Zoë", "王"])
def test_ordinary_names_are_accepted(accounts: Users, name: str) -> None:
    accounts.add(name, "correct horse")
    assert accounts.with_password(name, "correct horse") is not None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "has 0 characters; expected 8 and more"),
        ("é" * 7, "has 7 characters; expected 8 and more"),
        ("x" * 1_025, "has 1025 bytes; expected 1024 at most"),
        ("é" * 513, "has 1026 bytes; expected 1024 at most"),
    ],
)
def test_a_password_that_is_too_short_or_too_long_is_refused(
    accounts: Users, password: str, said: str
) -> None:
    with pytest.raises(AccountRefused, match=said):
        accounts.add("ada", password)


def test_a_short_password_does_not_replace_a_long_one(accounts: Users) -> None:
    accounts.add("ada", "correct horse")
    with pytest.raises(AccountRefused, match="7 characters"):
        accounts.set_password("ada", "seven77")
    assert accounts.with_password("ada", "correct horse") is not None


@pytest.mark.parametrize("password", ["x" * 8, "x" * 1_024, " é王\0 王é "])
def test_any_other_password_works(accounts: Users, password: str) -> None:
    accounts.add("ada", password)
    assert accounts.with_password("ada", password) is not None
    assert accounts.with_password("ada", password + "x") is None


def test_a_password_is_replaced(accounts: Users) -> None:
    accounts.add("ada", "correct horse")
    accounts.set_password("ada", "battery staple")
    assert accounts.with_password("ada", "correct horse") is None
    assert accounts.with_password("ada", "battery staple") is not None


def test_accounts_are_listed_by_name_and_removed(accounts: Users) -> None:
    accounts.add("bob", "correct horse")
    accounts.add("ada", "correct horse")
    assert [user.name for user in accounts.all()] == ["ada", "bob"]
    accounts.remove("ada")
    assert [user.name for user in accounts.all()] == ["bob"]


def test_what_is_done_to_an_unknown_user_is_refused(accounts: Users) -> None:
    for change in (
        lambda: accounts.remove("eve"),
        lambda: accounts.set_password("eve", "correct horse"),
        lambda: accounts.set_enabled("eve", False),
        lambda: accounts.set_scopes("eve", None),
        lambda: accounts.get("eve"),
    ):
        with pytest.raises(AccountRefused, match="no user eve"):
            change()


class CountingHasher(PasswordHash):
    """Counts the costly step, which is what an attacker would time."""

    def __init__(self) -> None:
        super().__init__(QUICK_HASHER.hashers)
        self.verified: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.verified.append(str(hash).rsplit("$", 2)[0])
        return super().verify(password, hash)


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong"), ("eve", "correct horse"), ("a b\0", "correct horse"), ("ada", "x" * 2_000)],
)
def test_every_refused_login_costs_one_verification_of_one_cost(
    engine: Engine, name: str, password: str
) -> None:
    hasher = CountingHasher()
    accounts = Users(engine, hasher=hasher)
    accounts.add("ada", "correct horse")
    accounts.with_password("ada", "correct horse")
    assert accounts.with_password(name, password) is None
    assert len(hasher.verified) == 2
    assert hasher.verified[0] == hasher.verified[1]


@pytest.mark.anyio
async def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(realm: Realm) -> None:
    wrong = await realm.client.post(TOKEN, data=LOGIN | {"password": "wrong"})
    unknown = await realm.client.post(TOKEN, data=LOGIN | {"username": "eve"})
    assert wrong.status_code == unknown.status_code
    assert wrong.content == unknown.content
    assert wrong.headers == unknown.headers
