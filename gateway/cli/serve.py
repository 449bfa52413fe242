"""`pixelgate serve`: the service in the foreground."""

import sys
from difflib import get_close_matches
from functools import partial

import click

from auth.users import Users
from engines.process.loading import loading
from gateway.cli import demo, drivers
from gateway.cli.command import load_settings, name_misspelt, opened_database, refusal_of_database
from gateway.dialects.pekat.stopping import stopped_names
from gateway.http import server
from gateway.http.server import DrainingApp
from gateway.intake.addresses import AddressGuard
from gateway.pool.from_settings import loading_fork_server
from gateway.settings import PREFIX, Settings


@click.command()
@click.option("--demo", "is_demo", is_flag=True, help="With a demo account; do the main job once.")
def serve(is_demo: bool) -> None:
    """Start the service; SIGTERM or Ctrl-C ends it with all its processes."""
    settings = load_settings()
    name_misspelt()
    if is_demo and settings.issuer:
        sys.exit("The demo account needs the embedded issuer; PIXELGATE_ISSUER names another.")
    drivers.require(settings)
    check(settings)
    if is_demo:
        with refusal_of_database(settings):
            demo.prepare(settings)
    elif not (settings.issuer or settings.open_dialects):
        tell_of_no_account()
    tell_of_projects(settings)
    server.serve(settings, build, partial(demo.show_beside, settings) if is_demo else None)


def check(settings: Settings) -> None:
    """Go on with settings whose words mean something; or a sentence about one, and the end."""
    try:
        AddressGuard(settings.fetch_allow)
    except ValueError as error:
        sys.exit(f"{PREFIX}FETCH_ALLOW: {error}")
    check_labels(settings)
    check_projects(settings)


def check_labels(settings: Settings) -> None:
    """Go on with labels of engines that there are; or a sentence about one, and the end."""
    if not settings.labels:
        return
    # Not at the top: they load engines, those that dialects bring too.
    from engines.core.registry import catalogue, engine_named
    from gateway.dialects.table import DialectTable

    DialectTable()
    for name in settings.labels:
        try:
            engine_named(name)
        except KeyError:
            near = get_close_matches(name, catalogue(), 1) or ["heat_map"]
            sys.exit(f"{PREFIX}WORKER_LABELS: {name!r} is no engine; one is {near[0]!r}.")


def check_projects(settings: Settings) -> None:
    """Go on with projects that can be read; or a sentence about one that cannot, and the end."""
    if not settings.project_files:
        return
    # Not at the top: it loads engines.
    from gateway.cli.projects import read

    for one in settings.project_files:
        read(one.path)


def tell_of_projects(settings: Settings) -> None:
    """Say on standard error where each project is served, and which is not."""
    if not settings.project_files:
        return
    with opened_database() as database:
        stopped = stopped_names(database)
    for one in settings.project_files:
        port = f", and on port {one.port}" if one.port else ""
        click.echo(f"Project {one.name}: {settings.base_url}/pekat/{one.name}/{port}", err=True)
        if one.name in stopped:
            remedy = f"`pixelgate projects start {one.name}` lets it answer again."
            click.echo(f"Project {one.name} is stopped; {remedy}", err=True)


def tell_of_no_account() -> None:
    """Say on standard error that nobody can log in yet, and what to do about it."""
    with opened_database() as database:
        accounts, _ = Users(database).page(0, 1)
        if not accounts:
            click.echo("There is no account yet; `pixelgate users add NAME` makes one.", err=True)


def build(settings: Settings) -> DrainingApp:
    """Make the application, in each worker."""
    fork_server = loading_fork_server(settings)
    # Not at the top: the master only forks, and needs no engine library in its memory.
    with loading():
        from gateway.app import create_app

        return create_app(settings, fork_server=fork_server)
