"""`pixelgate receipt …`: what was hidden in a file, as the service signed it."""

import json
import sys
from pathlib import Path

import click
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JWKError

from auth import receipts
from auth.errors import TokenInvalid
from auth.jws_checks import Claims
from gateway.cli.command import load_settings
from gateway.issuer import key_ring
from gateway.receipts import digested_file

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def receipt() -> None:
    """Check what was signed of a file that was anonymised."""


@receipt.command()
@click.argument("path", metavar="RECEIPT", type=EXISTING)
@click.option(
    "--keys",
    "jwks",
    type=EXISTING,
    help="The issuer's keys, as …/protocol/openid-connect/certs answers them; keep them, since keys"
    " are replaced. Without it, those of the data folder.",
)
@click.option("--input", "sent", type=EXISTING, help="The file that was sent.")
@click.option("--output", "made", type=EXISTING, help="The file that came of it.")
def verify(path: Path, jwks: Path | None, sent: Path | None, made: Path | None) -> None:
    """Print what RECEIPT states, if its signature holds.

    The exit code is 1 if it does not, or if a file is another one.
    """
    try:
        claims = receipts.read(
            path.read_text(errors="replace").strip(), _published(jwks) if jwks else _own()
        )
    except TokenInvalid as error:
        click.echo(f"{path}: {error}", err=True)
        sys.exit(1)
    click.echo(json.dumps(claims, indent=2))
    given = {"input": sent, "output": made}
    wrong = [name for name, file in given.items() if file and not _is_of(claims, name, file)]
    for name in wrong:
        click.echo(f"{given[name]}: the receipt is of another {name}.", err=True)
    sys.exit(1 if wrong else 0)


def _own() -> receipts.Find:
    ring = key_ring(load_settings())

    def find(kid: str) -> Key | None:
        key = ring.find(kid)
        return key.verifier if key else None

    return find


def _published(path: Path) -> receipts.Find:
    """
    Raises:
        click.UsageError: the file holds no keys.
    """
    try:
        listed = json.loads(path.read_text())["keys"]
        keys = {one["kid"]: jwk.construct(one, receipts.ALGORITHM) for one in listed}
    except (ValueError, KeyError, TypeError, JWKError):
        raise click.UsageError(f"{path} is no JWK set (RFC 7517).") from None
    return keys.get


def _is_of(claims: Claims, name: str, file: Path) -> bool:
    told, found = claims.get(name), digested_file(file.name, file)
    return isinstance(told, dict) and told.get("sha256") == found["sha256"]
