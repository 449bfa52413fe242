"""`pixelgate clients|apikeys|keys …`: how programs prove who they are, and what signs tokens."""

import time

import click

from auth.api_keys import ApiKey, ApiKeys
from auth.clients import Client, Clients
from auth.keys import PUBLISHED_BEFORE_USE_SECONDS, KeyRing
from auth.tokens import CLOCK_SKEW_SECONDS
from gateway.cli.command import load_settings, opened_database, scope_option, shown_scopes

DAY_SECONDS = 86_400


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


@click.group()
def apikeys() -> None:
    """Add, list and revoke API keys, for programs that cannot log in."""


@apikeys.command("add")
@click.option("--owner", required=True, metavar="NAME", help="The account that the key acts for.")
@click.option("--label", default="", help="What the key is for, shown in the list.")
@scope_option("the key")
@click.option("--days", type=click.IntRange(1, 36_500), help="Days it lasts; for ever if none.")
def add_api_key(owner: str, label: str, scopes: frozenset[str] | None, days: int | None) -> None:
    """Make an API key; it is printed this once."""
    with opened_database() as database:
        key = ApiKeys(database).add(
            owner,
            label=label,
            scopes=scopes,
            lifetime_seconds=days and days * DAY_SECONDS,
        )
    click.echo(key)


@apikeys.command("list")
def list_api_keys() -> None:
    """Print what may be shown of the keys, one a line."""
    with opened_database() as database:
        for key in ApiKeys(database).all():
            click.echo(_api_key_line(key))


@apikeys.command("revoke")
@click.argument("prefix")
def revoke_api_key(prefix: str) -> None:
    """Revoke the API key that begins with PREFIX, for ever."""
    with opened_database() as database:
        ApiKeys(database).revoke(prefix)
    click.echo(f"Revoked {prefix}.")


def _api_key_line(key: ApiKey) -> str:
    used = f"last used {_day(key.used_at)}" if key.used_at else "never used"
    words = [key.prefix, key.owner, shown_scopes(key.scopes), used]
    words += [f"until {_day(key.expires_at)}"] if key.expires_at else []
    words += [key.label] if key.label else []
    words += [f"(revoked {_day(key.revoked_at)})"] if key.revoked_at else []
    return "  ".join(words)


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


@click.group()
def keys() -> None:
    """Change the keys that sign tokens."""


@keys.command()
def rotate() -> None:
    """Sign with a new key; tokens of the old one stay valid, and nothing need be restarted."""
    settings = load_settings()
    ring = KeyRing(
        settings.data / "keys", lifetime_seconds=settings.access_seconds + CLOCK_SKEW_SECONDS
    )
    kid = ring.rotate()
    click.echo(f"The key {kid} signs from {PUBLISHED_BEFORE_USE_SECONDS:g} s on.")
