"""`colorPalette`: colours as four numbers, and what these are."""

from typing import Annotated

from pydantic import BaseModel, Field

from engines import color_palette
from gateway.dialects.ltu.wording import Wording

Color = Annotated[
    list[Annotated[int, Field(ge=0, le=255)]],
    Field(min_length=4, max_length=4, description="Red, green, blue (0 to 255), percent."),
]


class Facts(BaseModel):
    """How to read the colours."""

    count: int = Field(ge=1, le=32, description="Colours found.")
    format: str = Field("RGB%", description="What the numbers of a colour are.")


class Result(BaseModel):
    """The palette."""

    colors: list[Color] = Field(
        min_length=1,
        max_length=32,
        description="Most frequent first; of equal percentages that with less red, then green, "
        "then blue. The percentages add up to 100.",
    )


def result(found: color_palette.Result) -> Result:
    return Result(colors=[list(color) for color in found.colors])


def info(found: color_palette.Result) -> Facts:
    return Facts(count=len(found.colors))


WORDING = Wording(result=result, info=info)
