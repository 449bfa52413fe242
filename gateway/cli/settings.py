"""`pixelgate settings`: what is set, and the page docs/configuration.md."""

import click
from pydantic.fields import FieldInfo

from gateway.cli.command import load_settings, name_misspelt
from gateway.settings import CONFIG_VARIABLE, PREFIX, SECRETS, Settings, explain

_HEAD = f"""\
# Configuration

Every setting is an environment variable, or a line of the TOML file that `{CONFIG_VARIABLE}` names
(`port = 8080`: lower case, without the prefix). The environment wins over the file.
`pixelgate settings` prints all with their values and sources.

Secrets may lie in files, as Docker, Kubernetes and systemd hand them over:
{", ".join(f"`{PREFIX}{name.upper()}_FILE`" for name in SECRETS)} name one each.

| variable | default | meaning |
|---|---|---|
"""


@click.command("settings")
@click.option("--markdown", is_flag=True, help="As the page docs/configuration.md.")
def settings(markdown: bool) -> None:
    """Print every setting, its value and where that comes from."""
    if markdown:
        click.echo(page(), nl=False)
        return
    found = explain(load_settings())
    name_misspelt()
    for shown in found:
        click.echo(f"{shown.name}={shown.value}  ({shown.source})")


def page() -> str:
    """The whole page; `make spec` writes it."""
    return _HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    default = field.get_default()
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}` | {f'`{shown}`' if shown else ''} | {meaning} |\n"
