"""`pixelgate projects …`: what the PEKAT Vision API would make of a project, without a server."""

import secrets
import sys
from pathlib import Path

import click

from engines.core.errors import EngineError
from engines.core.run import Job, name_of, run
from engines.inspection.flow import PHOTOGRAPH, inspection
from engines.process.preparation import prepare
from gateway.cli.command import load_settings, opened_database
from gateway.dialects.pekat import present, stopping
from gateway.dialects.pekat.projects import Project, ProjectInvalid, read_project, sha256_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def projects() -> None:
    """Check, try and start projects of the PEKAT Vision API (see docs/pekat.md)."""


@projects.command("check")
@click.argument("files", nargs=-1, type=_FILE)
def check_projects(files: tuple[Path, ...]) -> None:
    """Say what is wrong with FILES, or what they do; without any, with those of the settings."""
    named = files or [one.path for one in load_settings().project_files]
    if not named:
        raise click.UsageError("No FILES are given, and PIXELGATE_PEKAT_PROJECTS names none.")
    for file in named:
        project = read(file)
        click.echo(f"project: {project.name}{'' if project.is_processing else ', switched off'}")
        for step in project.flow.preprocessing:
            click.echo(f"preprocessing: {step.use}")
        for module in project.flow.modules:
            shown = "" if module.name == module.engine else f", named {module.name}"
            click.echo(f"module: {module.engine}{shown}")
        click.echo(f"conditions: {len(project.flow.good_if)}")


@projects.command("try")
@click.argument("file", type=_FILE)
@click.argument("picture", type=_FILE)
def try_project(file: Path, picture: Path) -> None:
    """Run the project in FILE over PICTURE; print the context.

    The annotated picture is written beside it, as PICTURE.annotated.png.
    """
    settings = load_settings()
    prepare(settings.max_pixels, settings.models)
    presenter = name_of(present.annotated_image)
    inputs = (picture.read_bytes(),)
    flow = read(file).flow
    job = Job(inspection.__name__, inputs, flow, presenter, decoders=(PHOTOGRAPH,))
    try:
        answer = run(job)
    except EngineError as error:
        sys.exit(error.message)
    click.echo(answer.body)
    shown = picture.with_name(f"{picture.name}.annotated.png")
    shown.write_bytes(answer.files[0].data)
    click.echo(f"The annotated picture is {shown}.", err=True)


@projects.command("stopkey")
def make_stop_key() -> None:
    """Make a key that stops a project; it is printed this once, and the line for its file."""
    key = f"pg_stop_{secrets.token_urlsafe(32)}"
    click.echo(key)
    click.echo(f'stop_key_sha256 = "{sha256_of(key)}"')


@projects.command("start")
@click.argument("name")
def start_project(name: str) -> None:
    """Let the stopped project NAME answer again; a running service notices within a second."""
    with opened_database() as database:
        if not stopping.start(database, name):
            sys.exit(f"There is no stopped project {name}.")


def read(file: Path) -> Project:
    """The project; or a sentence about what is wrong with it, and the end."""
    try:
        return read_project(file)
    except ProjectInvalid as error:
        sys.exit(str(error))
