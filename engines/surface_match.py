"""Surface match: where a known solid lies in a scan, and how it is turned."""

import numpy as np
from pydantic import Field

from engines.core.errors import UnsuitableCloud
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters, Picture
from engines.surfaces import drawing, normals
from engines.surfaces.cloud import Array, Surface, diameter_of, thinned
from engines.surfaces.ply import Cloud, PointCloud
from engines.surfaces.search import REACH, Found, Refinement, Search

FEWEST_POINTS = 30
LEAST_OVERLAP = 0.08
LEAST_VISIBLE, LEAST_VISIBLE_GUESSED = 0.97, 0.93
"""Where the sensor's place is known, and where its direction is guessed from the normals."""
LEAST_TIGHT = 0.85
LEAST_HOLD = 0.1


class Params(Parameters):
    """What `surface_match` can be told; steps are shares of the model's diameter."""

    relative_sampling_step: float = Field(
        0.05,
        ge=0.01,
        le=0.5,
        description="How far apart the points are that are compared, as a share of the diagonal of "
        "the model's bounding box. Smaller sees finer detail, larger bears more noise.",
    )
    relative_distance_step: float = Field(
        0.05,
        ge=0.01,
        le=0.5,
        description="How much distances of two points may differ to count as the same, as a share "
        "of that diagonal.",
    )
    num_angles: int = Field(
        30, ge=1, le=360, description="Into how many steps a full turn is divided."
    )
    use_icp: bool = Field(True, description="Refine the pose by iterative closest points.")
    icp_tolerance: float = Field(
        0.005,
        gt=0,
        le=1,
        description="The refinement ends when the residual changes by less than this share.",
    )
    icp_iterations: int = Field(100, ge=1, le=1000, description="And after so many steps.")
    compute_normals: bool = Field(
        False,
        description="Compute normals: those of the model face outward, those of the scene the "
        "origin, where the sensor stands. Without it both files need them.",
    )


class MatchInfo(Info):
    """What the answer is founded on; of the best pose, also where it was refused."""

    sampling_step: float = Field(
        description="How far apart the compared points are; coarser than asked for where the model "
        "would have too many. In the files' unit."
    )
    visible_overlap: float = Field(
        ge=0,
        le=1,
        description="Share that meets the scene of the points that a scan should have seen there.",
    )
    hold: float = Field(
        ge=0,
        description="How firmly the met points hold the pose in its freest direction; the whole "
        "model's points do it with 1, and those of one plane with 0.",
    )


class Result(EngineResult[MatchInfo]):
    """The pose that is met best, if one is met well enough."""

    pose: list[list[float]] | None = Field(
        None,
        description="4 x 4, row by row; takes points of the model to the scene. The turn is a "
        "rotation to the last bit but rounding.",
    )
    poses_found: int = Field(ge=0, description="At how many places the model was found.")
    num_model_points: int = Field(ge=0, description="In the model's file.")
    num_scene_points: int = Field(ge=0, description="In the scene's file.")
    icp_residual: float | None = Field(
        None,
        ge=0,
        description="Root mean square of how far the met points are from the scene's surface, in "
        "the files' unit; only with a pose and use_icp.",
    )
    overlap: float = Field(
        ge=0,
        le=1,
        description="Share of the model's points that meet the scene; where one side is seen, "
        "0.2 to 0.45. Of the best pose, also where it was refused.",
    )
    second_best: float = Field(
        ge=0, le=1, description="The overlap of the best other pose, of a symmetric model too."
    )


def draw(model: PointCloud, scene: PointCloud, result: Result) -> Picture:
    """The scene in grey; the model's points in green where they are met, else in orange."""
    step = result.details.info.sampling_step
    around = thinned(_seen(scene), step / 3)
    if result.pose is None:
        return Picture(drawing.alone(around))
    placed = thinned(_whole(model), step / 3).moved(np.array(result.pose))
    return Picture(drawing.in_scene(around, placed, REACH * step))


