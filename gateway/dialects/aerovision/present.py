"""What the engines found, in AeroVision's words, and the pictures that show it."""

from engines import feature_match, surface_match, template_match
from engines.core.run import Answer, Computed
from engines.core.shapes import File, Picture
from engines.vision.thumbnail import Result as Thumbnail
from gateway.dialects.aerovision.models import (
    FeatureResult,
    SurfaceResult,
    TemplateMatch,
    TemplateResult,
)


def template(computed: Computed) -> Answer:
    """The places, and pictures of them and of the scores."""
    result, (image, searched) = computed.result, computed.inputs
    assert isinstance(result, template_match.Result)
    matches = [
        TemplateMatch(
            x=one.box.left,
            y=one.box.top,
            w=one.box.right - one.box.left,
            h=one.box.bottom - one.box.top,
            score=one.score,
            scale=round(one.scale, 4),
            angle=one.angle,
        )
        for one in result.matches
    ]
    told = TemplateResult(
        matches_found=len(matches),
        filtered_matches=len(matches),
        best_score=result.best_score,
        matches=matches,
    )
    return Answer(
        told.model_dump_json().encode(),
        "application/json",
        (
            _file("matches.png", template_match.draw(image, searched, result)),
            _file("heatmap.png", template_match.heatmap(result)),
        ),
    )


def feature(computed: Computed) -> Answer:
    """The counts, where they put the query, and a picture of the pairs that put it there."""
    result = computed.result
    assert isinstance(result, feature_match.Result)
    told = FeatureResult(
        query_keypoints=result.query_keypoints,
        train_keypoints=result.train_keypoints,
        good_matches=result.good_matches,
        detector=result.detector,
        matcher=result.matcher,
        inliers=result.inliers,
        homography=result.homography,
        outline=result.outline and [(round(x, 2), round(y, 2)) for x, y in result.outline],
    )
    files = tuple(one.encoded() for one in result.files)
    return Answer(told.model_dump_json().encode(), "application/json", files)


def surface(computed: Computed) -> Answer:
    """The pose, and a picture of the model in the scene."""
    result, (model, scene) = computed.result, computed.inputs
    assert isinstance(result, surface_match.Result)
    told = SurfaceResult(
        pose=result.pose,
        poses_found=result.poses_found,
        num_model_points=result.num_model_points,
        num_scene_points=result.num_scene_points,
        icp_residual=result.icp_residual,
        overlap=result.overlap,
        second_best=result.second_best,
    )
    files = (_file("pose.png", surface_match.draw(model, scene, result)),)
    return Answer(told.model_dump_json().encode(), "application/json", files)


def thumbnail(computed: Computed) -> Answer:
    """The small picture itself."""
    assert isinstance(computed.result, Thumbnail)
    picture = computed.result.picture
    return Answer(picture.encoded(), picture.media_type)


def _file(name: str, picture: Picture) -> File:
    return File(name, picture.media_type, picture.encoded())
