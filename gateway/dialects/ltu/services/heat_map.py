"""`heatMap`: the number of the kind of points."""

from typing import Literal

from pydantic import BaseModel, Field

from engines.heat_map import Result
from gateway.dialects.ltu.wording import Wording


class HeatInfo(BaseModel):
    """What the heat is made of."""

    signature: Literal[72004000] = Field(
        72004000, description="The kind of points, key points; constant."
    )


def info(found: Result) -> HeatInfo:
    return HeatInfo()


WORDING = Wording(info=info)
