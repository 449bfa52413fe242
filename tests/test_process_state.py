"""Nothing that another process needs lives in one process: what a process remembers, and why.

What is new fails here until its reason is written down. A reason is good where it says why a
second gateway, on another machine, is right without it, or from where it has the same.
"""

import ast
import json
import subprocess
import sys

import pytest

from tests import process_state
from tests.needs import ROOT
from tests.servers import new_database

IN_MODULES = {
    "a pure function's answers, the same in every process": [
        "engines.core.registry.catalogue",
        "engines.core.run._presenter",
        "engines.process.wire_format._sizes",
        "gateway.dialects.ltu.reading._known_names",
        "gateway.dialects.ltu.services.table.inputs_of",
        "engines.vision.marking._font",
        "gateway.dialects.admin.describe.describe",
        "gateway.dialects.aerovision.describe.describe",
        "gateway.dialects.celantur.describe.describe",
        "gateway.dialects.ltu.describe.describe",
        "gateway.dialects.ltu.examples._written",
        "gateway.intake.accept.prefers",
    ],
    "a file of the installation or the project, by its content where that may change": [
        "engines.inspection.flow._reference",
        "engines.models.languages._identifier",
        "engines.models.weights._digest",
        "engines.models.weights._kept",
    ],
    "a program of this machine": [
        "engines.models.tesseract._prefix",
        "engines.models.tesseract.languages",
        "engines.models.tesseract.version",
    ],
    "a setting, told to each process when it starts": [
        "engines.core.pixels.Image",
        "engines.core.pixels._limits",
        "engines.models.weights._device",
        "engines.models.weights._replaced",
        "gateway.http.server.Worker.CONFIG_KWARGS",
        "gateway.metrics.values",
    ],
    "filled by imports, and by nothing later": [
        "engines.core.registry._engines",
        "gateway.openapi.yaml_text._Dumper.yaml_representers",
    ],
    "of the one job that an engine process computes": [
        "engines.core.standard_error._pipe",
        "engines.core.progress._heard_at",
        "engines.core.progress._listener",
    ],
    "one byte that the processes of a service share; SIGHUP reaches one service, not others": [
        "gateway.http.logs._lowest",
    ],
    "threads for this process's own calls": [
        "gateway.dialects.ltu.receipts._DIGESTS",
        "gateway.dialects.ltu.tasks._DIGESTS",
        "gateway.dialects.pekat.shared_memory._threads",
        "gateway.intake.forms.TEXT_THREADS",
        "gateway.intake.pictures.TEXT_THREADS",
        "gateway.intake.spooled.WRITING_THREADS",
        "gateway.store.scratch.REMOVING_THREADS",
    ],
    "an error that is described and never raised": [
        "gateway.dialects.describe_errors._FAULT",
        "gateway.dialects.dialect._UNFORESEEN",
    ],
    "chance, and each process may have its own": ["gateway.store.last_images.random"],
    "fsspec's instances by their arguments; they know nothing of files": [
        "gateway.store.storage.PrivateFolder._cache",
        "gateway.store.storage.PrivateFolder._instantiation_lock",
    ],
}

