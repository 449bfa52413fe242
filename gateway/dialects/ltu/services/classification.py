"""`classification`: labels as LTU passes them on from an outside provider."""

from pydantic import BaseModel, Field

from engines.classification import Result
from engines.core.run import Computed
from gateway.dialects.ltu.wording import Wording


class LabelAnnotation(BaseModel):
    """A label, as Google Cloud Vision has it."""

    score: float = Field(ge=0, le=1)
    topicality: float = Field(ge=0, le=1, description="The same as score.")
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")
    description: str


class ClassificationContent(BaseModel):
    """Labels, best first."""

    labelAnnotations: list[LabelAnnotation]


def content(computed: Computed) -> ClassificationContent:
    """Labels; the documented samples have the same topicality as score."""
    result = computed.result
    assert isinstance(result, Result)
    return ClassificationContent(
        labelAnnotations=[
            LabelAnnotation(
                score=one.score, topicality=one.score, mid=one.mid, description=one.description
            )
            for one in result.labels
        ]
    )


WORDING = Wording(content=content)
