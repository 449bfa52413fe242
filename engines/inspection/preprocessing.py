"""Preprocessing: what is done to a picture before engines look at it."""

from typing import Annotated, Literal, TypeAlias

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from engines.core.errors import PictureTooSmall
from engines.core.shapes import Pixels
from engines.vision.scaling import size_of, to_longer_side
from engines.vision.shading import over, shading

MOST_GAIN = 8.0
"""What is darker beside the ground's level stays dark, with its noise."""


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


class NormaliseLight(Step):
    """Evens the light out: divides by a smooth surface laid through the picture's ground."""

    use: Literal["normalise_light"] = "normalise_light"
    order: int = Field(3, ge=1, le=5, description="Of the surface: 1 is a slope, 5 has waves.")
    level: int | None = Field(
        None, ge=16, le=240, description="Grey level of the ground; without, as it is on average."
    )

    def apply(self, image: Pixels) -> Pixels:
        """Multiply each pixel, so that the ground has one level everywhere."""
        luma = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        light = over(shading(luma, self.order), size_of(image))
        level = float(np.log(self.level) if self.level else light.mean())
        gain = cv2.exp(level - light).clip(1 / MOST_GAIN, MOST_GAIN)
        planes = [cv2.multiply(plane, gain, dtype=cv2.CV_8U) for plane in cv2.split(image)]
        return np.asarray(cv2.merge(planes), np.uint8)


Preprocessing: TypeAlias = Annotated[
    Crop | Resize | Rotate | Grey | NormaliseLight, Field(discriminator="use")
]
STEPS: dict[str, type[Crop | Resize | Rotate | Grey | NormaliseLight]] = {
    "crop": Crop,
    "resize": Resize,
    "rotate": Rotate,
    "grey": Grey,
    "normalise_light": NormaliseLight,
}
"""By the word that a project has for it."""


def preprocess(image: Pixels, steps: tuple[Preprocessing, ...]) -> Pixels:
    """The picture after all steps, which begin anew with what the one before has made."""
    for step in steps:
        image = step.apply(image)
    return image
