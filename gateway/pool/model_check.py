"""A look at the user's own models before engine processes load them."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import structlog

from engines.models import weights
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
        for check in process.submit(
            weights.configure, dict(settings.models), names, settings.device
        ).result():
            if check.fault:
                log.error("model cannot be used", model=check.name, fault=check.fault)
            if check.passed_over:
                log.warning("model runs on the CPU", model=check.name, reason=check.passed_over)