IN_GATEWAYS = {
    "rows, read again after a second": [
        "auth.cache.FreshCache._kept",
        "auth.cache.FreshCache._locks",
        "gateway.store.known_rows.KnownRows._read_at",
        "gateway.store.known_rows.KnownRows.known",
    ],
    "files of a folder that all share, looked at again after two seconds": [
        "auth.keys.KeyRing._keys",
        "auth.keys.KeyRing._looked_at",
    ],
    "the outside issuer's keys, fetched by each, and again for one that is not known": [
        "auth.outside.OutsideKeys._asked_at",
        "auth.outside.OutsideKeys._configuration",
        "auth.outside.OutsideKeys._fetched_at",
        "auth.outside.OutsideKeys._keys",
    ],
    "when this process last failed to reach the database, to try it once a second": [
        "gateway.store.database._Connecting._waited_until",
    ],
    "a hash of nobody's password, only to take as long as another": [
        "auth.users.Users._nobodys_hash",
    ],
    "answers that are only missed; `redis://` has them for all, and is left alone by each": [
        "gateway.cache.in_redis.RedisAnswers._is_away",
        "gateway.cache.in_redis.RedisAnswers._tried_at",
        "gateway.cache.memory.MemoryAnswers._kept",
        "gateway.cache.memory.MemoryAnswers.held_bytes",
    ],
    "made of settings or of the package at the start, and not changed": [
        "auth.endpoint.IssuerEndpoint.handlers",
        "gateway.app._Service.parts",
        "engines.models.catalogue.Entry.gives",
        "gateway.console.Files.all_directories",
        "gateway.console.Guide.all_directories",
        "gateway.dialects.dialect.Resource._by_method",
        "gateway.dialects.pekat.parts.Projects._by_name",
        "gateway.dialects.pekat.parts.Projects._by_port",
        "gateway.dialects.table.DialectTable.routes",
        "gateway.http.lifecycle.Lifecycle.routes",
        "gateway.intake.addresses.AddressGuard._allowed_hosts",
        "gateway.intake.addresses.AddressGuard._allowed_networks",
        "gateway.intake.fetch.Fetcher._headers",
        "gateway.issuer.IssuerWiring.routes",
        "gateway.pool.fork_server.ForkServer._environment",
        "gateway.store.storage.PrivateFolder._invalidated_caches_in_transaction",
        "gateway.store.storage.PrivateFolder.storage_options",
        "gateway.tasks.queue.TaskQueue._works",
        "gateway.tasks.runner.Runner._works",
    ],
    "what this process has said already in the log": ["gateway.gateways.Gateways._said"],
    "this process ends, not another": ["gateway.http.lifecycle.Lifecycle.is_draining"],
    "what is done at once here, of a bound that settings state for each gateway process": [
        "auth.threads.Threads._unended",
        "gateway.intake.fetch.Fetcher._taken_by",
        "gateway.http.middleware.RequestMiddleware._running",
        "gateway.limits.admission.Places._taken",
        "gateway.limits.memory_budget.MemoryBudget.held_by",
        "gateway.limits.memory_budget.MemoryBudget.held_bytes",
    ],
    "counted for Prometheus, which adds processes and machines": [
        "gateway.metrics.Metrics._now",
        "gateway.metrics.Metrics._sampled",
        "gateway.metrics.Metrics._since_start",
    ],
    "counts and log lines of a tenth of a second": [
        "gateway.write_behind.WriteBehind._is_due",
        "gateway.write_behind.WriteBehind._waiting",
    ],
    "jobs of requests that wait here, and the engine processes of this gateway": [
        "gateway.pool.alarm.Alarm._timer",
        "gateway.pool.alarm.Alarm.time",
        "gateway.pool.executor.ExecutorPool._crashes",
        "gateway.pool.executor.ExecutorPool._done",
        "gateway.pool.executor.ExecutorPool._executor",
        "gateway.pool.executor.ExecutorPool._is_open",
        "gateway.pool.executor.ExecutorPool._overdue",
        "gateway.pool.executor.ExecutorPool._retries",
        "gateway.pool.executor.ExecutorPool._running",
        "gateway.pool.executor.ExecutorPool._timers",
        "gateway.pool.fair_queue.FairQueue._count",
        "gateway.pool.fair_queue.FairQueue._owners",
        "gateway.pool.fair_queue.FairQueue._returned",
        "gateway.pool.fork_server.ForkServer._control",
        "gateway.pool.fork_server.ForkServer._is_set_up",
        "gateway.pool.fork_server.ForkServer._process",
        "gateway.pool.job_queue.JobQueue._step_seconds",
        "gateway.pool.job_queue.JobQueue._stepped_at",
        "gateway.pool.slot.Slot._buffer",
        "gateway.pool.slot.Slot._filled",
        "gateway.pool.slot.Slot._is_connected",
        "gateway.pool.slot.Slot._number",
        "gateway.pool.slot.Slot._pidfd",
        "gateway.pool.slot.Slot._transport",
        "gateway.pool.slot.Slot._warm_since",
        "gateway.pool.slot.Slot.entries",
        "gateway.pool.slot.Slot.is_alive",
        "gateway.pool.slot.Slot.is_worn",
        "gateway.pool.slot.Slot.pid",
        "gateway.pool.slots.SlotPool._active",
        "gateway.pool.slots.SlotPool._blaming",
        "gateway.pool.slots.SlotPool._counts",
        "gateway.pool.slots.SlotPool._dying",
        "gateway.pool.slots.SlotPool._is_ending",
        "gateway.pool.slots.SlotPool._is_open",
        "gateway.pool.slots.SlotPool._leaving",
        "gateway.pool.slots.SlotPool._spares",
        "gateway.pool.slots.SlotPool._starting",
        "gateway.pool.slots.SlotPool._stillborn",
    ],
    "jobs that killed one process here: each gateway may lose one, the second refuses for all": [
        "gateway.pool.screening.Screening._suspects",
    ],
    "a hint to look into the database, which is looked into without it too": [
        "gateway.tasks.bell.Bell._next",
        "gateway.tasks.bell.Bell.rung",
    ],
    "tasks and deliveries that this process has a lease of, in rows that say until when": [
        "gateway.tasks.deliverer.Deliverer._under_way",
        "gateway.tasks.runner.Runner._running",
    ],
    "folders without a row when it last looked; what another has deleted is not there": [
        "gateway.tasks.sweeper.Sweeper._strays",
    ],
    "who waits here for a row to change": [
        "gateway.tasks.watch.Watch._looking",
        "gateway.tasks.watch.Watch._versions",
        "gateway.tasks.watch.Watch._waiting",
    ],
}


def check(found: set[str], reasons: dict[str, list[str]]) -> None:
    """All that was found has a reason, one only, and nothing else has."""
    named = [name for names in reasons.values() for name in names]
    assert len(named) == len({*named})
    assert sorted(found - {*named}) == [], "why may these live in one process?"
    assert sorted({*named} - found) == [], "these are gone"


def test_what_modules_keep_has_a_reason() -> None:
    check(process_state.changed_by_source() | process_state.kept_by_import(), IN_MODULES)


def test_what_a_running_gateway_keeps_has_a_reason(postgresql: str) -> None:
    walked = subprocess.run(
        [sys.executable, "-m", process_state.__name__, new_database(postgresql)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    check({*json.loads(walked.stdout.splitlines()[-1])}, IN_GATEWAYS)


@pytest.mark.parametrize(
    "change",
    [
        "def f():\n    kept[1] = 2",
        "def f():\n    del kept[1]",
        "def f():\n    kept.update(a=1)",
        "def f():\n    kept.value += 1",
        "def f():\n    global kept\n    kept = 1",
        "class A:\n    async def f(self):\n        kept.append(1)",
        "@lru_cache(9)\ndef kept(a): ...",
        "@functools.cache\ndef kept(a): ...",
    ],
)
def test_a_change_is_seen_in_the_source(change: str) -> None:
    assert process_state.changed(ast.parse(change), {"kept": {}}) == {"kept"}


@pytest.mark.parametrize(
    "use",
    ["def f():\n    return kept[1]", "def f(kept):\n    kept.append(1)", "kept = {}\nkept[1] = 2"],
)
def test_a_use_is_no_change(use: str) -> None:
    assert process_state.changed(ast.parse(use), {"kept": {}}) == set()
