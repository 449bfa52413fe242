"""Whether the scaled-out service loses anything when its parts die, each on a host of its own.

Callers ask through nginx without a pause while one part after the other fails. They ask again
where they are told to; then each request must have had its right answer, and each task must have
ended as it should and have been told to its webhook. What is lost or wrong makes the exit code 1;
how long it took does not.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest

from benchmarks.http import print_row
from benchmarks.scale.callers import CALM, Ledger, Queued, Queuer, keep_asking, receiving
from benchmarks.scale.failures import BRIEFLY, FAILURES, Failure
from benchmarks.scale.site import Site, opened_site
from gateway.dialects.aerovision.routes import WEBHOOKS
from tests.serving import wait_until

CALLERS = 3
CALM_REQUESTS = 40
"""By whose times it is told what is slow."""
MAX_SECONDS = 120
AGAIN_SECONDS = 1
FAULTS = ("lost", "wrong", "tasks lost", "tasks wrong", "untold")
TELLING = ("aerovision", "celantur")
"""Kinds of tasks whose ends are told to a webhook."""


class Phase(NamedTuple):
    """A failure's time."""

    name: str
    began: float
    mended: float


def reign(site: Site, ledger: Ledger, failures: Sequence[Failure], seconds: float) -> list[Phase]:
    """Have them fail, each when all callers are served again after the one before."""
    began = time.monotonic()
    wait_until(lambda: len(ledger.asked) >= CALM_REQUESTS, seconds=MAX_SECONDS)
    ledger.usual_seconds = 2 * max(one.seconds for one in ledger.asked)
    phases = [Phase(CALM, began, time.monotonic())]
    for number, failure in enumerate(failures, 1):
        ledger.phase = f"{number} {failure.__name__}"
        began = time.monotonic()
        failure(site, seconds)
        phases.append(Phase(ledger.phase, began, time.monotonic()))
        wait_until(lambda: _are_served(ledger, since=phases[-1].mended), seconds=MAX_SECONDS)
    return phases


def _are_served(ledger: Ledger, since: float) -> bool:
    asked = [one for one in ledger.asked if one.began > since]
    served = {one.caller for one in asked if not ledger.is_disturbed(one)}
    return len(served) > CALLERS  # one more queues tasks


def measure(site: Site, failures: Sequence[Failure], seconds: float) -> list[dict[str, Any]]:
    """Let parts fail under load; what is told of each failure."""
    ledger, secret, host = Ledger(), secrets.token_hex(16), site.hosts["callers"]
    with host.entered(), receiving(ledger, host.address, secret) as receiver:
        queuer = Queuer(site, ledger, receiver)
        with site.client() as client, ThreadPoolExecutor(CALLERS + 1) as pool:
            webhook = {"url": f"{receiver}/aerovision", "secret": secret}
            client.post(WEBHOOKS, json=webhook).raise_for_status()
            going_on = [pool.submit(keep_asking, site, ledger) for _ in range(CALLERS)]
            going_on.append(pool.submit(queuer.keep_queueing))
            try:
                phases = reign(site, ledger, failures, seconds)
            finally:
                ledger.is_over.set()
            for one in going_on:
                one.result()
            faults = _task_faults(client, ledger, queuer)
    return [_row(phase, ledger, faults) for phase in phases]


def _task_faults(client: httpx.Client, ledger: Ledger, queuer: Queuer) -> Counter[tuple[str, str]]:
    """How many tasks of each phase ended otherwise than they should; waits until they have."""
    faults = Counter[tuple[str, str]]()
    open_tasks, end = list(ledger.queued), time.monotonic() + MAX_SECONDS
    while open_tasks and time.monotonic() < end:
        for task in list(open_tasks):
            is_right = queuer.is_right(client, task)
            if is_right is not None:
                faults[task.phase, "tasks wrong"] += not is_right
                open_tasks.remove(task)
        time.sleep(AGAIN_SECONDS)
    faults.update((task.phase, "tasks lost") for task in open_tasks)

    def untold() -> list[Queued]:
        return [one for one in ledger.queued if one.kind in TELLING and not ledger.told[one.id]]

    while untold() and time.monotonic() < end:
        time.sleep(AGAIN_SECONDS)
    faults.update((task.phase, "untold") for task in untold())
    return faults


def _row(phase: Phase, ledger: Ledger, faults: Counter[tuple[str, str]]) -> dict[str, Any]:
    asked = [one for one in ledger.asked if one.phase == phase.name]
    disturbed = [one.ended for one in asked if ledger.is_disturbed(one)]
    return {
        "failure": phase.name,
        "away s": round(phase.mended - phase.began, 1),
        "requests": len(asked),
        "again": sum(bool(one.again) for one in asked),
        "lost": sum(one.is_lost for one in asked),
        "wrong": sum(one.is_wrong for one in asked),
        "longest s": round(max(one.seconds for one in asked), 1),
        "tasks": sum(one.phase == phase.name for one in ledger.queued),
        **{name: faults[phase.name, name] for name in FAULTS[2:]},
        "disturbed s": round(max(disturbed, default=phase.began) - phase.began, 1),
        "recovered s": round(max(0, max(disturbed, default=0) - phase.mended), 1),
    }


def main() -> None:
    """Print a line for each failure, then all as JSON; exit with 1 where something is lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="that a part is away")
    parser.add_argument("--rounds", type=int, default=1, help="of all failures")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--briefly", action="store_true", help="each part once")
    kinds.add_argument("--only", nargs="*", default=(), help="failures, by name")
    chosen = parser.parse_args()
    named = [one for one in FAILURES if one.__name__ in chosen.only]
    failures = BRIEFLY if chosen.briefly else named or FAILURES
    print(
        f"{CALLERS + 1} callers, {len(failures)} failures of {chosen.seconds:g} s, "
        f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}"
    )
    try:
        with tempfile.TemporaryDirectory() as folder, opened_site(Path(folder)) as site:
            rows = measure(site, failures * chosen.rounds, chosen.seconds)
    except pytest.skip.Exception as lack:
        print(f"left out, {lack}")
        return
    for number, row in enumerate(rows):
        print_row(row, is_first=number == 0)
    print(json.dumps(rows))
    if found := [
        f"{row[name]} {name} ({row['failure']})" for row in rows for name in FAULTS if row[name]
    ]:
        sys.exit(f"The service lost or mistook something: {', '.join(found)}.")


if __name__ == "__main__":
    main()
