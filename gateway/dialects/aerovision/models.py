"""AeroVision's names: of tools and their parameters, of tasks, of a refusal."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from engines.core.shapes import NUMBERS, Parameters
from gateway.tasks.status import Status

MOST_STEPS = 10

ToolName = Literal["template", "feature", "surface"]
NullableText = Annotated[str | None, WithJsonSchema({"type": "string", "nullable": True})]
NullableInteger = Annotated[int | None, WithJsonSchema({"type": "integer", "nullable": True})]


def _is_1(value: float) -> bool:
    return value == 1


def _is_none(value: object) -> bool:
    """Whether it is null, 0 or false."""
    return not value


class ToolParams(Parameters):
    """What a tool can be told; where it is not, the caller's settings of the tool count."""

    def of(self, names: Collection[str]) -> dict[str, Any]:
        """Those of some names, also where they are told of otherwise only if they count."""
        return {name: getattr(self, name) for name in names if name in type(self).model_fields}

    @field_validator("*", mode="before")
    @classmethod
    def _plain_number(cls, value: object, info: ValidationInfo) -> object:
        """Neither `1_0`, ` 7 ` nor true, which pydantic takes."""
        assert info.field_name is not None
        kind = cls.model_fields[info.field_name].annotation
        if isinstance(value, bool) and kind in NUMBERS:
            raise PydanticCustomError("float_type", "Input should be a valid number")
        if not isinstance(value, str) or kind not in NUMBERS or NUMBERS[kind].fullmatch(value):
            return value
        if kind is int:
            raise PydanticCustomError(
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            )
        raise PydanticCustomError(
            "float_parsing", "Input should be a valid number, unable to parse string as a number"
        )


class TemplateParams(ToolParams):
    """Of template matching; the last four are our own, and told where they count alone."""

    method: Literal[
        "TM_CCOEFF_NORMED",
        "TM_CCORR_NORMED",
        "TM_SQDIFF_NORMED",
        "TM_CCOEFF",
        "TM_CCORR",
        "TM_SQDIFF",
    ] = Field(
        "TM_CCOEFF_NORMED",
        description="How places are compared; whatever the method, 1 is an exact copy.",
    )
    threshold: float = Field(0.8, ge=0.1, le=1.0, description="Least score of a match.")
    max_results: int = Field(20, ge=1, le=1000, description="Most matches.")
    use_grayscale: bool = Field(True, description="`false`: colours count.")
    min_scale: float = Field(
        1, ge=0.25, le=1, exclude_if=_is_1, description="Smallest size of the template."
    )
    max_scale: float = Field(
        1, ge=1, le=4, exclude_if=_is_1, description="Largest size of the template."
    )
    max_angle: float = Field(
        0,
        ge=0,
        le=180,
        exclude_if=_is_none,
        description="How far the template may be turned either way, degrees.",
    )
    use_alpha: bool = Field(
        False,
        exclude_if=_is_none,
        description="Compare what is opaque in the template alone; `false`: it lies on white.",
    )


class FeatureParams(ToolParams):
    """Of feature matching."""

    detector: Literal["SIFT", "ORB", "AKAZE", "BRISK"] = Field(
        "SIFT", description="What finds keypoints and describes them."
    )
    matcher: Literal["FLANN", "BFMatcher"] = Field(
        "FLANN", description="What pairs them: approximately, or one by one."
    )
    ratio_threshold: float = Field(
        0.75,
        ge=0.1,
        le=1.0,
        description="How much nearer a pair must be than the next (Lowe's ratio test); less is "
        "stricter.",
    )
    max_matches: int = Field(200, ge=1, le=5000, description="Most pairs.")


class SurfaceParams(ToolParams):
    """Of surface matching; the last is our own, and told where it counts alone."""

    relative_sampling_step: float = Field(
        0.05, ge=0.01, le=0.5, description="Distance of sampled points, as a share of the size."
    )
    relative_distance_step: float = Field(
        0.05, ge=0.01, le=0.5, description="Step in which distances count, as a share of the size."
    )
    num_angles: int = Field(30, ge=1, le=360, description="Steps in which angles count.")
    use_icp: bool = Field(True, description="Refine the pose by iterative closest points.")
    icp_tolerance: float = Field(
        0.005, gt=0, le=1.0, description="Change of the residual at which refining ends."
    )
    icp_iterations: int = Field(100, ge=1, le=1000, description="Most iterations of refining.")
    compute_normals: bool = Field(
        False,
        exclude_if=_is_none,
        description="Compute normals; without it both files need them.",
    )


class Step(BaseModel):
    """A step of a chain."""

    tool: ToolName
    params: dict[str, Any] = Field(
        {}, description="Of the tool; what is not there is as in the caller's settings."
    )


class Steps(BaseModel):
    """The steps of a chain, as they are taken."""

    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS)


class Page(ToolParams):
    """Which of the tasks are listed, the newest first."""

    offset: int = Field(0, ge=0, le=1_000_000_000, description="Tasks to pass over.")
    limit: int = Field(50, ge=1, le=200, description="Tasks to list.")


