"""Chains: which step is the last, and what is told of each."""

import json
from typing import Any

import httpx
import pytest

from tests.gateway.dialects.aerovision.matches import CHAIN, PICTURE, PIECE, STRANGER, both, ended

LOOSE, STRICT = {"threshold": 0.1}, {"method": "TM_CCOEFF_NORMED", "threshold": 0.95}


def chained(client: httpx.Client, *steps: Any, files: Any = None) -> httpx.Response:
    return client.post(CHAIN, files=files or both(), data={"steps": json.dumps(steps)})


def template(**params: Any) -> dict[str, Any]:
    return {"tool": "template", "params": params}


def test_the_first_step_that_finds_something_is_the_last(ada: httpx.Client) -> None:
    steps = (template(**STRICT), template(**LOOSE), {"tool": "template"})
    created = chained(ada, *steps, files=both(PICTURE, STRANGER))
    assert created.status_code == 200
    task = ended(ada, created)
    told = task["result_data"]
    assert (task["tool"], task["status"]) == ("chain", "done")
    assert (told["chain_result"], told["completed_step"], told["total_steps"]) == ("found", 2, 3)
    first, second, third = told["steps"]
    assert (first["status"], first["found"]) == ("done", False)
    assert first["result_data"]["filtered_matches"] == 0
    assert (second["status"], second["found"]) == ("done", True)
    assert second["result_data"]["filtered_matches"] > 0
    assert third == {
        "step": 3,
        "tool": "template",
        "params": {},
        "status": "skipped",
        "found": False,
        "result_data": {},
        "result_files": [],
    }


def test_parameters_of_steps_are_repeated_as_sent_and_told_as_they_count(
    ada: httpx.Client,
) -> None:
    task = ended(ada, chained(ada, template(threshold="0.9", unknown=1)))
    (step,) = task["result_data"]["steps"]
    assert step["params"] == {"threshold": 0.9}
    (counting,) = task["params"].pop("steps")
    assert counting["params"] == {
        "method": "TM_CCOEFF_NORMED",
        "threshold": 0.9,
        "max_results": 20,
        "use_grayscale": True,
    }
    assert task["params"] == {}


def test_nothing_found_is_told_after_the_last_step(ada: httpx.Client) -> None:
    files = both(PICTURE, STRANGER)
    told = ended(ada, chained(ada, template(), template(), files=files))["result_data"]
    assert told["chain_result"] == "not_found"
    assert (told["completed_step"], told["total_steps"]) == (2, 2)


def test_each_steps_files_are_kept_apart(ada: httpx.Client) -> None:
    files = both(PICTURE, STRANGER)
    task = ended(ada, chained(ada, template(), template(threshold=0.1), files=files))
    of_steps = [one["result_files"] for one in task["result_data"]["steps"]]
    assert of_steps[0] == [
        f"results/{task['uid']}/step1_matches.png",
        f"results/{task['uid']}/step1_heatmap.png",
    ]
    assert task["result_files"] == [*of_steps[0], *of_steps[1]]
    first, second = (ada.get(f"/{one[0]}").raise_for_status().content for one in of_steps)
    assert first != second


def test_a_step_that_fails_says_why_and_the_next_is_taken(ada: httpx.Client) -> None:
    task = ended(ada, chained(ada, template(), template(), files=both(PIECE, PICTURE)))
    told = task["result_data"]
    assert (task["status"], told["chain_result"]) == ("done", "not_found")
    for step in told["steps"]:
        assert (step["status"], step["found"], step["result_files"]) == ("error", False, [])
        assert step["error"].startswith("The template is 120 x 80 px, larger")


@pytest.mark.parametrize(
    ("steps", "kind", "place"),
    [
        ("", "missing", ["body", "steps"]),
        ("[{]", "json_invalid", ["body", "steps"]),
        ("{}", "list_type", ["body", "steps"]),
        ("[" + " " * 70_000 + "]", "value_error", ["body", "steps"]),
        ("[]", "too_short", ["body", "steps"]),
        (json.dumps([template()] * 11), "too_long", ["body", "steps"]),
        ("[1]", "model_type", ["body", "steps", 0]),
        ("[{}]", "missing", ["body", "steps", 0, "tool"]),
        ('[{"tool": "chain"}]', "literal_error", ["body", "steps", 0, "tool"]),
        ('[{"tool": "template", "params": 1}]', "dict_type", ["body", "steps", 0, "params"]),
        (
            json.dumps([template(), template(threshold=1.5)]),
            "value_error",
            ["body", "steps", 1, "params", "threshold"],
        ),
    ],
)
def test_steps_that_make_no_sense_are_refused(
    ada: httpx.Client, steps: str, kind: str, place: list[Any]
) -> None:
    answer = ada.post(CHAIN, files=both(), data={"steps": steps})
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == (kind, place)


def test_ten_steps_are_taken(ada: httpx.Client) -> None:
    steps = [template(threshold=1.0)] * 10
    task = ended(ada, chained(ada, *steps, files=both(PICTURE, STRANGER)))
    assert [one["step"] for one in task["result_data"]["steps"]] == [*range(1, 11)]


def test_files_and_steps_are_checked_at_once(ada: httpx.Client) -> None:
    answer = ada.post(CHAIN, files={"image": ("a.png", PICTURE)}, data={"steps": "[]"})
    places = {(one["type"], one["loc"][1]) for one in answer.json()["detail"]}
    assert places == {("missing", "template"), ("too_short", "steps")}
