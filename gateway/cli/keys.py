"""`pixelgate keys …`: what signs tokens."""

import click

from auth.keys import PUBLISHED_BEFORE_USE_SECONDS, KeyRing
from auth.tokens import CLOCK_SKEW_SECONDS
from gateway.cli.command import load_settings


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
