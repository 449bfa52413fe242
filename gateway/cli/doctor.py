"""`pixelgate doctor`: what this machine lacks, and whether every engine answers as it should."""

import asyncio
import errno
import math
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import packages_distributions, version
from typing import Any

import click
import cv2
from sqlalchemy.exc import SQLAlchemyError

from engines.core.errors import EngineError
from engines.core.registry import Engine, catalogue
from engines.models import weights
from gateway.cli import drivers
from gateway.cli.command import load_settings, reason_of
from gateway.cli.db import state_of
from gateway.cli.drivers import Driver
from gateway.dialects.ltu import examples
from gateway.errors import EnginesUnreachable
from gateway.settings import Settings, without_password
from gateway.version import VERSION

_RELATIVE, _PIXELS, _SCORE = 0.02, 2, 0.02
"""How far numbers may lie from the known ones: other processors round otherwise."""


class State(StrEnum):
    """How a finding is to be taken."""

    FINE = "ok"
    OPTIONAL = "not there"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `text` says what was found, and how to mend it."""

    subject: str
    state: State
    text: str


@click.command("doctor")
def doctor() -> None:
    """Say what this machine lacks, and try every engine on a picture with a known answer."""
    sys.exit(report(load_settings(), click.echo))


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at the machine, then at every engine."""
    yield Finding("Pixelgate", State.FINE, VERSION)
    yield Finding("Python", State.FINE, sys.version.split()[0])
    yield _opencv()
    yield _onnxruntime(settings)
    yield _data(settings)
    yield from (_port(settings.host, port) for port in settings.ports)
    needed = list(drivers.needed(settings))
    yield from map(_driver, needed)
    if all(one.is_installed for one in needed if one.setting == "database"):
        yield _database(settings)
    if settings.pool.startswith("dask:") and all(one.is_installed for one in needed):
        yield _cluster(settings)
    yield _program("tesseract", "textDetection with provider=Tesseract", "tesseract-ocr")
    yield _program("java", "make sdk", "default-jre-headless")
    yield from _own_models(settings)
    cv2.setNumThreads(1)
    for engine in catalogue().values():
        yield _engine(engine)


def _opencv() -> Finding:
    """Of two OpenCV wheels the one installed last lies over the other."""
    wheels = sorted(set(packages_distributions().get("cv2", [])))
    if len(wheels) == 1:
        return Finding("OpenCV", State.FINE, f"{cv2.__version__} of {wheels[0]}")
    found = " and ".join(wheels)
    return Finding("OpenCV", State.WRONG, f"{found} are installed; uninstall all, then install one")


def _onnxruntime(settings: Settings) -> Finding:
    """Where models run, tried with the smallest of ours."""
    (check,) = weights.configure({}, preload=["text_angle"], device=settings.device)
    if check.fault:
        return Finding("onnxruntime", State.WRONG, check.fault)
    if check.passed_over:
        text = f"{check.passed_over}; models run on the CPU. PIXELGATE_DEVICE=cpu if meant so"
        return Finding("onnxruntime", State.OPTIONAL, text)
    return Finding("onnxruntime", State.FINE, f"models run on the {check.device}")


def _data(settings: Settings) -> Finding:
    folder = settings.data.resolve()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return Finding("Data folder", State.FINE, str(folder))
    text = f"{folder} cannot be written; let PIXELGATE_DATA name another"
    return Finding("Data folder", State.WRONG, text)


def _database(settings: Settings) -> Finding:
    """Whether it is there and can be read."""
    try:
        return Finding("Database", State.FINE, state_of(settings.database_url))
    except (OSError, SQLAlchemyError) as error:
        text = f"{without_password(settings.database_url)}: {reason_of(error)}"
        return Finding("Database", State.WRONG, text)


