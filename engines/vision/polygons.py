"""Polygons as parameters: areas of a picture that a caller names."""

from typing import Annotated, TypeAlias

from pydantic import Field

MOST_POLYGONS = 200
MOST_POINTS = 1000
MOST_COORDINATE = 2_000_000

Coordinate = Annotated[float, Field(ge=-MOST_COORDINATE, le=MOST_COORDINATE)]
Polygon: TypeAlias = Annotated[
    tuple[tuple[Coordinate, Coordinate], ...], Field(min_length=3, max_length=MOST_POINTS)
]
"""Corners x, y in pixels."""
Polygons: TypeAlias = Annotated[tuple[Polygon, ...], Field(max_length=MOST_POLYGONS)]
