"""`pixelgate db …`: at which migration the database is."""

import click

from gateway.cli import drivers
from gateway.cli.command import load_settings, opened_database, refusal_of_database
from gateway.store.database import connect, is_there, known_revisions, revision_of


@click.group()
def db() -> None:
    """Look at the database's schema, and bring it up to date."""


@db.command()
def status() -> None:
    """Say at which revision the database is, and change nothing."""
    settings = load_settings()
    drivers.require(settings)
    with refusal_of_database(settings):
        click.echo(state_of(settings.database_url))


@db.command()
def upgrade() -> None:
    """Bring the schema up to date; a start does so too."""
    with opened_database() as database:
        click.echo(f"The database is at revision {revision_of(database)}.")


def state_of(url: str) -> str:
    """A sentence about the revision."""
    found, known = _found(url), known_revisions()
    at = f"The database is at revision {found}" if found else "The database is empty"
    if found == known[0]:
        return f"{at}, the newest of this version."
    if found in (None, *known):
        return f"{at}; `pixelgate db upgrade`, or the next start, brings it to {known[0]}."
    return f"{at}, of a newer version; this one knows {known[0]}."


def _found(url: str) -> str | None:
    """The revision; None without a database too, for connecting to SQLite would make one."""
    if not is_there(url):
        return None
    database = connect(url)
    try:
        return revision_of(database)
    finally:
        database.dispose()
