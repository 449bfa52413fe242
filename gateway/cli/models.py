"""`pixelgate models`: the learned models, and whether each loads."""

from collections.abc import Callable

import click

from engines.models import weights
from gateway.cli.command import load_settings
from gateway.settings import Settings


@click.command("models")
def models() -> None:
    """List the learned models: name, licence, source, device, and whether each loads."""
    print_all(load_settings(), click.echo)


def print_all(settings: Settings, say: Callable[[str], None]) -> None:
    """A line a model."""
    weights.configure(settings.models)
    for check in weights.check_all():
        state = check.fault or f"loads, on {check.device}"
        say(f"{check.name:<16} {check.title} ({check.licence}; {check.source}): {state}")
