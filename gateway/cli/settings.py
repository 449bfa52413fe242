"""`pixelgate settings`: what is set, whether it fits, and all there is to set."""

import json
import sys
import textwrap
from pathlib import Path

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from gateway.cli import drivers
from gateway.cli.command import load_settings, name_misspelt
from gateway.settings import CONFIG_VARIABLE, PREFIX, SECRETS, Settings, explain

_HEAD = f"""\
# Configuration

Every setting is an environment variable, or a line of the TOML file that `{CONFIG_VARIABLE}` names
(`port = 8080`: lower case, without the prefix). The environment wins over the file.
`pixelgate settings` prints all with their values and sources, `--check` says whether the service
would start with them, and `--sample` writes such a file with all of them as comments.

Secrets may lie in files, as Docker, Kubernetes and systemd hand them over:
{", ".join(f"`{PREFIX}{name.upper()}_FILE`" for name in SECRETS)} name one each.

| variable | default | meaning |
|---|---|---|
"""


@click.command("settings")
@click.option("--markdown", is_flag=True, help="As the page docs/configuration.md.")
@click.option("--sample", is_flag=True, help="As a commented file of settings.")
@click.option("--check", is_flag=True, help="Say whether the service would start with them.")
def settings(markdown: bool, sample: bool, check: bool) -> None:
    """Print every setting, its value and where that comes from."""
    if markdown or sample:
        click.echo(page() if markdown else sample_file(), nl=False)
        return
    found = load_settings()
    is_misspelt = name_misspelt()
    if check:
        # Not at the top: it loads the server.
        from gateway.cli.serve import check as check_words

        drivers.require(found)
        check_words(found)
        if is_misspelt:
            sys.exit(2)
        click.echo("Nothing is wrong.")
        return
    for shown in explain(found):
        click.echo(f"{shown.name}={shown.value}  ({shown.source})")


def page() -> str:
    """The whole page; `make spec` writes it."""
    return _HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    default = field.get_default()
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}` | {f'`{shown}`' if shown else ''} | {meaning} |\n"


def sample_file() -> str:
    """A file of all settings, each with what it means and its default, switched off."""
    return "\n".join(_sample(name, field) for name, field in Settings.model_fields.items())


def _sample(name: str, field: FieldInfo) -> str:
    meaning = textwrap.fill(
        field.description or "", 98, initial_indent="# ", subsequent_indent="# "
    )
    return f"{meaning}\n#{name} = {_toml(field.get_default())}\n"


def _toml(value: object) -> str:
    """A default as TOML, whose text and numbers are those of JSON."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return json.dumps(str(value) if isinstance(value, Path) else "" if value is None else value)
