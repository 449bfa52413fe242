"""The command line: `pixelgate serve`, and what an operator manages beside it."""

import sys
from pathlib import Path

import click

from gateway.cli import configuration, demo
from gateway.cli.command import load_settings
from gateway.cli.credentials import apikeys, clients, keys
from gateway.cli.users import users
from gateway.settings import explain
from gateway.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="pixelgate")
def main() -> None:
    """Pixelgate: self-hosted image analysis.

    Settings are environment variables PIXELGATE_…, or a TOML file named by PIXELGATE_CONFIG;
    `pixelgate settings` lists them.
    """


for group in (users, clients, apikeys, keys):
    main.add_command(group)


@main.command()
@click.option("--demo", "is_demo", is_flag=True, help="With a demo account; do the main job once.")
def serve(is_demo: bool) -> None:
    """Start the service; SIGTERM or Ctrl-C ends it with all its processes."""
    from gateway.http.server import serve as run  # so that other commands start fast

    settings = load_settings()
    if is_demo and settings.issuer:
        sys.exit("The demo account needs the embedded issuer; PIXELGATE_ISSUER names another.")
    if is_demo:
        demo.start(settings)
    run(settings)


@main.command("settings")
@click.option("--markdown", is_flag=True, help="As the page docs/configuration.md.")
def show_settings(markdown: bool) -> None:
    """Print every setting, its value and where that comes from."""
    if markdown:
        click.echo(configuration.page(), nl=False)
        return
    for shown in explain(load_settings()):
        click.echo(f"{shown.name}={shown.value}  ({shown.source})")


@main.command("spec")
@click.option("--check", type=click.Path(exists=True, path_type=Path), help="Compare with a file.")
def show_spec(check: Path | None) -> None:
    """Print openapi.yaml."""
    # They load every engine, which other commands need not wait for.
    from gateway.dialects.table import DialectTable
    from gateway.openapi import spec

    text = spec.as_yaml(DialectTable().descriptions().values())
    if check is None:
        click.echo(text, nl=False)
    elif check.read_text() != text:
        sys.exit(f"{check} is stale: run `make spec` and commit what it wrote.")


@main.command("analyze")
@click.argument("service")
@click.argument(
    "paths",
    metavar="FILE|FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="As the service takes.")
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The first picture, for services that compare two.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results.jsonl and pictures; what is there already is not computed again. "
    "Without it the lines go to standard output, and no pictures are written.",
)
def analyze_files(
    service: str,
    paths: tuple[Path, ...],
    pairs: tuple[str, ...],
    reference: Path | None,
    out: Path | None,
) -> None:
    """Compute SERVICE of pictures in files, without a server.

    Bad files are listed at the end, and make the exit code 1.
    """
    from gateway.cli import analyze  # loads every engine

    sys.exit(analyze.main(load_settings(), service, paths, pairs, reference, out))


@main.command("models")
def list_models() -> None:
    """List the learned models: name, licence, source, device, and whether each loads."""
    from gateway.cli import models  # loads every model

    models.print_all(load_settings(), click.echo)


@main.command("doctor")
def examine_machine() -> None:
    """Say what this machine lacks, and try every engine on a picture with a known answer."""
    from gateway.cli import doctor  # loads every engine

    sys.exit(doctor.report(load_settings(), click.echo))


if __name__ == "__main__":
    main()
