"""An engine from outside of the package, in the pool as shipped."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engines.core.errors import UndecodableInput
from engines.core.registry import catalogue, engine_named
from engines.core.run import Answer, Computed, Job, name_of, run
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import PRELOAD, SlotPool
from tests.gateway.dialects.outside.engine import Params

HEADER = b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nend_header\n"
CLOUD = HEADER + b"0 0 0\n4 0 1\n4 2 -1\n"


def present(computed: Computed) -> Answer:
    """The result as JSON, with all files."""
    files = tuple(one.encoded() for one in computed.result.files)
    return Answer(computed.result.model_dump_json().encode(), "application/json", files)


def job(cloud: bytes) -> Job:
    return Job("point_cloud_summary", (cloud,), Params(side=9), name_of(present))


def pixels(picture: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(picture)), np.uint8)


@pytest.mark.anyio
async def test_a_point_cloud_goes_through_the_pool_and_two_files_come_back() -> None:
    shares = list[float]()
    preload = (*PRELOAD, Params.__module__)
    pool = SlotPool(slots=1, queue_length=1, quarantine=MemoryQuarantine(), preload=preload)
    await pool.start()
    try:
        answer = await pool.run(job(CLOUD), deadline_seconds=20, owner="a", progress=shares.append)
    finally:
        await pool.stop(grace_seconds=0)
    assert answer.body == b'{"count":3,"extent":[4.0,2.0,2.0]}'
    assert [(one.name, one.media_type) for one in answer.files] == [
        ("points.csv", "text/csv"),
        ("view.png", "image/png"),
    ]
    here = run(job(CLOUD))
    assert (answer.body, answer.media_type) == (here.body, here.media_type)
    (table, view), (table_here, view_here) = answer.files, here.files
    assert table == table_here
    # In one process of a hundred ISA-L deflates the same bytes to others (isal 1.9.1, N = 400).
    assert pixels(view.data).tolist() == pixels(view_here.data).tolist()
    assert shares == [0.5]


def test_the_view_has_a_white_pixel_for_each_point() -> None:
    _, view = run(job(CLOUD)).files
    y, x = np.nonzero(pixels(view.data))
    assert {*zip(x.tolist(), y.tolist(), strict=True)} == {(0, 0), (8, 0), (8, 4)}


@pytest.mark.parametrize("cloud", [b"", b"no cloud", HEADER, CLOUD + b"1 2", CLOUD + b"1 2 nan"])
def test_what_is_no_point_cloud_is_refused(cloud: bytes) -> None:
    with pytest.raises(UndecodableInput, match=r"^cloud: cannot decode the point cloud"):
        run(job(cloud))


def test_it_is_found_by_its_name_but_is_no_service() -> None:
    assert engine_named("point_cloud_summary").inputs[0].decoder.accepts == ("model/ply",)
    assert engine_named("point_cloud_summary").deadline_seconds == 60
    assert "point_cloud_summary" not in catalogue()
