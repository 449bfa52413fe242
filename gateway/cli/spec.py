"""`pixelgate spec`: openapi.yaml as it should be committed."""

import sys
from pathlib import Path

import click

from gateway.dialects.table import DialectTable
from gateway.openapi.spec import as_yaml


@click.command("spec")
@click.option("--check", type=click.Path(exists=True, path_type=Path), help="Compare with a file.")
def spec(check: Path | None) -> None:
    """Print openapi.yaml."""
    text = as_yaml(DialectTable().descriptions().values())
    if check is None:
        click.echo(text, nl=False)
    elif check.read_text() != text:
        sys.exit(f"{check} is stale: run `make spec` and commit what it wrote.")
