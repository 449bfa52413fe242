"""An upload, its results and its task."""

import httpx
import pytest

from tests.gateway.dialects.celantur.conftest import PUBLIC_URL
from tests.gateway.dialects.celantur.pictures import (
    ASYNC,
    FILE,
    HEIGHT,
    TASK,
    WIDTH,
    decoded,
    encoded,
    ended,
    sent,
    uploaded,
)
from tests.serving import Served


def test_an_upload_is_done_when_it_is_answered(ada: httpx.Client) -> None:
    task = uploaded(ada, face="true")
    assert (task["status"], task["name"]) == ("done", "test.jpg")
    for link in ("anonymised_link", "binary_mask_link", "instance_mask_link", "metadata_link"):
        assert task[link].startswith(f"{PUBLIC_URL}/v1/file/{task['id']}/")
        assert ada.get(task[link].removeprefix(PUBLIC_URL)).status_code == 200


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("end", ["anonymised", "anonymized"])
def test_a_picture_comes_back_in_its_own_format(ada: httpx.Client, suffix: str, end: str) -> None:
    id = ada.post(FILE, files=sent(encoded(suffix))).json()["id"]
    answer = ada.get(f"{FILE}/{id}/{end}")
    expected = {".jpg": "image/jpeg", ".png": "image/png"}[suffix]
    assert answer.headers["content-type"] == expected
    assert decoded(answer).shape == (HEIGHT, WIDTH, 3)


def test_a_picture_may_be_the_body_itself(ada: httpx.Client) -> None:
    answer = ada.post(FILE, params={"name": "test.jpg"}, content=encoded())
    assert answer.json()["name"] == "test.jpg"


def test_a_picture_may_be_called_file(ada: httpx.Client) -> None:
    assert ada.post(FILE, files=sent(encoded(), field="file")).json()["status"] == "done"


@pytest.mark.parametrize("asked", ["true", "1", "Yes", "on"])
def test_an_upload_may_be_answered_before_it_is_done(ada: httpx.Client, asked: str) -> None:
    answer = ada.post(FILE, files=sent(encoded()), headers={"x-is-async": asked})
    assert answer.status_code == 200
    assert ended(ada, answer.json()["id"])["status"] == "done"


def test_what_was_asked_for_is_repeated_with_its_defaults(ada: httpx.Client) -> None:
    task = uploaded(ada, face="1", method="blacken", ignores="[]")
    assert (task["method"], task["face"], task["person"]) == ("blacken", True, False)
    assert (task["quality"], task["kernel_size_face"], task["ignores"]) == (90, 0.35, [])


def test_all_is_hidden_where_nothing_is_selected(ada: httpx.Client) -> None:
    task = uploaded(ada, face="False")
    assert all(task[one] for one in ("face", "license_plate", "person", "vehicle"))


def test_a_name_with_hyphens_wins(ada: httpx.Client) -> None:
    assert uploaded(ada, compress_level=1, **{"compress-level": 9})["compress_level"] == 9
    assert uploaded(ada, anonymization_method="pixelate")["method"] == "pixelate"


def test_the_vendors_client_is_understood(ada: httpx.Client) -> None:
    asked = {
        "method": "blur",
        "debug": False,
        "score": False,
        "save_mask": "",
        "watermark": False,
        "face": True,
        "license_plate": True,
        "person": False,
        "vehicle": False,
        "format": "whole",
        "bbox": False,
        "quality": 0,
        "ignores": "[]",
    }
    query = {name: str(value) for name, value in asked.items()}
    task = uploaded(ada, **query)
    assert (task["quality"], task["save_mask"]) == (90, "all")
    assert (task["face"], task["license_plate"], task["person"]) == (True, True, False)


def test_to_detect_leaves_no_picture(ada: httpx.Client) -> None:
    task = uploaded(ada, method="detect")
    assert "anonymised_link" not in task
    assert ada.get(f"{FILE}/{task['id']}/anonymised").status_code == 404
    assert ada.get(f"{FILE}/{task['id']}/metadata").json()["size"] == [WIDTH, HEIGHT]


def test_a_mask_that_was_not_kept_is_not_there(ada: httpx.Client) -> None:
    task = uploaded(ada, save_mask="binary")
    assert "instance_mask_link" not in task
    assert ada.get(f"{FILE}/{task['id']}/instance-mask").status_code == 404
    assert ada.get(f"{FILE}/{task['id']}/binary-mask").status_code == 200


