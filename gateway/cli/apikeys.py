"""`pixelgate apikeys …`: how programs that cannot log in prove who they are."""

import time

import click

from auth.api_keys import DAY_SECONDS, ApiKey, ApiKeys
from gateway.cli.command import opened_database, scope_option, shown_scopes


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
