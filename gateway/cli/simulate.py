"""`pixelgate simulate`: how many slots, gateways and machines a load needs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, inf, isnan
from pathlib import Path
from typing import Any

import click
import orjson

from engines.core.errors import EngineError
from gateway.cli.command import load_settings
from gateway.settings import Settings
from gateway.simulation import sizing, times
from gateway.simulation.chart import Curve, chart
from gateway.simulation.service import Drawn, Layout, Load
from gateway.simulation.sizing import Goal, Plan

_FETCH_SECONDS = 10
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Number(click.FloatRange):
    """A number in a range; not-a-number lies in none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value} is no number.", param, ctx)
        return number


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command."""

    rates: Sequence[float]
    clients: Sequence[int]
    services: Sequence[str]
    times: Path | None
    metrics: str | None
    metrics_token: str | None
    slots: int | None
    gateways: int | None
    cores: float | None
    worker_cores: int | None
    p99: float
    refused: float
    gateway_ms: float
    dispatches: float | None
    link: float
    kilobytes: float
    requests: int
    seed: int
    is_json: bool
    picture: Path | None


@click.group("simulate", invoke_without_command=True, context_settings={"show_default": True})
@click.option(
    "--rate",
    "rates",
    type=_Number(0.001, 100_000),
    multiple=True,
    help="Requests a second, at random moments; several give a row each.",
)
@click.option(
    "--clients",
    type=click.IntRange(1, 10_000),
    multiple=True,
    help="Instead: clients, each of which asks again once it is answered. Needs --slots.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME=SHARE",
    help="What they ask for, for example edges=0.7; edges alone if none, or as --metrics tells.",
)
@click.option("--times", type=_FILE, help="What `measure` printed; else figures of our own.")
@click.option(
    "--metrics",
    metavar="URL|FILE",
    help="A running service's /metrics, which tells its true mix and times. Take it in a quiet "
    "hour: its seconds contain what computations waited for cores.",
)
@click.option("--metrics-token", envvar="PIXELGATE_METRICS_TOKEN", help="What opens that URL.")
@click.option("--slots", type=click.IntRange(1, 4096), help="In all; else the fewest that do.")
@click.option("--gateways", type=click.IntRange(1, 1024), help="Processes; else what they need.")
@click.option(
    "--cores",
    type=_Number(0.1, 4096),
    help="Of the machine that slots and gateways share; else as many as slots.",
)
@click.option(
    "--worker-cores",
    type=click.IntRange(1, 512),
    help="Of each machine of a cluster, which has as many slots; gateways are elsewhere.",
)
@click.option("--p99", type=_Number(1, 3_600_000), default=1000, help="The goal, ms.")
@click.option("--refused", type=_Number(0, 1), default=0.001, help="The goal, share of requests.")
@click.option("--gateway-ms", type=_Number(0.01, 1000), default=1.9, help="CPU a request.")
@click.option(
    "--dispatches",
    type=_Number(1, 1_000_000),
    help="Jobs/s of a scheduler that all pass; else gateways send them to machines themselves.",
)
@click.option("--link", type=_Number(1, 1_000_000), default=1000, help="To the service, Mbit/s.")
@click.option("--kilobytes", type=_Number(0.1, 1_000_000), default=200, help="Of a picture.")
@click.option(
    "--requests", type=click.IntRange(100, 10_000_000), default=20_000, help="For each row."
)
@click.option("--seed", type=int, default=0, help="Of what is random.")
@click.option("--json", "is_json", is_flag=True, help="A line of JSON for each row.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="An SVG file to draw p50, p95 and p99 into.",
)
@click.pass_context
def simulate(context: click.Context, /, **options: Any) -> None:
    """Say how many slots and gateways a load needs, and what it will see.

    \b
    pixelgate simulate --rate 10 --rate 30 --service edges=0.7 --service objectDetection=0.3
    pixelgate simulate --rate 30 --metrics http://127.0.0.1:8000/metrics
    pixelgate simulate --clients 8 --clients 64 --slots 2
    pixelgate simulate --rate 1000 --worker-cores 16

    The queue and the deadline are those of the settings. docs/scaling.md compares what was
    simulated with what was measured.
    """  # noqa: D301 - The character, not its name, keeps Click from filling lines.
    if context.invoked_subcommand is None:
        _simulate(load_settings(), Asked(**options))


@simulate.command("measure")
@click.argument("photo", type=_FILE)
@click.option("--service", "services", multiple=True, metavar="NAME", help="All if none.")
def measure(photo: Path, services: tuple[str, ...]) -> None:
    """Compute services of PHOTO on this machine, and print their times for --times.

    PHOTO should be as large as the pictures that will come.
    """
    from engines.process.preparation import prepare
    from engines.process.slot import begin
    from gateway.simulation import measuring  # it loads every engine

    engines = measuring.measurable()
    if unknown := {*services} - engines.keys():
        known = ", ".join(sorted(engines))
        raise click.BadParameter(f"{unknown.pop()} is none of {known}.", param_hint="--service")
    begin(load_settings().slot_memory_bytes, prepare)  # As slots are: memory is kept, one thread.
    measured, data = dict[str, times.Times](), photo.read_bytes()
    with click.progressbar(services or engines, label="Measuring", file=sys.stderr) as bar:
        for service in bar:
            try:
                measured[service] = measuring.times_of(engines[service], data)
            except EngineError as error:
                click.echo(f"{service}: {error}", err=True)
    if not measured:
        sys.exit(1)
    click.echo(times.as_json(measured), nl=False)


def _simulate(settings: Settings, asked: Asked) -> None:
    if bool(asked.rates) == bool(asked.clients):
        raise click.UsageError("Say either --rate or --clients.")
    if asked.clients and not asked.slots:
        raise click.UsageError("With --clients, say how many --slots there are.")
    try:
        drawn, mean_seconds = _engines(asked)
    except times.NoTimes as error:
        raise click.UsageError(f"{error}.") from None
    loads = [Load(rate=one, requests=asked.requests, seed=asked.seed) for one in asked.rates]
    loads += [Load(clients=one, requests=asked.requests, seed=asked.seed) for one in asked.clients]
    plans = list[Plan]()
    with click.progressbar(loads, label="Simulating", file=sys.stderr) as bar:
        for load in bar:
            plans.append(_plan(settings, asked, load, drawn, mean_seconds))
    rows = list(map(_row, plans))
    click.echo(
        "\n".join(orjson.dumps(row).decode() for row in rows) if asked.is_json else _table(rows)
    )
    if asked.picture:
        asked.picture.write_text(_drawn(rows))


def _engines(asked: Asked) -> tuple[Drawn, float]:
    """What draws an engine's seconds, and their mean."""
    measured = _measured(asked)
    mix = dict(map(_share, asked.services))
    if not mix:
        mix = times.mix_of(measured) if asked.metrics else {"edges": 1.0}
    if unknown := mix.keys() - measured:
        raise times.NoTimes(
            f"There are no times of {', '.join(sorted(unknown))}, "
            f"but of {', '.join(sorted(measured))}"
        )
    total = sum(mix.values())
    mean = sum(share * measured[name].mean for name, share in mix.items()) / total
    return times.mixture(measured, mix), mean