@pytest.mark.parametrize(("end", "channels"), [("binary-mask", ()), ("instance-mask", (3,))])
def test_a_mask_is_scaled_as_it_is_asked_for(
    ada: httpx.Client, end: str, channels: tuple[int, ...]
) -> None:
    where = f"{FILE}/{uploaded(ada, mask_scale=25)['id']}/{end}"
    assert decoded(ada.get(where)).shape == (HEIGHT // 4, WIDTH // 4, *channels)
    half = ada.get(where, params={"mask-scale": 50})
    assert decoded(half).shape == (HEIGHT // 2, WIDTH // 2, *channels)
    assert ada.get(where, params={"mask_scale": 0}).status_code == 400


def test_metadata_names_the_picture(ada: httpx.Client) -> None:
    told = ada.get(f"{FILE}/{uploaded(ada)['id']}/metadata").json()
    assert (told["id"], told["filename"], told["folder"]) == ("test.jpg", "test.jpg", None)
    assert told["duration"] > 0


@pytest.mark.parametrize("end", ["anonymised", "binary-mask", "metadata", "receipt"])
def test_the_head_of_a_result_is_asked_for_alone(ada: httpx.Client, end: str) -> None:
    path = f"{FILE}/{uploaded(ada, face='true')['id']}/{end}"
    whole, head = ada.get(path), ada.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("name", ["task/list", "task/lists"])
def test_tasks_are_listed_from_the_oldest_on_and_deleted(bob: httpx.Client, name: str) -> None:
    ids = [uploaded(bob)["id"] for _ in range(2)]
    assert [one["id"] for one in bob.get(f"/v1/{name}").json()] == ids
    assert bob.delete(f"/v1/{name}").json() == {"deleted": 2}
    assert bob.get(f"/v1/{name}").json() == []


@pytest.mark.parametrize("name", ["task", "tast"])
def test_a_deleted_task_is_gone(ada: httpx.Client, name: str) -> None:
    id = uploaded(ada)["id"]
    assert ada.delete(f"/v1/{name}/{id}").json() == {"id": id, "status": "deleted"}
    assert ada.get(f"/v1/{name}/{id}").status_code == 404


def test_a_task_whose_files_alone_are_deleted_says_so(ada: httpx.Client) -> None:
    id = uploaded(ada)["id"]
    ada.delete(f"{TASK}/{id}", params={"record": "false"}).raise_for_status()
    task = ada.get(f"{TASK}/{id}").json()
    assert (task["status"], "anonymised_link" in task) == ("deleted", False)
    assert task["delete_time"] >= task["upload_time"]
    assert ada.get(f"{FILE}/{id}/anonymised").status_code == 404


def test_files_are_deleted_and_counted_once(bob: httpx.Client) -> None:
    id, kept = uploaded(bob)["id"], {"record": "false"}
    assert bob.delete(f"{TASK}/list", params=kept).json() == {"deleted": 1}
    assert bob.delete(f"{TASK}/list", params=kept).json() == {"deleted": 0}
    assert bob.delete(f"{TASK}/{id}", params=kept).json() == {"id": id, "status": "deleted"}
    assert bob.delete(f"{TASK}/list").json() == {"deleted": 1}


def test_files_are_not_kept_without_their_record(ada: httpx.Client) -> None:
    id = uploaded(ada)["id"]
    assert ada.delete(f"{TASK}/{id}", params={"files": "false"}).status_code == 400
    assert ada.get(f"{TASK}/{id}").json()["status"] == "done"


def test_a_task_is_its_callers_own(ada: httpx.Client, bob: httpx.Client) -> None:
    id = uploaded(ada)["id"]
    for path in (f"{TASK}/{id}", f"{FILE}/{id}/anonymised", f"{FILE}/{id}/metadata"):
        assert bob.get(path).status_code == 404
    assert bob.delete(f"{TASK}/{id}").status_code == 404
    assert id not in [one["id"] for one in bob.get(f"{TASK}/list").json()]


def test_the_status_says_that_it_runs(ada: httpx.Client) -> None:
    told = ada.get("/v1/status").json()
    assert told["status"] == "running"
    assert told.keys() == {"status", "version", "queued", "processing"}


def test_the_status_is_told_without_a_token_too_but_of_no_tasks(hiding: Served) -> None:
    told = hiding.get("/v1/status")
    assert told.status_code == 200
    assert (told.json()["queued"], told.json()["processing"]) == (0, 0)


def test_the_status_is_not_told_for_a_wrong_token(hiding: Served) -> None:
    assert hiding.get("/v1/status", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_task_that_waits_can_be_deleted(ada: httpx.Client) -> None:
    id = ada.post(FILE, files=sent(encoded()), headers=ASYNC).json()["id"]
    assert ada.delete(f"{TASK}/{id}").status_code == 200
    assert ada.get(f"{TASK}/{id}").status_code == 404
