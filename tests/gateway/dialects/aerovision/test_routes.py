"""Tasks, their files and settings of the AeroVision API, on the service as shipped."""

import io
import re
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.gateway.dialects.aerovision.callers import caller
from tests.gateway.dialects.aerovision.matches import (
    PICTURE,
    PIECE,
    SCENE,
    STRANGER,
    TASKS,
    TEMPLATE,
    both,
    ended,
)
from tests.pictures import encoded
from tests.serving import Served

SETTINGS = "/api/v1/settings/template"
DEFAULTS = {
    "method": "TM_CCOEFF_NORMED",
    "threshold": 0.8,
    "max_results": 20,
    "use_grayscale": True,
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def faults(answer: httpx.Response) -> list[dict[str, Any]]:
    """What a request was refused for."""
    assert answer.status_code == 422, answer.text
    detail: list[dict[str, Any]] = answer.json()["detail"]
    return detail


def test_a_created_task_has_what_the_documents_sample_has(ada: httpx.Client) -> None:
    answer = ada.post(TEMPLATE, files=both())
    told = answer.json()
    assert answer.status_code == 201
    uid = told.pop("uid")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told.pop("created_at"))
    assert told == {
        "status": "queued",
        "tool": "template",
        "params": DEFAULTS,
        "input_files": [f"uploads/{uid}/screenshot.png", f"uploads/{uid}/icon.png"],
        "thumbnails": [f"thumbnails/{uid}/screenshot.png", f"thumbnails/{uid}/icon.png"],
        "result_files": [],
        "result_data": {},
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_template_is_found_where_it_is(ada: httpx.Client, kind: str) -> None:
    files = both(encoded(kind, SCENE), encoded(kind, SCENE[30:50, 40:70]))
    task = ended(ada, ada.post(TEMPLATE, files=files))
    result = task["result_data"]
    assert (task["status"], task["error"]) == ("done", None)
    assert task["result_files"] == [
        f"results/{task['uid']}/matches.png",
        f"results/{task['uid']}/heatmap.png",
    ]
    assert result["matches_found"] == result["filtered_matches"] == 1
    assert result["method"] == "TM_CCOEFF_NORMED"
    (match,) = result["matches"]
    assert match == {"x": 40, "y": 30, "w": 30, "h": 20, "score": result["best_score"]}
    assert result["best_score"] > 0.9
    assert task["created_at"] <= task["updated_at"]


@pytest.mark.parametrize(
    "method", ["TM_CCORR_NORMED", "TM_SQDIFF_NORMED", "TM_CCOEFF", "TM_CCORR", "TM_SQDIFF"]
)
def test_by_every_method_an_exact_copy_has_the_score_1(ada: httpx.Client, method: str) -> None:
    told = {"method": method, "threshold": "0.99", "max_results": "1", "use_grayscale": "no"}
    task = ended(ada, ada.post(TEMPLATE, files=both(), data=told))
    assert task["params"] == {
        "method": method,
        "threshold": 0.99,
        "max_results": 1,
        "use_grayscale": False,
    }
    assert task["result_data"]["matches"] == [{"x": 40, "y": 30, "w": 30, "h": 20, "score": 1}]


def test_sizes_and_angles_are_looked_at_where_that_is_asked_for(ada: httpx.Client) -> None:
    corner = np.kron(SCENE[30:50, 40:70], np.ones((2, 2, 1), np.uint8))
    files = both(PICTURE, encoded("PNG", np.ascontiguousarray(np.rot90(corner, -1))))
    told = {"min_scale": "0.5", "max_angle": "90", "threshold": "0.9"}
    task = ended(ada, ada.post(TEMPLATE, files=files, data=told))
    assert task["params"] == DEFAULTS | {"min_scale": 0.5, "max_angle": 90, "threshold": 0.9}
    (match,) = task["result_data"]["matches"]
    assert {name: match[name] for name in "xywh"} == {"x": 40, "y": 30, "w": 30, "h": 20}
    assert (match["scale"], match["angle"]) == (0.5, 90)


def test_only_what_is_opaque_is_compared_where_that_is_asked_for(ada: httpx.Client) -> None:
    opaque = np.full((20, 30, 1), 255, np.uint8)
    opaque[:8] = 0
    icon = np.dstack([np.where(opaque, SCENE[30:50, 40:70], 0), opaque])
    files = both(PICTURE, encoded("PNG", icon))
    scores = [
        ended(ada, ada.post(TEMPLATE, files=files, data=told))["result_data"]["best_score"]
        for told in ({"use_alpha": "true"}, {})
    ]
    assert scores[0] > 0.99 > scores[1]


def test_no_match_is_no_error(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both(PICTURE, STRANGER)))
    assert (task["status"], task["result_data"]["matches"]) == ("done", [])
    assert 0 < task["result_data"]["best_score"] < 0.8


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (both(PIECE, PICTURE), "The template is 120 x 80 px, larger than the picture"),
        (both(PICTURE[:3000], PIECE), "image: "),
        (both(PICTURE, PIECE[:500]), "template: "),
    ],
)
def test_what_cannot_be_matched_ends_in_an_error_in_words(
    ada: httpx.Client, files: Any, sentence: str
) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=files))
    assert (task["status"], task["result_data"], task["result_files"]) == ("error", {}, [])
    assert task["error"].startswith(sentence)


