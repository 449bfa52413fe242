"""Secrets of callers at rest: encrypted under a key that lies outside the database."""

import hmac
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from auth.private_files import locked, write_private
from gateway.errors import SecretUnreadable


class SecretBox:
    """Seals texts (Fernet: AES-128-CBC with HMAC-SHA256).

    Args:
        folder: of the key, which all workers share; it is made when a secret is first sealed,
            and read each time, so that one brought back from a backup is good at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "secrets.fernet"

    def seal(self, text: str) -> str:
        """A text that only this box can open.

        Raises:
            SecretUnreadable: the key is damaged.
        """
        self._make_key()
        return self._fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed.

        Raises:
            SecretUnreadable: it was sealed under another key, or the key is gone or damaged.
        """
        try:
            return self._fernet().decrypt(sealed).decode()
        except InvalidToken:
            raise SecretUnreadable("The secret was stored under another key.") from None

    def fingerprint(self) -> str:
        """The same for boxes of one key, which it does not tell; a key is made if there is none."""
        self._make_key()
        return hmac.new(self._path.read_bytes(), b"fingerprint", "sha256").hexdigest()

    def _make_key(self) -> None:
        if self._path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._folder):
            if not self._path.exists():
                write_private(self._path, Fernet.generate_key())

    def _fernet(self) -> Fernet:
        try:
            return Fernet(self._path.read_bytes())
        except FileNotFoundError:
            raise SecretUnreadable("The key of stored secrets is gone.") from None
        except ValueError:
            raise SecretUnreadable("The key of stored secrets is damaged.") from None
