"""Scaling: a picture at another size, chosen by its longer side."""

from typing import TypeAlias

import cv2
from cv2.typing import MatLike

Size: TypeAlias = tuple[int, int]
"""Width and height, px."""


def size_of(image: MatLike) -> Size:
    """Width and height."""
    return image.shape[1], image.shape[0]


def scaled(size: Size, factor: float) -> Size:
    """A size times a factor, in whole pixels, and one a side at least."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def within(size: Size, side_px: int) -> Size:
    """A size scaled down until its longer side is at most so long."""
    return scaled(size, min(1.0, side_px / max(size)))


def reduced(image: MatLike, size: Size) -> MatLike:
    """The picture at a smaller size; each pixel is the mean of those it covers."""
    # Halving is by far the quickest way down, and gives the same means.
    while image.shape[1] >= 4 * size[0] and not (image.shape[0] % 2 or image.shape[1] % 2):
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    return (
        image if size_of(image) == size else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    )


def shrink(image: MatLike, side_px: int) -> MatLike:
    """The picture with a longer side of at most so many pixels."""
    return reduced(image, within(size_of(image), side_px))


def halved(image: MatLike, most_pixels: int) -> MatLike:
    """The picture at half its size, or a quarter and so on, with at most so many pixels."""
    while image.shape[0] * image.shape[1] > most_pixels:
        size = -(-image.shape[1] // 2), -(-image.shape[0] // 2)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image


def to_longer_side(image: MatLike, side_px: int) -> MatLike:
    """The picture with a longer side of so many pixels, made smaller or larger."""
    return resampled(image, scaled(size_of(image), side_px / max(size_of(image))))


def resampled(image: MatLike, size: Size) -> MatLike:
    """The picture at a smaller or larger size."""
    if max(size) <= max(size_of(image)):
        return reduced(image, size)
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