def _port(host: str, port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                text = f"{port} is in use, perhaps by the service; or set another"
                return Finding("Port", State.OPTIONAL, text)
            return Finding("Port", State.WRONG, f"{port}: {error.strerror}")
    return Finding("Port", State.FINE, f"{port} is free")


def _driver(driver: Driver) -> Finding:
    if driver.is_installed:
        return Finding(driver.package, State.FINE, version(driver.package))
    return Finding(driver.package, State.WRONG, driver.remedy)


def _cluster(settings: Settings) -> Finding:
    """Whether the scheduler is there, and what it knows of workers."""
    # Not at the top: they are of an extra.
    from gateway.pool.cluster.from_settings import address, cards
    from gateway.pool.cluster.scheduler import is_ours

    try:
        found = asyncio.run(cards(settings))
    except EnginesUnreachable:
        return Finding("Dask", State.WRONG, f"no scheduler answers at {settings.pool}")
    ours = [one for one in found if one and is_ours(one)]
    text = f"{sum(one.slots for one in ours)} slots of {len(ours)} workers"
    if len(ours) < len(found):
        text += f"; {len(found) - len(ours)} more are not of version {VERSION}"
    if not ours:
        text += f"; start one: pixelgate worker {address(settings)}"
    return Finding("Dask", State.FINE if ours else State.WRONG, text)


def _program(name: str, purpose: str, package: str) -> Finding:
    if shutil.which(name):
        return Finding(name, State.FINE, f"for {purpose}")
    return Finding(name, State.OPTIONAL, f"only for {purpose}: apt-get install {package}")


def _own_models(settings: Settings) -> Iterator[Finding]:
    """Whether those that the settings bring load; the engines are tried with ours."""
    checks = weights.configure(settings.models, settings.models, settings.device)
    weights.configure({}, device=settings.device)
    for check in checks:
        state = State.WRONG if check.fault else State.FINE
        yield Finding(check.name, state, check.fault or f"{check.title}, {check.description}")


def _engine(engine: Engine) -> Finding:
    """Whether the engine says of a known picture what it said when this was packed."""
    known = examples.of(engine.service)
    if known is None:
        return Finding(engine.service, State.WRONG, "no known answer: run `make spec`")
    start = time.perf_counter()
    try:
        found = examples.computed(engine)
    except EngineError as error:
        return Finding(engine.service, State.WRONG, error.message)
    milliseconds = 1000 * (time.perf_counter() - start)
    device = found["details"]["info"].get("device", "CPU")
    text = f"{milliseconds:.0f} ms on {device}"
    if difference := next(differences(known, found), ""):
        return Finding(engine.service, State.WRONG, f"{text}, not the known answer: {difference}")
    return Finding(engine.service, State.FINE, f"the known answer, {text}")


def differences(known: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where two answers differ by more than rounding."""
    if isinstance(known, dict) and isinstance(found, dict) and known.keys() == found.keys():
        for name in known:
            yield from differences(known[name], found[name], f"{place}.{name}")
    elif isinstance(known, list) and isinstance(found, list) and len(known) == len(found):
        for number, (one, other) in enumerate(zip(known, found, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif not _agree(known, found):
        yield f"{place.lstrip('.')} is {found!r}, expected {known!r}"


def _agree(known: Any, found: Any) -> bool:
    if isinstance(known, int | float) and isinstance(found, int | float):
        absolute = _PIXELS if isinstance(known, int) else _SCORE
        return math.isclose(known, found, rel_tol=_RELATIVE, abs_tol=absolute)
    return bool(known == found)


def report(settings: Settings, say: Callable[[str], None]) -> int:
    """Print the findings as they come; answers the exit code."""
    wrong = 0
    for finding in examine(settings):
        say(f"{finding.subject:<20} {finding.state:<10} {finding.text}")
        wrong += finding.state is State.WRONG
    say({0: "Nothing is wrong.", 1: "1 thing is wrong."}.get(wrong, f"{wrong} things are wrong."))
    return 1 if wrong else 0
