"""`pixelgate simulate`: what a load needs."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.metrics import Metrics
from gateway.pool.contract import Timing
from tests.gateway.conftest import Run
from tests.sources import Quiet, source

SHORT = ("--requests", "500")


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    done = run("simulate", *SHORT, "--json", *words)
    assert done.exit_code == 0, done.output
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_a_higher_rate_needs_more_slots(run: Run) -> None:
    low, high = rows(run, "--rate", "10", "--rate", "400")
    assert low["slots"] == 1
    assert low["goal"] == "met"
    assert high["slots"] >= 4
    assert high["gateways"] == 2


def test_a_table_has_a_line_for_each_load(run: Run) -> None:
    done = run("simulate", *SHORT, "--clients", "1", "--clients", "64", "--slots", "2")
    head, *lines = done.stdout.splitlines()
    assert head.split()[:3] == ["clients", "slots", "gateways"]
    assert [line.split()[0] for line in lines] == ["1", "64"]


def test_a_mix_takes_its_shares(run: Run) -> None:
    one, other = (
        rows(run, "--clients", "1", "--slots", "1", "--service", "edges=1", *more)[0]["answers/s"]
        for more in ((), ("--service", "heatMap=1"))
    )
    assert one > other


def test_times_of_ones_own_take_the_place_of_ours(run: Run, tmp_path: Path) -> None:
    times = tmp_path / "times.json"
    times.write_text('{"own": {"count": 1, "milliseconds": [1000]}}')
    words = ("--clients", "1", "--slots", "1", "--times", str(times), "--service", "own")
    assert rows(run, *words)[0]["p50 ms"] == pytest.approx(1003.5)  # link 1.6, gateway 1.9


def test_metrics_tell_mix_and_times(run: Run, tmp_path: Path) -> None:
    metrics, file = Metrics(), tmp_path / "metrics"
    metrics.computed("color_palette", Timing(0.0, 2.0))
    file.write_bytes(metrics.exposition())
    (row,) = rows(run, "--clients", "1", "--slots", "1", "--metrics", str(file))
    assert row["answers/s"] == pytest.approx(0.5, rel=0.2)


class _Service(Quiet, BaseHTTPRequestHandler):
    """Shows a computation of 2 s to who has the token."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Authorization"] == "Bearer open" else 404)
        self.end_headers()
        metrics = Metrics()
        metrics.computed("color_palette", Timing(0.0, 2.0))
        self.wfile.write(metrics.exposition())


def test_a_running_service_is_asked_with_its_token(run: Run) -> None:
    words = ("--clients", "1", "--slots", "1", "--metrics-token", "open", "--metrics")
    with source(_Service) as url:
        (row,) = rows(run, *words, f"{url}/metrics")
        refused = run("simulate", "--rate", "1", "--metrics", f"{url}/metrics")
    assert row["answers/s"] == pytest.approx(0.5, rel=0.2)
    assert "answers 404" in refused.stderr


def test_a_cluster_is_told_by_the_cores_of_its_machines(run: Run) -> None:
    (row,) = rows(run, "--rate", "500", "--worker-cores", "4", "--link", "10000")
    assert row["slots"] == 4 * row["workers"]


def test_a_picture_is_drawn(run: Run, tmp_path: Path) -> None:
    rows(run, "--rate", "5", "--rate", "50", "--picture", str(tmp_path / "a.svg"))
    assert "p99 ms" in (tmp_path / "a.svg").read_text()


def test_the_help_has_each_example_on_a_line(run: Run) -> None:
    lines = run("simulate", "--help").stdout.splitlines()
    assert "  pixelgate simulate --rate 1000 --worker-cores 16" in lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say either --rate or --clients."),
        (("--rate", "1", "--clients", "1"), "Say either --rate or --clients."),
        (("--clients", "8"), "say how many --slots"),
        (("--rate", "nan"), "nan is no number"),
        (("--rate", "0"), "is not in the range"),
        (("--rate", "1", "--service", "edges=-1"), "edges=-1 is no NAME=SHARE"),
        (("--rate", "1", "--service", "edges=nan"), "edges=nan is no NAME=SHARE"),
        (("--rate", "1", "--service", "edgess"), "There are no times of edgess, but of "),
        (("--rate", "1", "--metrics", "missing"), "missing is no file of text"),
        (("--rate", "1", "--metrics", "http://127.0.0.1:1/metrics"), "cannot be fetched"),
    ],
)
def test_nonsense_ends_in_a_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run("simulate", *words)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.output


def test_engines_are_measured_on_a_picture(run: Run, photograph: Path) -> None:
    done = run("simulate", "measure", str(photograph), "--service", "edges")
    assert [*orjson.loads(done.stdout)] == ["edges"]


def test_a_service_that_cannot_be_measured_is_named(run: Run, photograph: Path) -> None:
    refused = run("simulate", "measure", str(photograph), "--service", "nothing")
    assert refused.exit_code == 2
    assert "nothing is none of " in refused.stderr


def test_what_is_no_picture_is_no_success(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    refused = run("simulate", "measure", str(tmp_path / "notes.txt"), "--service", "edges")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "edges: image: cannot decode the picture" in refused.stderr
