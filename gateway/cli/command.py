"""What commands begin with: settings that were checked, the database, names of services."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from auth.errors import AccountRefused
from auth.scopes import expect_known
from gateway.cli import drivers
from gateway.settings import Settings, misspelt, read_settings, without_password
from gateway.store.database import Database, is_there, open_database

Command = TypeVar("Command", bound=Callable[..., Any])


def load_settings() -> Settings:
    """The settings; or a sentence for each that is wrong, and the end."""
    try:
        return read_settings()
    except ValueError as error:
        click.echo(error, err=True)
        sys.exit(2)


def name_misspelt() -> bool:
    """Say on standard error which variables are no settings; whether there are any."""
    found = misspelt()
    for name, meant in found.items():
        hint = f"; did you mean {meant}?" if meant else "."
        click.echo(f"{name} is no setting{hint}", err=True)
    return bool(found)


@contextmanager
def opened_database() -> Iterator[Database]:
    """The database that the settings name, up to date; a refusal ends in one sentence."""
    settings = load_settings()
    drivers.require(settings)
    with refusal_of_database(settings):
        if not is_there(settings.database_url):
            click.echo(f"There is no database yet; {settings.database_url} is made.", err=True)
        database = open_database(settings.database_url)
    try:
        yield database
    except AccountRefused as error:
        sys.exit(error.message)
    except SQLAlchemyError as error:
        sys.exit(f"The database does not do it: {reason_of(error)}.")
    finally:
        database.dispose()


@contextmanager
def refusal_of_database(settings: Settings) -> Iterator[None]:
    """End in one sentence where a database, or the folder it lies in, cannot be opened."""
    try:
        yield
    except (OSError, ValueError, SQLAlchemyError) as error:
        address = without_password(settings.database_url)
        sys.exit(f"The database cannot be opened: {reason_of(error)} ({address}).")


def reason_of(error: Exception) -> str:
    """The driver's own words, without the statement."""
    return str(getattr(error, "orig", error)).partition("\n")[0]


def scope_option(of_whom: str) -> Callable[[Command], Command]:
    """`--scope`, which may be given several times and arrives as a set, or None for no limit."""
    return click.option(
        "--scope",
        "scopes",
        multiple=True,
        metavar="SERVICE",
        callback=_known_services,
        help=f"A service that {of_whom} may use, for example edges; all if none.",
    )


def shown_scopes(scopes: frozenset[str] | None) -> str:
    """What a list says of a limit."""
    return "all services" if scopes is None else ",".join(sorted(scopes)) or "no service"


def _known_services(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> frozenset[str] | None:
    if not names:
        return None
    from gateway.dialects.table import DialectTable  # it loads every engine

    try:
        return expect_known(names, DialectTable().scopes())
    except AccountRefused as error:
        raise click.BadParameter(error.message) from None
