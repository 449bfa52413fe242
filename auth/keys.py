"""RSA keys that sign tokens (RFC 7517, 7518, 7638), and the secret of refresh tokens.

The folder is the truth, so that every worker and the command line see the same keys: a file's
name tells since when its key signs. A key is published before it signs, and for as long
afterwards as a token signed by it may live.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyRSAKey
from jose.utils import base64url_encode

from auth.errors import SigningKeyUnusable
from auth.private_files import locked, write_private

KEY_BITS = 2048
SECRET_BYTES = 64

# A new key signs only after every worker has looked into the folder again.
LOOK_EVERY_SECONDS = 2.0
PUBLISHED_BEFORE_USE_SECONDS = 5.0


@dataclass(frozen=True)
class SigningKey:
    """One key pair, and since when it signs."""

    kid: str
    signs_since: float
    private: RSAPrivateKey

    @cached_property
    def signer(self) -> Key:
        return CryptographyRSAKey(self.private, "RS256")

    @cached_property
    def verifier(self) -> Key:
        return self.signer.public_key()

    @property
    def public_key(self) -> str:
        """SubjectPublicKeyInfo as base64 DER, as Keycloak's realm shows it."""
        public = self.private.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    @property
    def jwk(self) -> dict[str, str]:
        return {"kid": self.kid, "use": "sig", **self.verifier.to_dict()}


class KeyRing:
    """The keys of one folder; `lifetime_seconds` is that of the longest token they sign."""

    def __init__(
        self, folder: Path, *, lifetime_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._folder):
            self.refresh_secret = self._open_secret()
            if not self._key_files():
                self._write_key(signs_since=clock())
        self._looked_at = clock()
        self._look()

    def signing(self) -> SigningKey:
        self._look_when_due()
        ready = [key for key in self._keys if key.signs_since <= self._clock()]
        return ready[-1] if ready else self._keys[0]

    def published(self) -> list[SigningKey]:
        self._look_when_due()
        replaced_at = [key.signs_since for key in self._keys[1:]] + [float("inf")]
        until = [moment + self._lifetime_seconds for moment in replaced_at]
        now = self._clock()
        return [key for key, end in zip(self._keys, until, strict=True) if now < end]

    def find(self, kid: str) -> SigningKey | None:
        return next((key for key in self.published() if key.kid == kid), None)

    def holds(self, kid: str) -> bool:
        """Whether its folder has a key, be it one that is published no more."""
        self._look_when_due()
        return any(key.kid == kid for key in self._keys)

    def fingerprint(self) -> str:
        """The same for all that share the folder's secret, which it does not tell."""
        return hmac.new(self.refresh_secret, b"fingerprint", "sha256").hexdigest()

    def rotate(self) -> str:
        """Publish a new key that signs from a few seconds on, and drop keys nobody needs."""
        with locked(self._folder):
            self._look()
            kept = {key.kid for key in self.published()}
            for path in self._key_files():
                if _kid_of(path) not in kept:
                    path.unlink()
            kid = self._write_key(signs_since=self._clock() + PUBLISHED_BEFORE_USE_SECONDS)
            self._look()
        return kid

    def _look_when_due(self) -> None:
        # A clock set back must not stop us from looking.
        if not 0 <= self._clock() - self._looked_at < LOOK_EVERY_SECONDS:
            self._looked_at = self._clock()
            self._look()

    def _look(self) -> None:
        known = {key.kid: key for key in self._keys}
        found = [known.get(_kid_of(path)) or _read_key(path) for path in self._key_files()]
        keys = [key for key in found if key is not None]
        self._keys = tuple(sorted(keys, key=lambda key: (key.signs_since, key.kid))) or self._keys

    def _key_files(self) -> list[Path]:
        return list(self._folder.glob("*.pem"))

    def _write_key(self, *, signs_since: float) -> str:
        private = generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
        kid = _thumbprint(private)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._folder / f"{signs_since:.3f}-{kid}.pem", pem)
        return kid

    def _open_secret(self) -> bytes:
        path = self._folder / "refresh.secret"
        if not path.exists():
            write_private(path, secrets.token_bytes(SECRET_BYTES))
        secret = path.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise SigningKeyUnusable(f"{path.name} holds {len(secret)} bytes, not {SECRET_BYTES}.")
        return secret


def _read_key(path: Path) -> SigningKey | None:
    try:
        # Checking a key that we made takes 30 ms, and a rotation is noticed on the event loop.
        private = load_pem_private_key(
            path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
        )
        signs_since = float(path.stem.partition("-")[0])
    except FileNotFoundError:
        return None  # Another process has just dropped it.
    except ValueError as error:
        raise SigningKeyUnusable(f"{path.name} cannot be read as a key; expected PEM.") from error
    if not isinstance(private, RSAPrivateKey) or _thumbprint(private) != _kid_of(path):
        raise SigningKeyUnusable(f"{path.name} does not hold the RSA key that its name tells.")
    return SigningKey(_kid_of(path), signs_since, private)


def _kid_of(path: Path) -> str:
    return path.name.removesuffix(".pem").partition("-")[2]


def _thumbprint(private: RSAPrivateKey) -> str:
    """RFC 7638: the key names itself, whoever writes it down."""
    key: Key = CryptographyRSAKey(private.public_key(), "RS256")
    public = key.to_dict()
    text = f'{{"e":"{public["e"]}","kty":"RSA","n":"{public["n"]}"}}'
    return base64url_encode(hashlib.sha256(text.encode()).digest()).decode()
