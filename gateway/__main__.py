"""The command line: `pixelgate serve`, and what an operator manages beside it."""

import errno
import importlib
import sys

import click

from engines.process.loading import loading
from gateway.version import VERSION

COMMANDS = (
    *("serve", "worker", "settings", "users", "clients", "apikeys", "keys"),
    *("analyze", "anonymize", "receipt", "projects", "models", "doctor", "db", "backup"),
    *("simulate", "spec"),
)
"""Each is what its module in gateway.cli has under its own name."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing fails with that names no file."""


class LazyGroup(click.Group):
    """Loads a command when it is asked for: some load every engine, others should start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with loading():
            module = importlib.import_module(f"gateway.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """End in a sentence where a file or folder cannot be read or written."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.filename is None and error.errno not in FULL:
                raise
            place = f"{error.filename}: " if error.filename else ""
            sys.exit(f"{place}{error.strerror}.")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="pixelgate")
def main() -> None:
    """Pixelgate: self-hosted image analysis.

    Settings are environment variables PIXELGATE_…, or a TOML file named by PIXELGATE_CONFIG;
    `pixelgate settings` lists them.
    """


if __name__ == "__main__":
    main()
