"""`pixelgate backup`: keys, rows and blobs as one file, whether or not the service runs."""

import errno
import os
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import make_url

from auth.private_files import appearing, draft_of
from gateway.cli.command import load_settings
from gateway.settings import Settings
from gateway.store.storage import DRAFTS

ROWS = "pixelgate.db"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write all that the data folder holds to FILE, a tar archive that is not there yet.

    It holds keys and password hashes. `tar -xf FILE -C FOLDER` restores it into an empty folder.
    """
    settings = load_settings()
    data = settings.data.resolve()
    if not data.is_dir() or not any(data.iterdir()):
        sys.exit(f"{data} holds nothing; PIXELGATE_DATA names the data folder.")
    with _appearing(file) as output, tarfile.open(fileobj=output, mode="w") as archive:
        # Rows first: a blob that comes after them is too much, one that they name would be missed.
        _add_rows(archive, settings)
        _add_files(archive, data, but=draft_of(file).resolve())
    click.echo(f"{file} has {file.stat().st_size:,} bytes.")
    if not settings.database_url.startswith("sqlite"):
        click.echo("The rows are not in it: pg_dump writes those of PostgreSQL.")
    if not Path(settings.storage_url.removeprefix("file://")).resolve().is_relative_to(data):
        click.echo(f"The blobs are not in it: they are kept in {settings.storage_url}.")


@contextmanager
def _appearing(file: Path) -> Iterator[BinaryIO]:
    """A file that is not there yet, see `appearing`; a refusal ends in one sentence."""
    try:
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        with appearing(file) as output:
            yield output
    except OSError as error:
        if error.filename not in (None, str(draft_of(file))):  # A file of the data folder.
            raise
        sys.exit(f"{file} cannot be written: {error.strerror}.")


def _add_rows(archive: tarfile.TarFile, settings: Settings) -> None:
    """The rows of SQLite as they are at one moment, without stopping who writes."""
    address = make_url(settings.database_url)
    if address.drivername != "sqlite" or not Path(str(address.database)).exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ROWS
        try:
            with closing(sqlite3.connect(str(address.database))) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
        except sqlite3.Error as error:
            sys.exit(f"The rows of {address.database} cannot be copied to {folder}: {error}.")
        copy.chmod(0o600)
        archive.add(copy, ROWS)


def _add_files(archive: tarfile.TarFile, data: Path, but: Path) -> None:
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data)
        if name.name.startswith(ROWS) or DRAFTS in name.parts or path.resolve() == but:
            continue
        # What expires meanwhile is not missed.
        with suppress(FileNotFoundError):
            archive.add(path, str(name), recursive=False)
