"""`pixelgate models`: the learned models, and whether each loads."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from engines.models import weights
from engines.models.weights import Check, ModelFiles
from gateway.cli.command import load_settings
from gateway.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("models", invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List the learned models: whence each is, under which licence, whether it loads, and how."""
    if context.invoked_subcommand is None:
        print_all(load_settings(), click.echo)


@models.command("check")
@click.argument("name", type=click.Choice(weights.names()))
@click.argument("file", type=_FILE)
@click.option("--labels", type=_FILE, help="Its labels, where they are not those of ours.")
def check_model(name: str, file: Path, labels: Path | None) -> None:
    """Say whether the ONNX model in FILE can be used as NAME, or what keeps it from that.

    The TOML file beside it tells what it takes and gives (see docs/models.md).
    """
    (check,) = weights.configure({name: ModelFiles(file, labels)}, preload=[name])
    click.echo(_line(check))
    sys.exit(1 if check.fault else 0)


def print_all(settings: Settings, say: Callable[[str], None]) -> None:
    """A line a model."""
    weights.configure(settings.models, device=settings.device)
    for check in weights.check_all():
        say(_line(check))


def _line(check: Check) -> str:
    device = f"{check.device}, for {check.passed_over}" if check.passed_over else check.device
    state = check.fault or f"loads, on {device}; {check.description}"
    return f"{check.name:<16} {check.title} ({check.licence}; {check.source}): {state}"
