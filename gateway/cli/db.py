"""`pixelgate db …`: at which migration the database is."""

import click

from gateway.cli.command import load_settings, opened_database
from gateway.store.database import connect, known_revisions, revision_of


@click.group()
def db() -> None:
    """Look at the database's schema, and bring it up to date."""


@db.command()
def status() -> None:
    """Say at which revision the database is, and change nothing."""
    database = connect(load_settings().database_url)
    found, known = revision_of(database), known_revisions()
    database.dispose()
    at = f"The database is at revision {found}" if found else "The database is empty"
    if found == known[0]:
        click.echo(f"{at}, the newest of this version.")
    elif found in (None, *known):
        click.echo(f"{at}; `pixelgate db upgrade`, or the next start, brings it to {known[0]}.")
    else:
        click.echo(f"{at}, of a newer version; this one knows {known[0]}.")


@db.command()
def upgrade() -> None:
    """Bring the schema up to date; a start does so too."""
    with opened_database() as database:
        click.echo(f"The database is at revision {revision_of(database)}.")
