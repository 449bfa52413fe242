"""What callers notice when engine processes are killed again and again under load."""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.conversation import Conversation, Reply
from benchmarks.http import http_request
from benchmarks.picture import jpeg
from tests.attack.engine_processes import engines
from tests.serving import Served, serving

SEED = 11
SERVICES = ("edges", "colorPalette")
MIN_GOOD = 0.9
MAX_SECONDS = 30


def kill_one_after_another(served: Served, every_seconds: float, is_over: threading.Event) -> int:
    """Kill an engine process by chance, spares included; answers how many were killed."""
    chooser = random.Random(SEED)
    killed = 0
    while not is_over.wait(every_seconds):
        with suppress(psutil.NoSuchProcess, IndexError):
            chooser.choice(engines(served)).kill()
            killed += 1
    return killed


def ask(served: Served, requests: list[bytes], end: float) -> list[tuple[int, Reply]]:
    """One client: the requests in turn until the end; each answer with its request's number."""
    talk = Conversation(served.port)
    replies: list[tuple[int, Reply]] = []
    while time.monotonic() < end:
        number = len(replies) % len(requests)
        replies.append((number, talk.ask(requests[number])))
    talk.close()
    return replies


def main() -> None:
    """Print what clients saw; the exit code is 1 where that is worse than promised."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--every", type=float, default=2, help="seconds between two kills")
    parser.add_argument("--clients", type=int, default=16)
    chosen = parser.parse_args()
    print(
        f"{chosen.clients} clients for {chosen.seconds:g} s, a kill every {chosen.every:g} s, "
        f"2 workers, seed {SEED}, {os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as served,
        ThreadPoolExecutor(chosen.clients + 1) as pool,
    ):
        requests = [http_request(served, served.token(), service, jpeg()) for service in SERVICES]
        known = [Conversation(served.port).ask(request).body for request in requests]
        is_over = threading.Event()
        killing = pool.submit(kill_one_after_another, served, chosen.every, is_over)
        end = time.monotonic() + chosen.seconds
        asking = [pool.submit(ask, served, requests, end) for _ in range(chosen.clients)]
        replies = [pair for one in asking for pair in one.result()]
        is_over.set()
        _report(replies, known, killing.result())


def _report(replies: list[tuple[int, Reply]], known: list[bytes], killed: int) -> None:
    statuses = Counter(reply.status for _, reply in replies)
    good = statuses[200] / len(replies)
    wrong = sum(reply.status == 200 and reply.body != known[number] for number, reply in replies)
    silent = sum(reply.status == 503 and reply.retry_after is None for _, reply in replies)
    longest = max(reply.seconds for _, reply in replies)
    print(f"{killed} killed, {len(replies)} answers: {dict(statuses.most_common())}")
    print(f"good {100 * good:.2f} %, wrong {wrong}")
    print(f"longest {longest:.2f} s")
    print(f"503 without Retry-After {silent}")
    if good < MIN_GOOD or wrong or silent or longest > MAX_SECONDS or set(statuses) - {200, 503}:
        sys.exit("Callers noticed more than they should.")


if __name__ == "__main__":
    main()
