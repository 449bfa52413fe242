"""What receipts of anonymised files state, and who signs them, however a file was asked for."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from auth import receipts
from auth.jws_checks import Claims
from auth.keys import KeyRing
from engines.anonymize import Params, anonymize
from engines.core.registry import engine_named
from gateway.issuer import key_ring
from gateway.settings import Settings


class Digested(TypedDict):
    """Which file it was."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Signer:
    """This installation; its keys sign tokens too, also where tokens are an outside issuer's."""

    issuer: str
    keys: KeyRing

    def sign(self, claims: Claims) -> str:
        """A JWS that `pixelgate receipt verify` reads."""
        return receipts.sign({"iss": self.issuer, "iat": int(time.time()), **claims}, self.keys)


def signer(settings: Settings) -> Signer:
    """Who signs; a data folder without keys gets one."""
    return Signer(settings.base_url, key_ring(settings))


def treatment(params: Params, hidden: object, models: Mapping[str, str]) -> Claims:
    """How something was hidden, and what."""
    return {
        "version": engine_named(anonymize.__name__).version,
        "method": params.method,
        "thresholds": dict(params.thresholds),
        "models": dict(models),
        "hidden": hidden,
    }


def digested(name: str, data: bytes) -> Digested:
    """The file of these bytes."""
    return Digested(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def digested_file(name: str, path: Path) -> Digested:
    """The file at this path."""
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return Digested(name=name, bytes=path.stat().st_size, sha256=digest)
