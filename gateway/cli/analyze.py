"""`pixelgate analyze`: the engines on files, without a server, in the same pool."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from engines.core.errors import BadParameter, EngineError
from engines.core.registry import Engine, by_service, catalogue
from engines.core.run import Answer, Job, name_of
from engines.core.shapes import Parameters
from gateway.cli.command import load_settings
from gateway.cli.records import record
from gateway.errors import GatewayError
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import Pool
from gateway.pool.from_settings import slot_pool
from gateway.settings import Settings

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif")
RESULTS = "results.jsonl"
INTERRUPTED = 128 + signal.SIGINT


@click.command("analyze")
@click.argument("service")
@click.argument(
    "paths",
    metavar="FILE|FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="As the service takes.")
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What each picture is compared with: the first of two, or the template looked for in it.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results.jsonl and pictures; what is there already is not computed again. "
    "Without it the lines go to standard output, and no pictures are written.",
)
def analyze(
    service: str,
    paths: tuple[Path, ...],
    pairs: tuple[str, ...],
    reference: Path | None,
    out: Path | None,
) -> None:
    """Compute SERVICE of pictures in files, without a server.

    Bad files are listed at the end, and make the exit code 1; so does a folder without pictures.
    """
    sys.exit(run(load_settings(), service, paths, pairs, reference, out))


def run(
    settings: Settings,
    service: str,
    paths: Sequence[Path],
    pairs: Sequence[str],
    reference: Path | None,
    out: Path | None,
) -> int:
    """Compute all, say what failed and what was skipped, and answer the exit code."""
    order = read_order(service, pairs, reference)
    shelf = Shelf(out)
    is_done = shelf.has(order)
    found = [*find(paths, leaving_out=out)]
    pictures = [one for one in found if one.is_picture]
    files = [one for one in pictures if not is_done(one.path)]
    failures = list[Failed]()
    with click.progressbar(length=len(files), label=service, file=sys.stderr) as bar:
        working = analyze_all(
            order,
            files,
            pool=slot_pool(
                settings, queue_length=2 * settings.slot_count, quarantine=MemoryQuarantine()
            ),
            at_once=2 * settings.slot_count,
            deadline_seconds=order.engine.seconds(settings.deadline_seconds),
            shelf=shelf,
            advance=bar.update,
            fail=failures.append,
        )
        with suppress(KeyboardInterrupt):
            asyncio.run(working)
    for failed in failures:
        click.echo(f"{failed.path}: {failed.reason}", err=True)
    computed = bar.pos - len(failures)
    skipped = _skipped(len(pictures) - len(files), len(found) - len(pictures))
    click.echo(f"{computed} computed, {len(failures)} failed, {skipped}.", err=True)
    if bar.pos < len(files):
        resume = "the same command goes" if out else "with --out the same command would go"
        click.echo(f"Stopped after {bar.pos} of {len(files)}; {resume} on from there.", err=True)
        return INTERRUPTED
    return 1 if failures or not pictures else 0


def _skipped(before: int, others: int) -> str:
    """How many files were not looked at, and why."""
    names = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
    reasons = {"computed before": before, f"not called {names}": others}
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    return f"{before + others} skipped{told and f': {told}'}"


def read_order(service: str, pairs: Sequence[str], reference: Path | None) -> "Order":
    """Check what was asked for.

    Raises:
        click.UsageError: there is no such service, or it cannot be told this.
    """
    engine = by_service(service)
    if engine is None:
        known = ", ".join(one.service for one in catalogue().values())
        raise click.UsageError(f"There is no service {service}; there are {known}.")
    needed = sum(one.is_required for one in engine.inputs)
    if needed != (1 if reference is None else 2):
        named = f"; --reference names {engine.reference}" if engine.reference else ""
        raise click.UsageError(f"{service} takes {needed} picture(s){named}.")
    fields = dict(pair.partition("=")[::2] for pair in pairs)
    if unknown := fields.keys() - engine.params.model_fields.keys():
        names = ", ".join(engine.params.model_fields)
        raise click.UsageError(f"{service} has no {min(unknown)}; it has {names or 'none'}.")
    try:
        params = engine.params.from_text(fields)
    except BadParameter as error:
        raise click.UsageError(error.message) from None
    return Order(engine, params, reference.read_bytes() if reference else None)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be computed of every file.

    Args:
        engine: the computation.
        params: checked already.
        reference: what each picture is compared with, for engines that take two.
    """

    engine: Engine
    params: Parameters
    reference: bytes | None = None

    def job(self, picture: bytes) -> Job:
        sent = self.engine.arranged(picture, self.reference)
        return Job(self.engine.name, sent, self.params, name_of(record))

    def line(self, file: Path) -> dict[str, Any]:
        """How a result of this order begins; an equal beginning is an equal result."""
        return {
            "file": str(file),
            "modified": file.stat().st_mtime,
            "service": self.engine.service,
            "version": self.engine.version,
            "params": self.params.model_dump(mode="json"),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A file, how its results are called below the folder of results, and whether it counts."""

    path: Path
    name: Path
    is_picture: bool = True


def find(arguments: Iterable[Path], *, leaving_out: Path | None = None) -> Iterator[Found]:
    """The files named, and those of the folders named, but not earlier results."""
    for argument in arguments:
        if argument.is_dir():
            for path in sorted(argument.rglob("*")):
                if path.is_file() and leaving_out not in path.parents:
                    is_picture = path.suffix.lower() in SUFFIXES
                    yield Found(path, path.relative_to(argument), is_picture)
        else:
            yield Found(argument, Path(argument.name))


class Shelf:
    """Where results go: a folder, or standard output, which takes no pictures."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / RESULTS).touch()

    def has(self, order: Order) -> Callable[[Path], bool]:
        """Whether an earlier run has done the same of a file as it is now."""
        known = set()
        if self._folder:
            for text in (self._folder / RESULTS).read_bytes().splitlines():
                known.add(_beginning(text))
        return lambda path: _text(order.line(path)) in known

    def put(self, order: Order, found: Found, answer: Answer) -> None:
        """Write the files, then the line, which says that all is there."""
        line = _text(order.line(found.path) | orjson.loads(answer.body))
        if self._folder is None:
            click.echo(line)
            return
        for file in answer.files:
            path = self._folder / f"{found.name}.{file.name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
        with (self._folder / RESULTS).open("ab") as lines:
            lines.write(line + b"\n")


def _text(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line)


def _beginning(text: bytes) -> bytes:
    """What `Order.line` wrote of a line; nothing of one that was cut short."""
    try:
        line = orjson.loads(text)
        return _text(
            {name: line[name] for name in ("file", "modified", "service", "version", "params")}
        )
    except (orjson.JSONDecodeError, KeyError):
        return b""


@dataclass(frozen=True, slots=True)
class Failed:
    """A file without a result, and why."""

    path: Path
    reason: str


async def analyze_all(
    order: Order,
    files: list[Found],
    *,
    pool: Pool,
    at_once: int,
    deadline_seconds: float,
    shelf: Shelf,
    advance: Callable[[int], None],
    fail: Callable[[Failed], None],
) -> None:
    """Compute every file; a bad one stops none of the others."""
    waiting = iter(files)

    async def work() -> None:
        for found in waiting:
            try:
                job = order.job(found.path.read_bytes())
                answer = await pool.run(job, deadline_seconds=deadline_seconds, owner="analyze")
                shelf.put(order, found, answer)
            except (EngineError, GatewayError, OSError) as error:
                fail(Failed(found.path, str(error)))
            advance(1)

    await pool.start()
    try:
        await asyncio.gather(*(work() for _ in range(at_once)))
    finally:
        await pool.stop(grace_seconds=deadline_seconds)
