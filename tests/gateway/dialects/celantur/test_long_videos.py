"""Long videos: looked at in chunks, and done once whoever is killed meanwhile."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import skimage

from engines.videos.sighted import LINES
from tests.engines.videos.films import film
from tests.gateway.dialects.celantur.callers import caller
from tests.gateway.dialects.celantur.pictures import ASYNC, FILE, ended, sent
from tests.serving import WAIT_SECONDS, Served, serving, wait_until

LENGTH, GROUP = 310, 100


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("long"), slots=2) as started:
        yield started


@pytest.fixture
def ada(served: Served) -> Iterator[httpx.Client]:
    with caller(served) as client:
        yield client


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A face that moves slowly, in three chunks; 64 × 64."""
    face = skimage.data.astronaut()[:240, 110:350, ::-1]  # type: ignore[no-untyped-call]
    shown = np.ascontiguousarray(np.pad(face[::4, ::4], ((2, 2), (2, 2), (0, 0)), "edge"))
    times = [40 * number for number in range(LENGTH)]
    pictures = [np.roll(shown, number // 60, axis=1) for number in range(LENGTH)]
    source = film(tmp_path_factory.mktemp("sent") / "in.mp4", pictures, times, gop_size=GROUP)
    return source.read_bytes()


def looking(served: Served) -> dict[Path, psutil.Process]:
    """What is written of chunks at this moment, and by which processes."""
    found = {}
    for process in served.processes():
        try:
            for file in process.open_files():
                if Path(file.path).match(LINES.format("*")):
                    found[Path(file.path)] = process
        except psutil.NoSuchProcess:
            continue
    return found


def names(paths: Iterable[Path]) -> set[str]:
    return {one.name for one in paths}


def finished(served: Served, id: str) -> int:
    """How often the end of a task was written down."""
    lines = served.log.read_text().splitlines()
    return sum('"task finished"' in line and id in line for line in lines)


def upload(client: httpx.Client, video: bytes) -> str:
    answer = client.post(FILE, params={"face": True}, files=sent(video, "long.mp4"), headers=ASYNC)
    return str(answer.json()["id"])


def test_two_processes_look_at_a_long_video(
    served: Served, ada: httpx.Client, video: bytes
) -> None:
    id = upload(ada, video)
    wait_until(lambda: len(set(looking(served).values())) == 2)
    assert ended(ada, id)["status"] == "done"
    told = ada.get(f"{FILE}/{id}/video/metadata").json()
    assert [len(one["detections"]) for one in told] == [1] * LENGTH
    assert len({one["detections"][0]["id"] for one in told}) == 1


def test_of_a_killed_process_only_the_chunk_is_looked_at_again(
    served: Served, ada: httpx.Client, video: bytes
) -> None:
    id = upload(ada, video)
    third = LINES.format(f"{2 * GROUP:012}")
    wait_until(lambda: third in names(looking(served)))
    [(path, killed)] = [one for one in looking(served).items() if one[0].name == third]
    done = {
        one: one.stat().st_mtime_ns for one in {*path.parent.glob("sighted-*")} - {*looking(served)}
    }
    killed.kill()
    wait_until(lambda: looking(served).get(path, killed) != killed)
    assert {one: one.stat().st_mtime_ns for one in done} == done != {}
    assert ended(ada, id)["status"] == "done"
    assert len(ada.get(f"{FILE}/{id}/video/metadata").json()) == LENGTH
    assert finished(served, id) == 1


def test_a_killed_gateway_leaves_its_video_to_another(
    served: Served, ada: httpx.Client, video: bytes
) -> None:
    id = upload(ada, video)
    wait_until(lambda: looking(served))
    ancestors = {one.pid for slot in looking(served).values() for one in slot.parents()}
    [worker] = [one for one in served.workers() if one.pid in ancestors]
    worker.kill()
    worker.wait(WAIT_SECONDS)
    assert ended(ada, id)["status"] == "done"
    assert len(ada.get(f"{FILE}/{id}/video/metadata").json()) == LENGTH
    assert finished(served, id) == 1
