"""`pixelgate analyze`: the engines on files, without a server, in the same pool."""

import asyncio
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from engines.core.errors import BadParameter, EngineError
from engines.core.registry import Engine, by_service, catalogue
from engines.core.run import Answer, Job, name_of
from engines.core.shapes import File, Parameters
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
STEPS = 1000
"""Of the progress bar, for each file."""


with_paths = click.argument(
    "paths",
    metavar="FILE|FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
with_params = click.option(
    "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="As the service takes."
)


@click.command("analyze")
@click.argument("service")
@with_paths
@with_params
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
    return compute(settings, order, [*find(paths, SUFFIXES, leaving_out=out)], Shelf(out))


def compute(settings: Settings, order: "Order", found: Sequence["Found"], shelf: "Shelf") -> int:
    """The same for files that were found already."""
    is_done = shelf.has(order)
    wanted = [one for one in found if one.is_wanted]
    files = [one for one in wanted if not is_done(one)]
    ended, failures = list[Found](), list[Failed]()
    steps = STEPS * len(files)
    with click.progressbar(length=steps, label=order.engine.service, file=sys.stderr) as bar:
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
            end=ended.append,
            fail=failures.append,
        )
        with suppress(KeyboardInterrupt):
            asyncio.run(working)
    for failed in failures:
        click.echo(f"{failed.path}: {failed.reason}", err=True)
    computed = len(ended) - len(failures)
    skipped = _skipped(len(wanted) - len(files), len(found) - len(wanted))
    click.echo(f"{computed} computed, {len(failures)} failed, {skipped}.", err=True)
    if len(ended) < len(files):
        resume = "the same command goes" if shelf.folder else "with --out the same command would go"
        click.echo(f"Stopped after {len(ended)} of {len(files)}; {resume} on from there.", err=True)
        return INTERRUPTED
    return 1 if failures or not wanted else 0


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
    params = read_params(engine, pairs)
    return Order(engine, params, reference.read_bytes() if reference else None)


def read_params(engine: Engine, pairs: Sequence[str]) -> Parameters:
    """Parameters given as NAME=VALUE.

    Raises:
        click.UsageError: the engine has no such parameter, or does not take the value.
    """
    fields = dict(pair.partition("=")[::2] for pair in pairs)
    if unknown := fields.keys() - engine.params.model_fields.keys():
        names = ", ".join(engine.params.model_fields)
        raise click.UsageError(f"{engine.service} has no {min(unknown)}; it has {names or 'none'}.")
    try:
        return engine.params.from_text(fields)
    except BadParameter as error:
        raise click.UsageError(error.message) from None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be computed of every file.

    Args:
        engine: the computation.
        params: checked already.
        reference: what each picture is compared with, for engines that take two.
        present: the name of what makes a line and files of a result.
    """

    engine: Engine
    params: Parameters
    reference: bytes | None = None
    present: str = name_of(record)

    def job(self, found: "Found") -> Job:
        """The computation of one file.

        Raises:
            OSError: it cannot be read.
        """
        sent = self.engine.arranged(found.path.read_bytes(), self.reference)
        decoders = self.engine.whole_decoders if self.engine.draw else ()
        return Job(self.engine.name, sent, self.params, self.present, decoders)

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
    is_wanted: bool = True


def find(
    arguments: Iterable[Path], suffixes: Collection[str], *, leaving_out: Path | None = None
) -> Iterator[Found]:
    """The files named, and those of the folders named, but not earlier results."""
    left = leaving_out.resolve() if leaving_out else None
    for argument in arguments:
        if argument.is_dir():
            for path in sorted(argument.rglob("*")):
                if path.is_file() and left not in path.resolve().parents:
                    is_wanted = path.suffix.lower() in suffixes
                    yield Found(path, path.relative_to(argument), is_wanted)
        else:
            yield Found(argument, Path(argument.name))


class Shelf:
    """Where results go: a folder, or standard output, which takes no pictures."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / RESULTS).touch()

    def has(self, order: Order) -> Callable[[Found], bool]:
        """Whether an earlier run has done the same of a file as it is now."""
        known = dict[bytes, list[str]]()
        if self.folder:
            for text in (self.folder / RESULTS).read_bytes().splitlines():
                known |= _read_line(text)

        def is_done(found: Found) -> bool:
            written = known.get(_text(order.line(found.path)))
            return written is not None and self.is_whole(written)

        return is_done

    def is_whole(self, written: Sequence[str]) -> bool:
        """Whether the files of an earlier result are all that there should be, and still there."""
        assert self.folder is not None
        return all((self.folder / name).exists() for name in written)

    def name(self, found: Found, file: File) -> str:
        """How a file of a result is called below the folder."""
        return f"{found.name}.{file.name}"

    def put(self, order: Order, found: Found, answer: Answer) -> None:
        """Write the files, then the line, which says that all is there."""
        line = order.line(found.path) | orjson.loads(answer.body)
        if self.folder is None:
            click.echo(_text(line))
            return
        files = {self.name(found, file): file.data for file in answer.files}
        for name, data in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.part")
            draft.write_bytes(data)
            draft.replace(path)
        self.note(found, line | {"files": [*files]})

    def note(self, found: Found, line: dict[str, Any]) -> None:
        """Add a file's line to the results."""
        assert self.folder is not None
        with (self.folder / RESULTS).open("ab") as lines:
            lines.write(_text(line) + b"\n")

    def give_up(self, found: Found) -> None:
        """Clear away what was begun for a file without a result."""


def _text(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line)


def _read_line(text: bytes) -> dict[bytes, list[str]]:
    """What `Order.line` wrote of a line, and the files; nothing of one that was cut short."""
    try:
        line = orjson.loads(text)
        names = ("file", "modified", "service", "version", "params")
        return {_text({name: line[name] for name in names}): line["files"]}
    except (orjson.JSONDecodeError, KeyError):
        return {}


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
    end: Callable[[Found], None],
    fail: Callable[[Failed], None],
) -> None:
    """Compute every file; a bad one stops none of the others."""
    waiting = iter(files)

    async def work() -> None:
        for found in waiting:
            tell = _Teller(advance)
            try:
                answer = await pool.run(
                    order.job(found),
                    deadline_seconds=deadline_seconds,
                    owner="analyze",
                    progress=tell,
                )
                shelf.put(order, found, answer)
            except (EngineError, GatewayError, OSError) as error:
                shelf.give_up(found)
                fail(Failed(found.path, str(error)))
            end(found)
            tell(1)

    await pool.start()
    try:
        await asyncio.gather(*(work() for _ in range(at_once)))
    finally:
        await pool.stop(grace_seconds=deadline_seconds)


class _Teller:
    """Moves the bar on by what is new of a file's share."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._steps = 0

    def __call__(self, share: float) -> None:
        steps = max(self._steps, int(STEPS * share))  # a job may be begun anew
        self._advance(steps - self._steps)
        self._steps = steps