def _share(pair: str) -> tuple[str, float]:
    name, _, share = pair.partition("=")
    try:
        return name, _Number(0.0001, 1_000_000).convert(share or "1", None, None)
    except click.BadParameter:
        raise click.BadParameter(
            f"{pair} is no NAME=SHARE, for example edges=0.7.", param_hint="--service"
        ) from None


def _measured(asked: Asked) -> times.Measured:
    if asked.metrics is None:
        return times.from_json((asked.times or times.BUILT_IN).read_bytes())
    from engines.core.registry import catalogue  # it loads every engine

    services = {one.name: one.service for one in catalogue().values()}
    return times.from_metrics(_exposition(asked.metrics, asked.metrics_token), services)


def _exposition(where: str, token: str | None) -> str:
    if not where.startswith(("http://", "https://")):
        try:
            return Path(where).read_text()
        except (OSError, UnicodeDecodeError):
            raise times.NoTimes(f"{where} is no file of text that can be read") from None
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(where, headers=headers, timeout=_FETCH_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise times.NoTimes(f"{where} cannot be fetched: {error}") from None
    if answer.status_code != 200:
        raise times.NoTimes(f"{where} answers {answer.status_code} {answer.reason_phrase}")
    return answer.text


def _plan(settings: Settings, asked: Asked, load: Load, drawn: Drawn, mean_seconds: float) -> Plan:
    goal = Goal(asked.p99 / 1000, asked.refused)
    arrange = partial(_layout, settings, asked, load)
    if asked.slots:
        return sizing.tried(load, goal, drawn, arrange(asked.slots))
    return sizing.fewest_slots(load, goal, drawn, arrange, ceil(load.rate * mean_seconds))


def _layout(settings: Settings, asked: Asked, load: Load, slots: int) -> Layout:
    """That of so many slots, or a few more where they are not evenly spread."""
    needed = ceil(load.rate * asked.gateway_ms / 1000 / sizing.GATEWAY_LOAD)
    gateways = asked.gateways or max(1, needed)
    workers = ceil(slots / asked.worker_cores) if asked.worker_cores else 0
    each = asked.worker_cores or ceil(slots / gateways)
    return Layout(
        gateways=gateways,
        slots=each,
        cores=asked.worker_cores or asked.cores or gateways * each,
        workers=workers,
        dispatches=asked.dispatches or inf,
        queue_length=settings.queue_length,
        deadline_seconds=settings.deadline_seconds,
        gateway_seconds=asked.gateway_ms / 1000,
        link_bytes=asked.link * 1_000_000 / 8,
        picture_bytes=asked.kilobytes * 1000,
    )


def _row(plan: Plan) -> dict[str, Any]:
    load, layout, outcome = plan.load, plan.layout, plan.outcome
    return {
        **({"clients": load.clients} if load.clients else {"rate": load.rate}),
        "slots": layout.total_slots,
        "gateways": layout.gateways,
        **({"workers": layout.workers} if layout.workers else {"cores": layout.cores}),
        "answers/s": round(outcome.rate, 1),
        **{
            f"p{share} ms": round(1000 * outcome.percentile(share / 100), 1)
            for share in (50, 95, 99)
        },
        "refused": round(outcome.refused, 4),
        "busiest": outcome.busiest,
        "busy": round(outcome.load[outcome.busiest], 2),
        "goal": "met" if plan.is_met else "missed",
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [[*rows[0]], *([f"{value}" for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True))
        for line in lines
    )


def _drawn(rows: Sequence[dict[str, Any]]) -> str:
    """Percentiles by the load, of rows that had any answers."""
    name = "clients" if "clients" in rows[0] else "rate"
    curves = [
        Curve(one, [(row[name], row[one]) for row in rows if row[one]])
        for one in ("p50 ms", "p95 ms", "p99 ms")
    ]
    axis = "clients" if name == "clients" else "requests a second"
    return chart("From a request's first byte to its answer", axis, "ms", curves)
