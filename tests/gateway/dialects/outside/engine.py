"""An engine that is declared outside of the package: it takes a point cloud and gives two files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engines.core import progress
from engines.core.errors import UndecodableInput
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters, Picture, ResultFile


@dataclass(frozen=True, slots=True)
class PlyDecoder:
    """Reads a PLY of text that has vertices alone, x, y and z first."""

    accepts: tuple[str, ...] = ("model/ply",)

    def decode(self, sent: bytes | Path) -> NDArray[np.float64]:
        data = sent.read_bytes() if isinstance(sent, Path) else sent
        head, _, rows = data.partition(b"end_header\n")
        try:
            points = np.array([row.split()[:3] for row in rows.splitlines()], np.float64)
        except ValueError:
            points = np.empty((0, 0))
        if not (head[:3] == b"ply" and points.shape[1:] == (3,) and np.isfinite(points).all()):
            raise UndecodableInput("cannot decode the point cloud (expected PLY as text)")
        return points


PointCloud: TypeAlias = Annotated[NDArray[np.float64], PlyDecoder()]


class Params(Parameters):
    side: int = Field(64, ge=8, le=1024, description="Side of the view, px.")


class Result(EngineResult[Info]):
    count: int
    extent: list[float] = Field(description="Along x, y and z.")


@engine(version="1.0.0", deadline_seconds=60)
def point_cloud_summary(cloud: PointCloud, *, params: Params) -> Result:
    """Count the points, measure them, and look at them along z."""
    extent = cloud.max(axis=0) - cloud.min(axis=0)
    progress.report(0.5)
    x, y, _ = ((cloud - cloud.min(axis=0)) / max(extent.max(), 1) * (params.side - 1)).astype(int).T
    view = np.zeros((params.side, params.side), np.bool_)
    view[y, x] = True
    table = "x,y,z\n" + "".join(f"{x:g},{y:g},{z:g}\n" for x, y, z in cloud)
    csv = ResultFile("points.csv", table.encode(), "text/csv")
    png = ResultFile("view.png", Picture(view))
    details = Details[Info](info=Info())
    return Result(count=len(cloud), extent=extent.tolist(), details=details, files=(csv, png))
