"""Surface match: a pebble whose place is known, and scenes that do not hold it."""

import numpy as np
import pytest

from engines.core.errors import BadParameter, UnsuitableCloud
from engines.surface_match import Params, Result, draw, surface_match
from engines.surfaces.ply import PointCloud
from tests.clouds import SHIFT, TURN, Array, pebble, placed, seen, table

MODEL = pebble()
SCENE = np.vstack([seen(placed(pebble(6000, seed=1))), table()])
PARAMS = Params(relative_sampling_step=0.07)


def cloud(columns: Array) -> PointCloud:
    return PointCloud(columns[:, :3], columns[:, 3:] if columns.shape[1] > 3 else None)


def match(model: Array, scene: Array, params: Params = PARAMS) -> Result:
    return surface_match(cloud(model), cloud(scene), params=params)


def errors(result: Result) -> tuple[float, float]:
    """By how many degrees and units a pose misses the true one."""
    assert result.pose is not None
    pose = np.array(result.pose)
    cosine = (np.trace(pose[:3, :3].T @ TURN) - 1) / 2
    return float(np.degrees(np.arccos(min(cosine, 1)))), float(np.linalg.norm(pose[:3, 3] - SHIFT))


@pytest.fixture(scope="module")
def found() -> Result:
    return match(MODEL, SCENE)


def test_the_pose_takes_the_model_to_the_scene(found: Result) -> None:
    degrees, apart = errors(found)
    assert degrees < 1
    assert apart < 0.02
    assert found.poses_found == 1
    assert found.details.message == "The model is found."


def test_the_turn_is_a_rotation(found: Result) -> None:
    pose = np.array(found.pose)
    assert np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
    assert pose[3].tolist() == [0, 0, 0, 1]


def test_one_side_of_the_model_is_met_closely(found: Result) -> None:
    assert 0.25 < found.overlap < 0.5
    assert found.icp_residual is not None
    assert found.icp_residual < 0.01
    assert (found.num_model_points, found.num_scene_points) == (len(MODEL), len(SCENE))


def test_the_same_clouds_give_the_same_answer(found: Result) -> None:
    assert match(MODEL, SCENE) == found


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_does_not_matter(found: Result, scale: float) -> None:
    by = np.array([scale] * 3 + [1] * 3)
    other = match(MODEL * by, SCENE * by)
    assert other.pose is not None
    assert np.allclose(np.array(other.pose)[:3, 3] / scale, SHIFT, atol=0.02)


def test_a_scene_without_the_model_gives_no_pose() -> None:
    sphere = placed(pebble(6000, bumps=0, seed=1))
    result = match(MODEL, np.vstack([seen(sphere), table()]))
    assert (result.pose, result.icp_residual, result.poses_found) == (None, None, 0)
    assert result.details.message.startswith("No pose is sure. ")


def test_a_table_alone_gives_no_pose() -> None:
    assert match(MODEL, table()).pose is None


def test_without_refinement_there_is_no_residual() -> None:
    result = match(MODEL, SCENE, Params(relative_sampling_step=0.07, use_icp=False))
    degrees, apart = errors(result)
    assert degrees < 15
    assert apart < 0.3
    assert result.icp_residual is None


def test_normals_are_computed_where_that_is_asked_for() -> None:
    params = Params(relative_sampling_step=0.07, compute_normals=True)
    degrees, apart = errors(match(MODEL[:, :3], SCENE[:, :3], params))
    assert degrees < 2
    assert apart < 0.04


@pytest.mark.parametrize("without", ["model", "scene"])
def test_a_file_without_normals_is_refused(without: str) -> None:
    model, scene = (MODEL[:, :3], SCENE) if without == "model" else (MODEL, SCENE[:, :3])
    with pytest.raises(UnsuitableCloud, match=rf"^The {without} has no normals \(nx, ny, nz\);"):
        match(model, scene)


def test_points_without_direction_do_not_count() -> None:
    spoiled = np.vstack([SCENE, np.hstack([SCENE[:500, :3] + 0.01, np.zeros((500, 3))])])
    assert errors(match(MODEL, spoiled))[0] < 1
    nothing = np.hstack([MODEL[:, :3], np.zeros((len(MODEL), 3))])
    with pytest.raises(UnsuitableCloud, match="model has 0 points with a normal; expected 30"):
        match(nothing, SCENE)


def test_points_that_are_all_one_are_refused() -> None:
    with pytest.raises(UnsuitableCloud, match="all in one place"):
        match(np.repeat(MODEL[:1], 100, axis=0), SCENE)


def test_repeated_points_do_no_harm() -> None:
    twice = np.repeat(MODEL, 2, axis=0), np.repeat(SCENE, 2, axis=0)
    assert errors(match(*twice))[0] < 1


def test_a_scene_of_one_point_many_times_has_no_model() -> None:
    assert match(MODEL, np.repeat(SCENE[:1], 100, axis=0)).pose is None


def test_a_scene_far_too_large_is_refused() -> None:
    far = np.vstack([SCENE, SCENE[:1] + np.array([1e9, 0, 0, 0, 0, 0])])
    with pytest.raises(UnsuitableCloud, match="too large"):
        match(MODEL, far)


@pytest.mark.parametrize(
    "told",
    [
        {"relative_sampling_step": "0.009"},
        {"relative_distance_step": "0.51"},
        {"num_angles": "0"},
        {"num_angles": "361"},
        {"icp_tolerance": "0"},
        {"icp_iterations": "1001"},
    ],
)
def test_parameters_have_ranges(told: dict[str, str]) -> None:
    with pytest.raises(BadParameter, match=next(iter(told))):
        Params.from_text(told)


@pytest.mark.parametrize("params", [Params(num_angles=1), Params(num_angles=360)])
def test_the_coarsest_and_finest_angles_are_computed(params: Params) -> None:
    match(MODEL[::6], SCENE[::6], params)


def test_the_finest_step_is_made_coarser_for_a_large_model() -> None:
    result = match(MODEL, SCENE, Params(relative_sampling_step=0.01))
    assert result.details.info.sampling_step > 0.02 * np.linalg.norm(np.ptp(MODEL[:, :3], axis=0))
    assert errors(result)[0] < 1


def test_the_inputs_are_left_as_they_are() -> None:
    model, scene = cloud(MODEL.copy()), cloud(SCENE.copy())
    for one in (model, scene):
        one.points.flags.writeable = False
    surface_match(model, scene, params=PARAMS)


def test_the_picture_shows_met_points_in_green(found: Result) -> None:
    picture = draw(cloud(MODEL), cloud(SCENE), found).pixels.astype(int)
    green = (picture[..., 1] > 200) & (picture[..., 2] < 120)
    orange = (picture[..., 2] > 200) & (picture[..., 0] < 80)
    assert green.sum() > 5 * orange.sum()
    assert green[300:500, 300:500].mean() > 0.05


def test_the_picture_of_no_pose_is_the_scene_alone() -> None:
    nothing = match(MODEL, table())
    picture = draw(cloud(MODEL), cloud(table()), nothing).pixels
    assert (np.ptp(picture.astype(int), axis=2) < 10).all()
