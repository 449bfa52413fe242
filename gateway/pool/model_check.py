"""A look at the user's own models before engine processes load them."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import structlog

from engines.models import weights
from engines.models.weights import Check, ModelFiles
from gateway.settings import Settings

log = structlog.get_logger()


def check_models(settings: Settings) -> None:
    """Log which of the user's models cannot be used; their services will answer 501."""
    names = tuple(sorted({*settings.models, *settings.preload}))
    if not names:
        return
    # In a process of its own, with which the models leave the memory again.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as process:
        for check in process.submit(_check, dict(settings.models), names).result():
            if check.fault:
                log.error("model cannot be used", model=check.name, fault=check.fault)


def _check(replaced: dict[str, ModelFiles], names: tuple[str, ...]) -> tuple[Check, ...]:
    return weights.configure(replaced, preload=names)
