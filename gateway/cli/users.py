"""`pixelgate users …`: the accounts of the embedded issuer."""

import sys

import click

from auth.users import Users
from gateway.cli.command import opened_database, scope_option, shown_scopes


@click.group()
def users() -> None:
    """Add, list and remove accounts."""


def _password(from_stdin: bool) -> str:
    if from_stdin:
        try:
            return sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            sys.exit("The password is no UTF-8 text.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


_stdin = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)


@users.command()
@click.argument("name")
@_stdin
@click.option("--email", default="", help="Shown in tokens.")
@click.option("--given-name", default="", help="Shown in tokens.")
@click.option("--family-name", default="", help="Shown in tokens.")
@scope_option("the account")
def add(
    name: str,
    from_stdin: bool,
    email: str,
    given_name: str,
    family_name: str,
    scopes: frozenset[str] | None,
) -> None:
    """Add an account."""
    password = _password(from_stdin)
    with opened_database() as database:
        Users(database).add(
            name,
            password,
            email=email,
            given_name=given_name,
            family_name=family_name,
            scopes=scopes,
        )
    click.echo(f"Added {name}.")


@users.command("list")
def list_users() -> None:
    """Print the accounts, one a line."""
    with opened_database() as database:
        for user in Users(database).all():
            state = [] if user.is_enabled else ["(disabled)"]
            click.echo("  ".join([user.name, user.email, shown_scopes(user.scopes), *state]))


@users.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove an account; its tokens end at once."""
    with opened_database() as database:
        Users(database).remove(name)
    click.echo(f"Removed {name}.")


@users.command()
@click.argument("name")
@_stdin
def password(name: str, from_stdin: bool) -> None:
    """Give an account another password."""
    word = _password(from_stdin)
    with opened_database() as database:
        Users(database).set_password(name, word)
    click.echo(f"The password of {name} is set.")


@users.command()
@click.argument("name")
@scope_option("the account")
def limit(name: str, scopes: frozenset[str] | None) -> None:
    """Say anew which services an account may use; its tokens and keys follow at once."""
    with opened_database() as database:
        Users(database).set_scopes(name, scopes)
    click.echo(f"{name} may use {shown_scopes(scopes)}.")