@engine(version="1.0.0", draw=draw, deadline_seconds=120)
def surface_match(model: Cloud, scene: Cloud, *, params: Params) -> Result:
    """Find where a model is in a scene, and how it is turned.

    Args:
        model: the whole surface of a solid, its normals outward.
        scene: what a sensor sees, its normals toward the sensor; in the model's unit. Where all
            of it faces the origin, the sensor is taken to stand there.

    Returns:
        a pose that is met, held in all directions, and not seen through; else none.

    Raises:
        UnsuitableCloud: there are no normals, too few points, or a scene too large for the model.

    Source:
        Drost et al., Model globally, match locally, CVPR 2010; Chen and Medioni, Object modelling
        by registration of multiple range images, 1992; the checks are own.
    """
    if not params.compute_normals:
        _hold_normals(model, "model")
        _hold_normals(scene, "scene")
    whole, around = _whole(model), _seen(scene)
    diameter = _diameter(whole)
    if len(around) < FEWEST_POINTS:
        raise _too_few("scene", around)
    # In diameters, so that no unit is too small or too large for what computes in float32.
    search = Search.of(
        _scaled(whole, 1 / diameter), _scaled(around, 1 / diameter), params.relative_sampling_step
    )
    poses = search.poses(
        params.relative_distance_step,
        params.num_angles,
        Refinement(params.icp_tolerance, params.icp_iterations),
    )
    return _result(search, poses, diameter, params, (model, scene))


def _hold_normals(cloud: PointCloud, name: str) -> None:
    if cloud.normals is None:
        raise UnsuitableCloud(
            f"The {name} has no normals (nx, ny, nz); expected them, or compute_normals=true."
        )


def _whole(model: PointCloud) -> Surface:
    if model.normals is None:
        return normals.facing_outward(model.points)
    return _with_direction(model.points, model.normals)


def _seen(scene: PointCloud) -> Surface:
    if scene.normals is None:
        return normals.facing_origin(scene.points)
    return _with_direction(scene.points, scene.normals)


def _with_direction(points: Array, vectors: Array) -> Surface:
    """The points whose normals point anywhere, these made to be of length 1."""
    lengths = np.linalg.norm(vectors, axis=1)
    chosen = lengths > 0
    return Surface(points[chosen], vectors[chosen] / lengths[chosen, None])


def _diameter(model: Surface) -> float:
    if len(model) < FEWEST_POINTS:
        raise _too_few("model", model)
    diameter = diameter_of(model.points)
    if diameter == 0:
        raise UnsuitableCloud("The model's points are all in one place; expected a surface.")
    return diameter


def _too_few(name: str, surface: Surface) -> UnsuitableCloud:
    return UnsuitableCloud(
        f"The {name} has {len(surface)} points with a normal; expected {FEWEST_POINTS} or more."
    )


def _scaled(surface: Surface, by: float) -> Surface:
    return Surface(surface.points * by, surface.normals)


def _result(
    search: Search,
    poses: list[Found],
    diameter: float,
    params: Params,
    clouds: tuple[PointCloud, PointCloud],
) -> Result:
    best = poses[0] if poses else None
    passed = [one for one in poses if not _fault(one, search)]
    fault = _fault(best, search) if best else "No pose is voted for."
    pose = passed[0] if passed else None
    best = pose or best
    others = [one for one in poses if one is not best]
    return Result(
        pose=None if pose is None else _rows(pose.pose if params.use_icp else pose.voted, diameter),
        poses_found=_places(passed),
        num_model_points=len(clouds[0].points),
        num_scene_points=len(clouds[1].points),
        icp_residual=pose.residual * diameter if pose and params.use_icp else None,
        overlap=best.overlap if best else 0,
        second_best=max((one.overlap for one in others), default=0),
        details=Details[MatchInfo](
            message="The model is found." if pose else f"No pose is sure. {fault}",
            info=MatchInfo(
                sampling_step=search.step * diameter,
                visible_overlap=best.visible_overlap if best else 0,
                hold=best.hold if best else 0,
            ),
        ),
    )


def _fault(found: Found, search: Search) -> str:
    """Why a pose is refused; empty where it is not."""
    least_visible = LEAST_VISIBLE if search.view.is_known else LEAST_VISIBLE_GUESSED
    if found.overlap < LEAST_OVERLAP:
        return f"The best is met by {found.overlap:.0%} of the model; expected {LEAST_OVERLAP:.0%}."
    if found.tight < LEAST_TIGHT * found.overlap:
        return "The best is met too loosely to be more than a similar shape."
    if found.visible_overlap < least_visible:
        return "The scene is seen through the best one."
    if found.hold < LEAST_HOLD:
        return "What is met of the best one would let it slide or turn."
    return ""


def _places(passed: list[Found]) -> int:
    """At how many places poses are, those of a symmetric model at one."""
    places = list[Array]()
    for one in passed:
        if all(np.linalg.norm(one.pose[:3, 3] - other) > 0.5 for other in places):
            places.append(one.pose[:3, 3])
    return len(places)


def _rows(pose: Array, diameter: float) -> list[list[float]]:
    scaled = pose.copy()
    scaled[:3, 3] *= diameter
    rows: list[list[float]] = scaled.tolist()
    return rows
