"""What the engine is told of an upload's parameters."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args
from unittest.mock import AsyncMock

import orjson
import pytest
from pydantic import ValidationError

from engines.anonymization.sighting import Kind
from engines.anonymize import Params
from engines.core.run import Answer
from gateway.dialects.celantur.models import Panorama, Upload
from gateway.dialects.celantur.performing import CUTTING, engine_params, perform_video
from gateway.tasks.work import Run

KERNELS = {
    "kernel_size_face": (Kind.FACE, "share", (0.01, 10.0)),
    "kernel_size_license_plate": (Kind.LICENSE_PLATE, "share", (0.01, 10.0)),
    "kernel_size_person": (Kind.PERSON, "px", (1, 1001)),
    "kernel_size_vehicle": (Kind.VEHICLE, "px", (1, 1001)),
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_told_of_its_kind_alone_up_to_both_borders(name: str) -> None:
    kind, side, borders = KERNELS[name]
    usual = engine_params(Upload()).kernels
    for size in borders:
        told = engine_params(Upload.model_validate({name: size})).kernels
        assert getattr(told[kind], side) == size
        assert {one for one in Kind if told.get(one) != usual.get(one)} == {kind}


@pytest.mark.parametrize("layout", get_args(Panorama))
def test_a_panorama_of_each_width_is_looked_at_as_one(layout: str) -> None:
    assert engine_params(Upload.model_validate({"format": layout})).view == "panorama"


@pytest.mark.parametrize("layout", ["pano:4095", "pano:11001", "pano:", "pano", "pano:4096 ", ""])
def test_a_panorama_of_another_width_is_refused(layout: str) -> None:
    with pytest.raises(ValidationError, match="format"):
        Upload.model_validate({"format": layout})


def test_thresholds_that_are_not_said_are_the_engines() -> None:
    told = engine_params(Upload.model_validate({"vehicle": True, "vehicle_threshold": 0.7}))
    assert told.thresholds == {Kind.VEHICLE: 0.7}
    assert engine_params(Upload(vehicle=True)).vehicle_threshold == Params().vehicle_threshold


@pytest.mark.parametrize("is_looked_for", [True, False])
def test_a_video_is_cut_where_something_is_looked_for(is_looked_for: bool, tmp_path: Path) -> None:
    upload = Upload(face=is_looked_for).model_dump(mode="json")
    task = SimpleNamespace(inputs=[SimpleNamespace(name="a.mp4")], params={"upload": upload})
    compute = AsyncMock(return_value=Answer(orjson.dumps({"chunks": []}), "application/json"))
    run: Any = SimpleNamespace(
        task=task, folder=lambda: tmp_path, path=AsyncMock(return_value=tmp_path), compute=compute
    )
    asyncio.run(perform_video(cast(Run, run)))
    asked = [one.args[0].engine for one in compute.await_args_list]
    assert asked == ([CUTTING] if is_looked_for else []) + ["anonymize_video"]