def test_all_faults_of_a_request_are_told_at_once(ada: httpx.Client) -> None:
    told = {"threshold": "1.5", "max_results": "x", "sampling_step": "9"}
    answer = ada.post(TEMPLATE, files={"image": ("a.png", b"hello")}, data=told)
    places = [(one["type"], one["loc"][1]) for one in faults(answer)]
    assert places == [
        ("value_error", "image"),
        ("missing", "template"),
        ("value_error", "threshold"),
        ("int_parsing", "max_results"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("", b"", 422),
        ("application/json", b"{}", 415),
        ("multipart/form-data; boundary=x", b"nothing of the kind", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    ada: httpx.Client, content_type: str, body: bytes, status: int
) -> None:
    fields = {"Content-Type": content_type} if content_type else {}
    answer = ada.post(TEMPLATE, content=body, headers=fields)
    assert (answer.status_code, [*answer.json()]) == (status, ["detail"])


def test_a_file_with_too_many_bytes_is_refused(ada: httpx.Client) -> None:
    answer = ada.post(TEMPLATE, files=both(PICTURE + bytes(1_000_000)))
    assert (answer.status_code, answer.json()["detail"][:9]) == (413, "image has")


def test_files_are_served_under_the_paths_that_the_task_names(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    screenshot, icon = task["input_files"]
    assert ada.get(f"/{screenshot}").content == PICTURE
    assert ada.get(f"/{icon}").content == PIECE
    for path in (*task["input_files"], *task["thumbnails"], *task["result_files"]):
        answer = ada.get(f"/{path}").raise_for_status()
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert Image.open(io.BytesIO(answer.content)).format == "PNG"
        again = ada.get(f"/api/v1/files/{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    for path in (task["input_files"][0], task["thumbnails"][0], task["result_files"][0]):
        whole = ada.get(f"/{path}").content
        part = ada.get(f"/{path}", headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole[100:200])
        beyond = ada.get(f"/{path}", headers={"Range": "bytes=9999999-"})
        assert (beyond.status_code, [*beyond.json()]) == (416, ["detail"])
        assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize(("kind", "written"), [("JPEG", "JPEG"), ("TIFF", "PNG")])
def test_a_thumbnail_is_the_picture_made_small(ada: httpx.Client, kind: str, written: str) -> None:
    halves = np.zeros((300, 600, 3), np.uint8)
    halves[:, 300:] = 255, 0, 0
    files = {"image": (f"ä.{kind}", encoded(kind, halves)), "template": ("b.png", PIECE)}
    created = ada.post(TEMPLATE, files=files).json()
    answer = ada.get(f"/{created['thumbnails'][0]}").raise_for_status()
    small = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert answer.headers["Content-Type"] == f"image/{written.lower()}"
    assert small.size == (256, 128)
    assert np.abs(np.array(small.getpixel((200, 64))) - (255, 0, 0)).max() < 8
    assert np.abs(np.array(small.getpixel((50, 64)))).max() < 8


def test_a_picture_that_cannot_be_decoded_has_no_thumbnail(ada: httpx.Client) -> None:
    created = ada.post(TEMPLATE, files=both(PICTURE[:3000], PIECE)).json()
    answer = ada.get(f"/{created['thumbnails'][0]}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("screenshot.png: ")


def test_names_are_kept_as_far_as_they_do_no_harm(ada: httpx.Client) -> None:
    name = '../"><script>снимок\u202e.png'
    files = {"image": (name, PICTURE), "template": (name, PIECE)}
    task = ended(ada, ada.post(TEMPLATE, files=files))
    kept = [path.rpartition("/")[2] for path in task["input_files"]]
    assert kept == ["script_снимок_.png", "template_script_снимок_.png"]
    assert ada.get(f"/{task['input_files'][1]}").content == PIECE
    assert ada.get(f"/{task['thumbnails'][0]}").status_code == 200


def test_the_list_has_the_newest_first_and_knows_how_many_there_are(matching: Served) -> None:
    with caller(matching) as carol:
        uids = [carol.post(TEMPLATE, files=both()).json()["uid"] for _ in range(3)]
        page = carol.get(TASKS, params={"offset": 1, "limit": 1}).json()
        assert (page["total"], [one["uid"] for one in page["tasks"]]) == (3, [uids[1]])
        listed = carol.get(TASKS).json()["tasks"]
        assert [one["uid"] for one in listed] == uids[::-1]
        assert {"updated_at", "error"} <= listed[0].keys()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"limit": "0"}, "Input should be greater than or equal to 1"),
        ({"limit": "201"}, "Input should be less than or equal to 200"),
        ({"offset": "-1"}, "Input should be greater than or equal to 0"),
    ],
)
def test_a_page_has_bounds(ada: httpx.Client, told: dict[str, str], message: str) -> None:
    (name, sent), (fault,) = *told.items(), faults(ada.get(TASKS, params=told))
    assert fault == {
        "type": "value_error",
        "loc": ["query", name],
        "msg": message,
        "input": int(sent),
    }


def test_a_deleted_task_is_gone_with_its_files(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    gone = ada.delete(f"{TASKS}/{task['uid']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for path in (f"{TASKS}/{task['uid']}", f"/{task['input_files'][0]}"):
        assert ada.get(path).json() == {"detail": "Task not found"}


@pytest.mark.parametrize(
    ("languages", "detail"),
    [
        ("", "Task not found"),
        ("en-US,en;q=0.9,ru;q=0.8", "Task not found"),
        ("ru", "Задача не найдена"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8", "Задача не найдена"),
    ],
)
@pytest.mark.parametrize("uid", [UNKNOWN, "abc123", "%FF"])
def test_an_unknown_task_is_told_in_the_language_that_is_preferred(
    ada: httpx.Client, uid: str, languages: str, detail: str
) -> None:
    answer = ada.get(f"{TASKS}/{uid}", headers={"Accept-Language": languages})
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})
    assert answer.headers["Content-Type"] == "application/json"


def test_another_caller_sees_nothing_of_a_task(ada: httpx.Client, bob: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    files = (*task["input_files"], *task["thumbnails"], *task["result_files"])
    for path in (f"{TASKS}/{task['uid']}", *(f"/{one}" for one in files)):
        answer = bob.get(path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Task not found"})
    assert bob.delete(f"{TASKS}/{task['uid']}").status_code == 404
    assert task["uid"] not in bob.get(TASKS).text
    assert ada.get(f"{TASKS}/{task['uid']}").json() == task


def test_the_head_of_a_file_is_asked_for_alone(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    for path in (*task["input_files"], *task["thumbnails"], *task["result_files"]):
        whole, head = ada.get(f"/{path}"), ada.head(f"/{path}")
        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == whole.headers[name]


def test_a_file_that_a_task_does_not_have_is_not_found(ada: httpx.Client) -> None:
    uid = ended(ada, ada.post(TEMPLATE, files=both()))["uid"]
    for path in (f"/uploads/{uid}/matches.png", f"/results/{uid}/0", f"/results/{uid}/..%2finputs"):
        assert ada.get(path).status_code == 404
    answer = ada.get(f"/uploads/{uid}/x", headers={"Accept-Language": "ru"})
    assert answer.json() == {"detail": "Файл не найден"}


def test_settings_count_where_a_request_does_not_say(matching: Served) -> None:
    with caller(matching) as carol, caller(matching) as dave:
        assert carol.get(SETTINGS).json() == {"tool": "template", "params": DEFAULTS}
        changed = carol.put(SETTINGS, json={"threshold": 0.9, "unknown": 1}).json()
        assert changed == {"tool": "template", "params": DEFAULTS | {"threshold": 0.9}}
        changed = carol.put(SETTINGS, json={"max_results": 7}).json()
        assert changed["params"] == DEFAULTS | {"threshold": 0.9, "max_results": 7}
        sent = carol.post(TEMPLATE, files=both(), data={"max_results": "3"}).json()
        assert sent["params"] == DEFAULTS | {"threshold": 0.9, "max_results": 3}
        carol.put(SETTINGS, json={"max_scale": 2}).raise_for_status()
        back = carol.put(SETTINGS, json={"max_scale": 1}).json()
        assert back["params"] == DEFAULTS | {"threshold": 0.9, "max_results": 7}
        assert dave.get(SETTINGS).json()["params"] == DEFAULTS


@pytest.mark.parametrize(
    ("body", "kind", "place"),
    [
        (b"", "missing", ["body"]),
        (b'{"threshold": }', "json_invalid", ["body", 14]),
        (b'{"threshold": NaN}', "json_invalid", ["body", 14]),
        (b"[1]", "model_attributes_type", ["body"]),
        (b'{"threshold": 1.5}', "value_error", ["body", "threshold"]),
        (b'{"threshold": null}', "float_type", ["body", "threshold"]),
        (b'{"method": "TM_X"}', "literal_error", ["body", "method"]),
    ],
)
def test_settings_that_make_no_sense_change_nothing(
    ada: httpx.Client, body: bytes, kind: str, place: list[Any]
) -> None:
    before = ada.get(SETTINGS).json()
    answer = ada.put(SETTINGS, content=body, headers={"Content-Type": "application/json"})
    (fault,) = faults(answer)
    assert (fault["type"], fault["loc"]) == (kind, place)
    assert ada.get(SETTINGS).json() == before


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/api/v1/nothing", 404, "Not Found"),
        ("GET", "/results/nothing", 404, "Not Found"),
        ("PUT", "/api/v1/settings/chain", 404, "Not Found"),
        ("GET", TEMPLATE, 405, "Method Not Allowed"),
        ("POST", TASKS, 405, "Method Not Allowed"),
    ],
)
def test_what_there_is_not_is_told_as_fastapi_does(
    ada: httpx.Client, method: str, path: str, status: int, detail: str
) -> None:
    answer = ada.request(method, path)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert ("Allow" in answer.headers) == (status == 405)


def test_who_is_not_known_or_may_not_is_told_so(matching: Served) -> None:
    unknown = matching.get(TASKS)
    assert (unknown.status_code, [*unknown.json()]) == (401, ["detail"])
    assert unknown.headers["WWW-Authenticate"].startswith("Bearer")
    with caller(matching, frozenset({"edges"})) as limited:
        assert limited.get(TASKS).status_code == 403
    with caller(matching, frozenset({"aerovision"})) as allowed:
        assert allowed.get(TASKS).status_code == 200


def test_a_bearer_token_will_do(matching: Served) -> None:
    with matching.client() as client:
        assert ended(client, client.post(TEMPLATE, files=both()))["status"] == "done"


def test_a_task_is_none_of_the_native_ones(ada: httpx.Client) -> None:
    uid = ada.post(TEMPLATE, files=both()).json()["uid"]
    answer = ada.get(f"/v2/tasks/{uid}")
    assert (answer.status_code, answer.json()["error"]) == (404, "no_such_task")
    assert uid not in ada.get("/v2/tasks").text
