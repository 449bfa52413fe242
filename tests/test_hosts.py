"""Machines of a test's own: who reaches whom, and how it looks when they do not."""

import socket
from collections.abc import Iterator

import pytest

from tests.hosts import Host, hosts
from tests.serving import wait_until

SECONDS = 0.2
"""On one machine a packet is there at once, or never."""


@pytest.fixture
def three() -> Iterator[tuple[Host, Host, Host]]:
    with hosts("first", "second", "third") as made:
        yield made["first"], made["second"], made["third"]


def reaches(one: Host, other: Host) -> bool:
    """Whether a connection can be made."""
    with other.entered():
        listener = socket.create_server((other.address, 0))
    with listener, one.entered(), socket.socket() as probe:
        probe.settimeout(SECONDS)
        return probe.connect_ex(listener.getsockname()) == 0


def test_each_reaches_the_others(three: tuple[Host, Host, Host]) -> None:
    assert all(reaches(one, other) for one in three for other in three)


def test_one_without_its_cable_is_reached_again_when_it_has_it(
    three: tuple[Host, Host, Host],
) -> None:
    first, second, _ = three
    with second.unplugged():
        assert not reaches(first, second)
    wait_until(lambda: reaches(first, second))


def test_silence_between_two_hosts_is_theirs_alone(three: tuple[Host, Host, Host]) -> None:
    first, second, third = three
    with first.silent_to(second):
        assert not reaches(first, second)
        assert not reaches(second, first)
        assert reaches(first, third)
    assert reaches(first, second)
