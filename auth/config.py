"""What an issuer is told once, at start."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IssuerConfig:
    """Names and lifetimes of one realm; every absolute address comes from `public_url`."""

    public_url: str
    realm: str = "Production"
    access_seconds: int = 600
    refresh_seconds: int = 1_800
    session_seconds: int = 36_000
    offline_idle_seconds: int = 2_592_000
    rotate_refresh: bool = True
    require_https: bool = False
    service_scopes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        # The name stands in addresses and, quoted, in headers.
        if re.fullmatch(r"[A-Za-z0-9._-]+", self.realm) is None:
            raise ValueError("The realm's name has letters, digits, dots, _ and - only.")

    @property
    def issuer(self) -> str:
        return f"{self.public_url.rstrip('/')}/realms/{self.realm}"

    def endpoint(self, name: str) -> str:
        return f"{self.issuer}/protocol/openid-connect/{name}"
