"""`pixelgate keys …`: what signs tokens."""

import click

from auth.keys import PUBLISHED_BEFORE_USE_SECONDS
from gateway.cli.command import load_settings
from gateway.issuer import key_ring


@click.group()
def keys() -> None:
    """Change the keys that sign tokens."""


@keys.command()
def rotate() -> None:
    """Sign with a new key; tokens of the old one stay valid, and nothing need be restarted."""
    kid = key_ring(load_settings()).rotate()
    click.echo(f"The key {kid} signs from {PUBLISHED_BEFORE_USE_SECONDS:g} s on.")
