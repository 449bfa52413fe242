"""Whether memory and open files come back: many requests, good and bad, and the tree's growth.

The tree is measured while nothing is asked, after every twentieth of the requests. The first
fifth is warm-up: engines grow to their working size there. Growth is that of the median of the
last five measurements over that of the first five after the warm-up; if it is a tenth or more, or
files stay open, the exit code is 1. Those of the database are not counted: its connections are
opened when they are first needed, up to a bound, and kept.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.conversation import Conversation
from benchmarks.http import http_request
from benchmarks.picture import jpeg
from tests.attack import bombs
from tests.serving import Served, serving

SEED = 7
SERVICES = ("edges", "colorPalette")
ROUNDS = 20
WARM_UP = ROUNDS // 5
BAD_SHARE = 0.2
MAX_GROWTH = 0.1
DATABASE = "pixelgate.db"
"""SQLite's file; beside it lie `-wal` and `-shm`."""


class Tree(NamedTuple):
    """All processes of the service at one moment."""

    pss_mb: float
    files: int
    processes: int


def measure(served: Served) -> Tree:
    """Add up what the kernel says of each process; PSS divides shared pages among their users."""
    processes = served.processes()
    return Tree(
        sum(one.memory_full_info().pss for one in processes) / 1e6,
        sum(map(_open_files, processes)),
        len(processes),
    )


def _open_files(process: psutil.Process) -> int:
    """All but the database's."""
    named = (Path(one.path).name for one in process.open_files())
    return process.num_fds() - sum(name.startswith(DATABASE) for name in named)


def bad_pictures(good: bytes) -> list[bytes]:
    """Files that are refused, each for another reason."""
    return [
        good[: len(good) // 2],
        good[:400] + bytes(len(good) - 400),
        b"no picture at all" * 1000,
        bombs.png(50_000, 50_000),
        bombs.gif(20_000),
        bombs.with_chunk(b"zTXt", b"Comment\0\0", 20_000_000),
    ]


def requests(served: Served) -> tuple[list[bytes], list[bytes]]:
    """Good ones, and bad ones."""
    good = jpeg()
    token = served.token()
    return (
        [http_request(served, token, service, good) for service in SERVICES],
        [http_request(served, token, name, bad) for name in SERVICES for bad in bad_pictures(good)],
    )


def soak(served: Served, count: int, clients: int) -> tuple[list[Tree], Counter[int]]:
    """Ask in rounds; measure after each."""
    chooser = random.Random(SEED)
    good, bad = requests(served)
    trees, statuses = [], Counter[int]()
    talks = [Conversation(served.port) for _ in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        for _ in range(ROUNDS):
            chosen = [
                chooser.choice(bad if chooser.random() < BAD_SHARE else good)
                for _ in range(count // ROUNDS)
            ]
            shares = [chosen[place::clients] for place in range(clients)]
            for found in pool.map(_ask_all, talks, shares):
                statuses += found
            trees.append(measure(served))
    for talk in talks:
        talk.close()
    return trees, statuses


def _ask_all(talk: Conversation, share: list[bytes]) -> Counter[int]:
    return Counter(talk.ask(request).status for request in share)


def main() -> None:
    """Print the tree after each round, and its growth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    chosen = parser.parse_args()
    print(
        f"{chosen.requests} requests, {chosen.clients} clients, 2 workers, seed {SEED}, "
        f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), access_seconds=86_400) as served,
    ):
        began = time.monotonic()
        trees, statuses = soak(served, chosen.requests, chosen.clients)
        seconds = time.monotonic() - began
    print(f"{'round':>5} {'PSS MB':>8} {'files':>6} {'processes':>10}")
    for number, tree in enumerate(trees, 1):
        print(f"{number:5} {tree.pss_mb:8.1f} {tree.files:6} {tree.processes:10}")
    warm = trees[WARM_UP:]
    before = statistics.median(tree.pss_mb for tree in warm[:5])
    after = statistics.median(tree.pss_mb for tree in warm[-5:])
    growth = after / before - 1
    files = [tree.files for tree in warm]
    print(f"PSS {before:.1f} -> {after:.1f} MB: {100 * growth:+.1f} %")
    print(f"open files {min(files)} to {max(files)}")
    print(f"answers {dict(statuses.most_common())} in {seconds:.0f} s")
    if growth >= MAX_GROWTH:
        sys.exit("Memory grew.")
    if files[-1] > files[0]:
        sys.exit("Files stayed open.")
    if any(status >= 500 for status in statuses):
        sys.exit("There were other answers than good ones and refusals.")


if __name__ == "__main__":
    main()
