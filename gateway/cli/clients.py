"""`pixelgate clients …`: programs that may ask for tokens."""

import click

from auth.clients import Client, Clients
from gateway.cli.command import opened_database


@click.group()
def clients() -> None:
    """Add, list and remove programs that may ask for tokens."""


@clients.command("add")
@click.argument("name")
@click.option(
    "--confidential", is_flag=True, help="Give it a secret; then it may introspect tokens."
)
@click.option("--no-password-grant", is_flag=True, help="It may not log users in.")
def add_client(name: str, confidential: bool, no_password_grant: bool) -> None:
    """Add a client; the secret of a confidential one is printed this once."""
    with opened_database() as database:
        secret = Clients(database).add(
            name, is_confidential=confidential, has_direct_grants=not no_password_grant
        )
    click.echo(f"Added {name}.", err=True)
    if secret:
        click.echo(secret)


@clients.command("list")
def list_clients() -> None:
    """Print the clients, one a line."""
    with opened_database() as database:
        for client in Clients(database).all():
            click.echo(_client_line(client))


@clients.command("remove")
@click.argument("name")
def remove_client(name: str) -> None:
    """Remove a client; its tokens end at once."""
    with opened_database() as database:
        Clients(database).remove(name)
    click.echo(f"Removed {name}.")


def _client_line(client: Client) -> str:
    words = [client.id, "confidential" if client.is_confidential else "public"]
    words += [] if client.has_direct_grants else ["no password grant"]
    words += [] if client.is_enabled else ["(disabled)"]
    return "  ".join(words)
