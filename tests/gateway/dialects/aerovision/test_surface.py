"""Surface matching over the AeroVision API."""

import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.clouds import SHIFT, TURN, Array, pebble, placed, ply, seen
from tests.gateway.dialects.aerovision.matches import CHAIN, PICTURE, ended

SURFACE = "/api/v1/match/surface"
MODEL, SCENE = ply(pebble()), ply(seen(placed(pebble(3000, seed=1))))
BARE = ply(pebble()[:, :3])
COARSE = {"relative_sampling_step": "0.08"}


def clouds(model: bytes = MODEL, scene: bytes = SCENE) -> dict[str, tuple[str, bytes]]:
    return {"model_file": ("model.ply", model), "scene_file": ("scene.ply", scene)}


def check_pose(rows: list[list[float]]) -> None:
    pose: Array = np.array(rows)
    assert np.abs(pose[:3, :3] - TURN).max() < 0.03
    assert np.abs(pose[:3, 3] - SHIFT).max() < 0.03
    assert rows[3] == [0, 0, 0, 1]


def test_the_pose_takes_the_model_to_the_scene(ada: httpx.Client) -> None:
    created = ada.post(SURFACE, files=clouds(), data=COARSE)
    assert created.status_code == 200
    task = ended(ada, created)
    result = task["result_data"]
    assert task["params"] == {
        "relative_sampling_step": 0.08,
        "relative_distance_step": 0.05,
        "num_angles": 30,
        "use_icp": True,
        "icp_tolerance": 0.005,
        "icp_iterations": 100,
    }
    check_pose(result["pose"])
    assert result["poses_found"] == 1
    assert result["num_model_points"] == len(pebble())
    assert 0 <= result["icp_residual"] < 0.02
    assert 0.3 < result["overlap"] < 0.6
    assert 0 <= result["second_best"] < 0.6


def test_surfaces_have_files_and_no_thumbnails(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(SURFACE, files=clouds(), data=COARSE))
    assert task["thumbnails"] == []
    model = ada.get(f"/{task['input_files'][0]}")
    assert (model.content, model.headers["Content-Type"]) == (MODEL, "model/ply")
    assert ada.get(f"/thumbnails/{task['uid']}/model.ply").json() == {"detail": "File not found"}
    assert task["result_files"] == [f"results/{task['uid']}/pose.png"]
    drawn = ada.get(f"/{task['result_files'][0]}").raise_for_status().content
    assert Image.open(io.BytesIO(drawn)).format == "PNG"


def test_without_icp_there_is_no_residual(ada: httpx.Client) -> None:
    told = {**COARSE, "use_icp": "false"}
    result = ended(ada, ada.post(SURFACE, files=clouds(), data=told))["result_data"]
    assert result["pose"] is not None
    assert result["icp_residual"] is None


def test_an_absent_model_has_no_pose(ada: httpx.Client) -> None:
    plane = np.zeros((900, 6))
    plane[:, :2] = np.stack(np.meshgrid(np.arange(30), np.arange(30)), -1).reshape(-1, 2) / 8
    plane[:, 2:] = 6, 0, 0, -1
    task = ended(ada, ada.post(SURFACE, files=clouds(scene=ply(plane)), data=COARSE))
    told = task["result_data"]
    assert (task["status"], told["pose"], told["poses_found"]) == ("done", None, 0)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (PICTURE, "Cannot read the file: image/png, expected PLY"),
        (BARE, "The vertices have no normals; expected nx, ny and nz"),
        (b"ply\nformat ascii 1.0\nend_header\n", "it has 0 elements called vertex"),
        (MODEL.replace(b"end_header", b"nothing"), "its header does not end"),
    ],
)
def test_a_surface_that_cannot_be_used_is_refused_at_once(
    ada: httpx.Client, model: bytes, message: str
) -> None:
    answer = ada.post(SURFACE, files=clouds(model))
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("value_error", ["body", "model_file"])
    assert message in fault["msg"]


def test_normals_are_computed_where_that_is_asked_for(ada: httpx.Client) -> None:
    bare = clouds(BARE, ply(seen(placed(pebble(3000, seed=1)))[:, :3]))
    task = ended(ada, ada.post(SURFACE, files=bare, data={**COARSE, "compute_normals": "yes"}))
    assert task["params"]["compute_normals"] is True
    assert (task["status"], task["error"]) == ("done", None)


def test_a_file_that_is_cut_short_ends_in_an_error_in_words(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(SURFACE, files=clouds(MODEL[:-1000])))
    assert task["status"] == "error"
    assert task["error"].startswith("model_file: cannot decode the point cloud")


def test_in_a_chain_the_files_are_called_as_the_chain_calls_them(ada: httpx.Client) -> None:
    files = {"image": ("a.ply", MODEL), "template": ("b.ply", SCENE)}
    steps = [{"tool": "template"}, {"tool": "surface", "params": COARSE}]
    task = ended(ada, ada.post(CHAIN, files=files, data={"steps": json.dumps(steps)}))
    first, second = task["result_data"]["steps"]
    assert first["error"].startswith("image: cannot decode the picture")
    assert second["found"] is True
    check_pose(second["result_data"]["pose"])
    assert second["params"] == {"relative_sampling_step": 0.08}