class CreatedTask(BaseModel):
    """A task that waits for its turn."""

    uid: str
    status: Status
    tool: Literal["template", "feature", "surface", "chain"]
    params: dict[str, Any] = Field(description="All of them, as they count.")
    created_at: str = Field(description="UTC.")
    input_files: list[str] = Field(description="Paths below the service's address.")
    thumbnails: list[str]
    result_files: list[str]
    result_data: dict[str, Any] = Field(
        description="By tool; empty until there is one. template: `method`, `matches_found`, "
        "`filtered_matches`, `best_score`, `matches` of `x`, `y`, `w`, `h`, `score`. feature: "
        "`query_keypoints`, `train_keypoints`, `good_matches`, `detector`, `matcher`, `inliers`, "
        "`homography`, `outline`. surface: `pose`, `poses_found`, `num_model_points`, "
        "`num_scene_points`, `icp_residual`, `overlap`, `second_best`. "
        "chain: `chain_result`, `completed_step`, `total_steps`, `steps`."
    )


class MatchTask(CreatedTask):
    """A task, and what has become of it."""

    updated_at: str = Field(description="UTC.")
    error: NullableText = Field(None, description="Why there is no result; null but with `error`.")


class MatchTaskList(BaseModel):
    """The caller's tasks, the newest first."""

    total: int = Field(description="Tasks there are, listed or not.")
    tasks: list[MatchTask]


class TemplateMatch(BaseModel):
    """A place that looks like the template, px of the upright picture."""

    x: int
    y: int
    w: int
    h: int
    score: float
    scale: float = Field(1, exclude_if=_is_1, description="Of the template there; absent where 1.")
    angle: float = Field(
        0,
        exclude_if=_is_none,
        description="Of the template there, degrees counter-clockwise; absent where 0.",
    )


class TemplateResult(BaseModel):
    """What template matching found, best first."""

    matches_found: int
    filtered_matches: int = Field(description="The same; the chain's criterion has this name.")
    best_score: float = Field(description="Of the best place, match or not.")
    matches: list[TemplateMatch]


class FeatureResult(BaseModel):
    """What feature matching found; coordinates are px of the upright pictures."""

    query_keypoints: int
    train_keypoints: int
    good_matches: int = Field(description="Pairs that pass the ratio test, however many are taken.")
    detector: str
    matcher: str
    inliers: int = Field(description="Good matches that agree with the homography.")
    homography: list[list[float]] | None = Field(
        description="3 x 3, from the query to the train picture; null where none is sure."
    )
    outline: list[tuple[float, float]] | None = Field(
        description="The query's corners in the train picture, clockwise from top left."
    )


class SurfaceResult(BaseModel):
    """What surface matching found, in the unit of the files."""

    pose: list[list[float]] | None = Field(
        description="4 x 4, from the model to the scene; null where none is sure."
    )
    poses_found: int
    num_model_points: int
    num_scene_points: int
    icp_residual: float | None
    overlap: float = Field(description="Share of the model's points that meet the scene.")
    second_best: float = Field(description="The overlap of the best other pose.")


class ChainStep(BaseModel):
    """What came of a step of a chain."""

    step: int
    tool: ToolName
    params: dict[str, Any] = Field(description="Those that were sent.")
    status: Literal["done", "error", "skipped"] = Field(
        "skipped", description="`skipped`: a step before it has found something."
    )
    found: bool = False
    result_data: dict[str, Any] = {}
    result_files: list[str] = []
    error: str | None = Field(
        None,
        description="Why the step has no result; only with `error`.",
        exclude_if=_is_none,
    )


class ChainResult(BaseModel):
    """What came of a chain."""

    chain_result: Literal["found", "not_found"]
    completed_step: int
    total_steps: int
    steps: list[ChainStep]


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    type: str = Field(description="`value_error` for a range, else pydantic's word.")
    loc: list[str | int] = Field(description="Where: `body` or `query`, and what of it.")
    msg: str
    input: Any = Field(None, description="What was sent there, unless it is long.")
    ctx: dict[str, Any] = {}


class RequestFaults(BaseModel):
    """All that is wrong with a request."""

    detail: list[Fault]


class CurrentSettings(BaseModel):
    """What counts where a request does not say it."""

    tool: ToolName
    params: dict[str, Any]


class WantedWebhook(BaseModel):
    """A URL that is to be told of each task that ends."""

    url: str = Field(min_length=1, max_length=2048, description="http or https.")
    secret: Annotated[
        str | None, WithJsonSchema({"type": "string", "maxLength": 1000, "nullable": True})
    ] = Field(
        None, max_length=1000, description="Signs what is sent (HMAC-SHA256); it is never told."
    )


class RegisteredWebhook(BaseModel):
    """A URL that is told of each task that ends."""

    id: str
    url: str
    created_at: str = Field(description="UTC.")


class Delivery(BaseModel):
    """What became of one message to a webhook."""

    id: str = Field(description="As `Webhook-Id` of the message.")
    uid: str = Field(description="Of the task.")
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    last_status: NullableInteger = Field(description="That the receiver answered with last.")
    last_error: NullableText = Field(description="Why the last attempt failed.")
    created_at: str = Field(description="UTC.")
    next_attempt_at: NullableText = Field(description="As long as it is pending.")
    finished_at: NullableText


class SentAgain(BaseModel):
    """A message that is sent once more."""

    id: str = Field(description="Of the new delivery.")


class Failure(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="What was found and what was expected.")
