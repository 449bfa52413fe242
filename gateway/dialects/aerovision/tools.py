"""AeroVision's tools: what each takes, which engine it is, and when it has found something."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engines import feature_match, surface_match, template_match
from engines.core.decoders import Decoder, PictureDecoder
from engines.core.registry import engine_named
from engines.core.run import Job, name_of
from engines.core.shapes import Parameters
from engines.vision.correlation import Method
from gateway.dialects.aerovision import present
from gateway.dialects.aerovision.models import (
    FeatureParams,
    SurfaceParams,
    TemplateParams,
    ToolParams,
)

CLOUD = "model/ply"
CHAIN_FIELDS = ("image", "template")
"""Names of a chain's files, whatever its tools call them."""
PICTURES = ("image/png", "image/jpeg", "image/bmp", "image/tiff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A way of matching two files.

    Args:
        fields: names of the files, in the engine's order.
        accepts: media types of the files.
        translate: makes the engine's parameters of the tool's.
        present: the name of what writes the result.
        repeats: parameters that the result has too.
        counts: the number in the result that is above 0 where something was found.
        status: of the answer to a task that was taken, as the document's samples have it.
    """

    name: str
    fields: tuple[str, str]
    accepts: tuple[str, ...]
    params: type[ToolParams]
    engine: str
    translate: Callable[[Any], Parameters]
    present: str
    repeats: tuple[str, ...]
    counts: str
    status: int

    def job(self, params: dict[str, Any], files: tuple[bytes, ...], names: tuple[str, ...]) -> Job:
        """The computation; a refusal calls the files by the names."""
        engine = engine_named(self.engine)
        return Job(
            engine.name,
            files,
            self.translate(self.params.model_validate(params)),
            self.present,
            decoders=tuple(self._accepting(one.decoder) for one in engine.inputs),
            names=names,
        )

    def _accepting(self, decoder: Decoder) -> Decoder:
        if isinstance(decoder, PictureDecoder):
            return replace(decoder, accepts=self.accepts)
        return decoder


def _of_template(told: TemplateParams) -> template_match.Params:
    return template_match.Params(
        method=Method(told.method),
        threshold=told.threshold,
        max_results=told.max_results,
        grayscale=told.use_grayscale,
        min_scale=told.min_scale,
        max_scale=told.max_scale,
        max_angle=told.max_angle,
        use_alpha=told.use_alpha,
    )


def _of_feature(told: FeatureParams) -> feature_match.Params:
    return feature_match.Params(
        detector=feature_match.Detector(told.detector),
        matcher=feature_match.Matcher(told.matcher),
        ratio_threshold=told.ratio_threshold,
        max_matches=told.max_matches,
    )


def _of_surface(told: SurfaceParams) -> surface_match.Params:
    return surface_match.Params(**dict(told))


TOOLS = {
    one.name: one
    for one in (
        Tool(
            name="template",
            fields=("image", "template"),
            accepts=PICTURES,
            params=TemplateParams,
            engine=template_match.template_match.__name__,
            translate=_of_template,
            present=name_of(present.template),
            repeats=("method",),
            counts="filtered_matches",
            status=201,
        ),
        Tool(
            name="feature",
            fields=("query_image", "train_image"),
            accepts=PICTURES,
            params=FeatureParams,
            engine=feature_match.feature_match.__name__,
            translate=_of_feature,
            present=name_of(present.feature),
            repeats=(),
            counts="good_matches",
            status=200,
        ),
        Tool(
            name="surface",
            fields=("model_file", "scene_file"),
            accepts=(CLOUD,),
            params=SurfaceParams,
            engine=surface_match.surface_match.__name__,
            translate=_of_surface,
            present=name_of(present.surface),
            repeats=(),
            counts="poses_found",
            status=200,
        ),
    )
}
