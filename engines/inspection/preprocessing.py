"""Preprocessing: what is done to a picture before engines look at it."""

from typing import Annotated, Literal, TypeAlias

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from engines.core.errors import PictureTooSmall
from engines.core.shapes import Pixels
from engines.vision.scaling import size_of, to_longer_side


class Step(BaseModel):
    """What a project says of one step; nothing that it does not know is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Crop(Step):
    """Keeps a rectangle."""

    use: Literal["crop"] = "crop"
    left: int = Field(0, ge=0, description="px")
    top: int = Field(0, ge=0, description="px")
    width: int = Field(ge=1, description="px")
    height: int = Field(ge=1, description="px")

    def apply(self, image: Pixels) -> Pixels:
        """Cut the rectangle out.

        Raises:
            PictureTooSmall: it does not lie within the picture.
        """
        right, bottom = self.left + self.width, self.top + self.height
        width, height = size_of(image)
        if right > width or bottom > height:
            raise PictureTooSmall(
                f"The picture is {width} x {height} px; crop needs {right} x {bottom} px."
            )
        return np.ascontiguousarray(image[self.top : bottom, self.left : right])


class Resize(Step):
    """Makes the picture smaller or larger; its form stays."""

    use: Literal["resize"] = "resize"
    longer_side: int = Field(ge=16, le=10_000, description="px")

    def apply(self, image: Pixels) -> Pixels:
        return np.asarray(to_longer_side(image, self.longer_side), np.uint8)


class Rotate(Step):
    """Turns the picture."""

    use: Literal["rotate"] = "rotate"
    quarter_turns: int = Field(ge=1, le=3, description="Counter-clockwise as seen.")

    def apply(self, image: Pixels) -> Pixels:
        return np.ascontiguousarray(np.rot90(image, self.quarter_turns))


class Grey(Step):
    """Takes the colours away."""

    use: Literal["grey"] = "grey"

    def apply(self, image: Pixels) -> Pixels:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


Preprocessing: TypeAlias = Annotated[Crop | Resize | Rotate | Grey, Field(discriminator="use")]
STEPS: dict[str, type[Crop | Resize | Rotate | Grey]] = {
    "crop": Crop,
    "resize": Resize,
    "rotate": Rotate,
    "grey": Grey,
}
"""By the word that a project has for it."""


def preprocess(image: Pixels, steps: tuple[Preprocessing, ...]) -> Pixels:
    """The picture after all steps, which begin anew with what the one before has made."""
    for step in steps:
        image = step.apply(image)
    return image
