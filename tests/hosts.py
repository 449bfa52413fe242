"""Machines of a test's own on one: network namespaces, wired to a switch that is one too.

Nothing of this machine's network is touched. Namespaces live as long as somebody is in them or has
them open, so that they go with the process that made them, however it ends.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from tests.needs import lack, need

NETWORK = "10.213.64"
_NEW_NETWORK = 0x4000_0000
"""CLONE_NEWNET of unshare(2)."""
_NOWHERE = "02:00:00:00:00:00"
_NOW = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network of its own, which a thread may enter; processes that it starts there stay there."""

    def __init__(self) -> None:
        with _coming_back():
            # Of the os module only in Python 3.12.
            if _libc.unshare(_NEW_NETWORK):
                _fail()
            self.file = os.open(_NOW, os.O_RDONLY | os.O_CLOEXEC)
            _ip("link", "set", "lo", "up")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Have this thread's new sockets and processes there, for a while."""
        with _coming_back():
            _enter(self.file)
            yield

    def ip(self, *words: str) -> None:
        """What `ip` does, there."""
        with self.entered():
            _ip(*words)


class Host(Namespace):
    """A machine with an address, on a port of the switch."""

    def __init__(self, switch: Namespace, number: int) -> None:
        super().__init__()
        self.address = f"{NETWORK}.{number}"
        self._switch = switch
        self._port = f"port{number}"
        at_host = f"/proc/{os.getpid()}/fd/{self.file}"
        wire = ("type", "veth", "peer", "name", "eth0", "netns", at_host)
        switch.ip("link", "add", self._port, *wire)
        switch.ip("link", "set", self._port, "master", "bridge", "up")
        self.ip("address", "add", f"{self.address}/24", "dev", "eth0")
        self.ip("link", "set", "eth0", "up")

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Without its cable, for a while: this machine can tell, the others cannot."""
        self._switch.ip("link", "set", self._port, "down")
        try:
            yield
        finally:
            self._switch.ip("link", "set", self._port, "up")

    @contextmanager
    def silent_to(self, other: "Host") -> Iterator[None]:
        """Packets between the two are lost, for a while; neither can tell, and all else works."""
        for one, far in ((self, other), (other, self)):
            one._neighbour("replace", far.address, "lladdr", _NOWHERE, "nud", "permanent")
        try:
            yield
        finally:
            for one, far in ((self, other), (other, self)):
                one._neighbour("del", far.address)

    def _neighbour(self, verb: str, address: str, *more: str) -> None:
        self.ip("neighbour", verb, address, *more, "dev", "eth0")


@contextmanager
def hosts(*names: str) -> Iterator[dict[str, Host]]:
    """Machines by name, each of which reaches all; skips the test where there can be none."""
    need("ip", "apt-get install iproute2", "/usr/sbin")
    with ExitStack() as closing:
        try:
            switch = Namespace()
            closing.callback(os.close, switch.file)
            # A port of a bridge that delays is deaf for a while, each time it comes up.
            switch.ip("link", "add", "bridge", "type", "bridge", "forward_delay", "0")
            switch.ip("link", "set", "bridge", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            lack(f"networks cannot be made here, which root may where kernels can: {error}")
        made = {}
        for number, name in enumerate(names, 1):
            made[name] = Host(switch, number)
            closing.callback(os.close, made[name].file)
        yield made


@contextmanager
def _coming_back() -> Iterator[None]:
    before = os.open(_NOW, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _enter(before)
        os.close(before)


def _enter(file: int) -> None:
    if _libc.setns(file, _NEW_NETWORK):
        _fail()


def _fail() -> NoReturn:
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))


def _ip(*words: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    subprocess.run(["ip", *words], env={"PATH": path}, check=True, capture_output=True, text=True)
