"""Feature matching over the AeroVision API."""

import io

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.gateway.dialects.aerovision.matches import CHAIN, ended, noise
from tests.pictures import encoded

FEATURE = "/api/v1/match/feature"
QUERY = np.asarray(cv2.resize(noise(40, 30), (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
"""Soft spots, which every detector finds."""
TRAIN = np.full((300, 400, 3), 90, np.uint8)
TRAIN[40:280, 50:370] = QUERY
PICTURES = {
    "query_image": ("photo1.png", encoded("PNG", QUERY)),
    "train_image": ("photo2.png", encoded("PNG", TRAIN)),
}


@pytest.mark.parametrize("detector", ["SIFT", "ORB", "AKAZE", "BRISK"])
@pytest.mark.parametrize("matcher", ["FLANN", "BFMatcher"])
def test_a_query_is_found_where_it_is(ada: httpx.Client, detector: str, matcher: str) -> None:
    told = {"detector": detector, "matcher": matcher, "ratio_threshold": "0.8"}
    created = ada.post(FEATURE, files=PICTURES, data=told)
    task = ended(ada, created)
    result = task["result_data"]
    assert created.status_code == 200
    assert task["params"] == {**told, "ratio_threshold": 0.8, "max_matches": 200}
    assert (result["detector"], result["matcher"]) == (detector, matcher)
    assert min(result["query_keypoints"], result["train_keypoints"]) >= result["good_matches"] > 10
    corners = [(50, 40), (370, 40), (370, 280), (50, 280)]
    assert np.abs(np.array(result["outline"]) - (np.array(corners) - 0.5)).max() < 2
    assert np.abs(np.array(result["homography"]) - [[1, 0, 50], [0, 1, 40], [0, 0, 1]]).max() < 2


def test_the_pairs_are_drawn(ada: httpx.Client) -> None:
    task = ended(ada, ada.post(FEATURE, files=PICTURES))
    assert task["result_files"] == [f"results/{task['uid']}/matches.png"]
    drawn = Image.open(io.BytesIO(ada.get(f"/{task['result_files'][0]}").content))
    assert drawn.width > 320 + 400 - 1


def test_nothing_in_common_has_no_homography(ada: httpx.Client) -> None:
    grey = encoded("PNG", np.full((80, 80, 3), 128, np.uint8))
    files = {**PICTURES, "train_image": ("grey.png", grey)}
    result = ended(ada, ada.post(FEATURE, files=files))["result_data"]
    assert (result["good_matches"], result["inliers"]) == (0, 0)
    assert (result["homography"], result["outline"]) == (None, None)


def test_a_chain_goes_from_one_tool_to_another(ada: httpx.Client) -> None:
    files = {"image": PICTURES["query_image"], "template": PICTURES["train_image"]}
    steps = '[{"tool": "template"}, {"tool": "feature", "params": {"detector": "ORB"}}]'
    told = ended(ada, ada.post(CHAIN, files=files, data={"steps": steps}))["result_data"]
    first, second = told["steps"]
    assert (told["chain_result"], told["completed_step"]) == ("found", 2)
    assert (first["status"], second["status"], second["found"]) == ("error", "done", True)
    assert second["params"] == {"detector": "ORB"}
    assert [name.rpartition("/")[2] for name in second["result_files"]] == ["step2_matches.png"]
