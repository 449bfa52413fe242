"""`pixelgate worker`: engines for gateways on other machines, in the foreground."""

import asyncio
import re
import signal
import sys
from importlib.util import find_spec

import click

from gateway.cli.command import load_settings, name_misspelt
from gateway.http import logs
from gateway.pool.from_settings import slot_pool
from gateway.pool.model_check import check_models
from gateway.settings import HIGHEST_PORT, Settings
from gateway.store.scratch import open_scratch

_SCHEDULER = re.compile(r"(tcp|tls)://([\w.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def _address(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if not _SCHEDULER.fullmatch(text):
        raise click.BadParameter(f"{text} is no address; expected tcp://HOST:PORT or tls://….")
    return text


@click.command()
@click.argument("scheduler", callback=_address)
@click.option(
    "--slots", type=click.IntRange(1, 256), help="Engine processes; else PIXELGATE_SLOTS."
)
@click.option("--name", default="", help="How the scheduler lists it; its address if none.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME",
    help="What PIXELGATE_WORKER_LABELS of the gateways may choose it for; may be repeated.",
)
@click.option("--host", default="", help="Where to listen; the address that reaches SCHEDULER.")
@click.option(
    "--port", default=0, type=click.IntRange(0, HIGHEST_PORT), help="Where to listen; any if 0."
)
def worker(
    scheduler: str, slots: int | None, name: str, labels: tuple[str, ...], host: str, port: int
) -> None:
    """Compute for the gateways whose PIXELGATE_POOL names the same Dask scheduler.

    SCHEDULER is tcp://HOST:PORT, or tls://HOST:PORT with the settings PIXELGATE_POOL_TLS_…. There
    is no database; videos lie in the data folder's `scratch` while they are worked on. SIGTERM or
    Ctrl-C ends it when its jobs have ended.
    """
    settings = load_settings()
    name_misspelt()
    if find_spec("distributed") is None:
        sys.exit("pixelgate worker needs distributed: pip install 'pixelgate[dask]'.")
    if scheduler.startswith("tls:") != bool(settings.pool_tls_ca):
        sys.exit("An address tls://… and the settings PIXELGATE_POOL_TLS_… go together.")
    if slots:
        settings = settings.model_copy(update={"slots": slots})
    logs.configure(settings.log_level, settings.log_format)
    check_models(settings)
    asyncio.run(_work(settings, scheduler, name, labels, host, port))


async def _work(
    settings: Settings, scheduler: str, name: str, labels: tuple[str, ...], host: str, port: int
) -> None:
    # Not at the top: they are of an extra.
    from gateway.dialects.table import DialectTable
    from gateway.pool import PRELOAD
    from gateway.pool.cluster.files import ReceivedFiles
    from gateway.pool.cluster.from_settings import security
    from gateway.pool.cluster.worker import EngineWorker, ReportedQuarantine

    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    quarantine = ReportedQuarantine()
    pool = slot_pool(
        settings,
        queue_length=settings.queue_length,
        quarantine=quarantine,
        preload=(*PRELOAD, *DialectTable().preload),
    )
    with open_scratch(settings.data / "scratch") as scratch:
        engine_worker = EngineWorker(
            scheduler,
            pool,
            quarantine,
            slots=settings.slot_count,
            labels=labels,
            files=ReceivedFiles(scratch),
            security=security(settings),
            host=host,
            port=port,
            name=name,
        )
        await engine_worker.run(ending, drain_seconds=settings.drain_seconds)
