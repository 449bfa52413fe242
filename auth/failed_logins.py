"""Guessing passwords is slowed (OWASP ASVS 2.2.1): failed logins are rows, so all workers count.

Waits grow for a user and an address together, so nobody is locked out by a stranger's guesses;
an address that fails for very many users has to wait for all of them.
"""

import ipaddress
import math
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, delete, func, insert, select

from auth.errors import TooManyLogins
from auth.tables import failed_logins
from auth.users import fold_name

WINDOW_SECONDS = 3_600.0
FREE_FAILURES = 5
LONGEST_WAIT_SECONDS = 900.0
ADDRESS_MARK = 200
NAME_CHARACTERS = 128


class FailedLogins:
    """Counts failures of the last hour and tells how long to wait."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads_only=True)
        self._clock = clock

    def check(self, user_name: str, address: str) -> None:
        """Refuse a login that comes too early, whether or not its password is right."""
        origin = _origin(address)
        with self._reads.connect() as connection:
            until = max(
                self._pair_waits_until(connection, _key(user_name), origin),
                self._address_waits_until(connection, origin),
            )
        wait_seconds = until - self._clock()
        if wait_seconds > 0:
            whole = math.ceil(wait_seconds)
            message = f"Too many failed logins; try again in {whole} s."
            raise TooManyLogins(message, retry_after_seconds=whole)

    def record(self, user_name: str, address: str) -> None:
        now = self._clock()
        row = {"user_name": _key(user_name), "address": _origin(address), "failed_at": now}
        old = failed_logins.c.failed_at < now - WINDOW_SECONDS
        with self._engine.begin() as connection:
            connection.execute(delete(failed_logins).where(old))
            connection.execute(insert(failed_logins).values(row))

    def forgive(self, user_name: str, address: str) -> None:
        """A right password clears what this user failed from this address."""
        of_pair = failed_logins.c.user_name == _key(user_name)
        of_pair &= failed_logins.c.address == _origin(address)
        with self._reads.connect() as connection:
            if connection.execute(select(failed_logins.c.id).where(of_pair)).first() is None:
                return
        with self._engine.begin() as connection:
            connection.execute(delete(failed_logins).where(of_pair))

    def _pair_waits_until(self, connection: Connection, user_name: str, address: str) -> float:
        query = select(func.count(), func.max(failed_logins.c.failed_at)).where(
            failed_logins.c.address == address,
            failed_logins.c.user_name == user_name,
            failed_logins.c.failed_at > self._clock() - WINDOW_SECONDS,
        )
        count, last = connection.execute(query).one()
        if count < FREE_FAILURES:
            return 0.0
        # The exponent is bounded, as the count is not.
        wait_seconds = min(2.0 ** min(count - FREE_FAILURES, 16), LONGEST_WAIT_SECONDS)
        return float(last + wait_seconds)

    def _address_waits_until(self, connection: Connection, address: str) -> float:
        query = (
            select(failed_logins.c.failed_at)
            .where(failed_logins.c.address == address)
            .order_by(failed_logins.c.failed_at.desc())
            .offset(ADDRESS_MARK - 1)
            .limit(1)
        )
        marked = connection.execute(query).scalar()
        return 0.0 if marked is None else float(marked + WINDOW_SECONDS)


def _key(user_name: str) -> str:
    return fold_name(user_name[:NAME_CHARACTERS])[:NAME_CHARACTERS]


def _origin(address: str) -> str:
    """One IPv6 customer owns a /64; an IPv4 address may come dressed as IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
