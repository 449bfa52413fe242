"""A job: its answer, here or in another process that knows of it by names and bytes alone."""

import multiprocessing
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import TypeAdapter

from engines.core.decoders import PictureDecoder
from engines.core.errors import UndecodablePicture
from engines.core.pixels import Mode, Pixels
from engines.core.registry import Engine, catalogue, engine_named
from engines.core.run import Answer, Computed, Job, name_of, run
from engines.core.shapes import File
from tests.pictures import encoded


def described(computed: Computed) -> Answer:
    """What was computed, as text."""
    shapes = [getattr(one, "shape", None) for one in computed.inputs]
    return Answer(f"{computed.engine.name} {shapes}".encode(), "text/plain")


def whole(computed: Computed) -> Answer:
    """The details as JSON, and the picture that shows the result."""
    assert computed.engine.draw
    drawn = computed.engine.draw(*computed.inputs, computed.result)
    details = computed.result.details.model_dump_json().encode()
    return Answer(details, "application/json", (File("drawn.png", "image/png", drawn.encoded()),))


@dataclass(frozen=True, slots=True)
class RawPixels:
    """Grey pixels without a header, of a size that is told elsewhere."""

    width: int
    height: int
    accepts: tuple[str, ...] = ("application/octet-stream",)

    def decode(self, sent: bytes | Path) -> Pixels:
        assert isinstance(sent, bytes)
        return np.frombuffer(sent, np.uint8).reshape(self.height, self.width)


def job(engine: str, *inputs: bytes | Path | None, present: Any = described, **told: Any) -> Job:
    return Job(engine, inputs, engine_named(engine).params(**told), name_of(present))


def as_row(job: Job) -> bytes:
    """What a table may hold of a job; its inputs lie elsewhere."""
    return orjson.dumps(
        {
            "engine": job.engine,
            "params": job.params.model_dump(mode="json"),
            "present": job.present,
            "decoders": [[name_of(type(one)), one] for one in job.decoders],
        },
        default=lambda decoder: TypeAdapter(type(decoder)).dump_python(decoder, mode="json"),
    )


def compute_row(row: bytes, *inputs: bytes) -> Answer:
    """Compute what a row of a table tells of."""
    told = orjson.loads(row)
    params = engine_named(told["engine"]).params.model_validate(told["params"])
    decoders = tuple(
        TypeAdapter(pkgutil.resolve_name(name)).validate_python(values)
        for name, values in told["decoders"]
    )
    return run(Job(told["engine"], inputs, params, told["present"], decoders))


def test_inputs_are_decoded_in_their_order_and_presented_with_the_result() -> None:
    one, other = encoded("PNG"), encoded("PNG")
    assert run(job("differences", one, other, None)).body == (
        b"differences [(64, 96, 3), (64, 96, 3), None]"
    )


def test_a_refusal_says_which_input_it_is_about() -> None:
    with pytest.raises(UndecodablePicture, match=r"^image2: cannot decode the picture"):
        run(job("differences", encoded("PNG"), b"no picture", None))


def test_a_refusal_names_the_input_as_the_caller_does() -> None:
    told = job("differences", encoded("PNG"), b"no picture", None)
    with pytest.raises(UndecodablePicture, match=r"^second: cannot decode the picture"):
        run(replace(told, names=("first", "second", "roi")))


def test_a_presenter_that_is_not_there_is_missed_before_anything_is_computed() -> None:
    lost = Job("edges", (b"no picture",), catalogue()["edges"].params(), "tests:nothing")
    with pytest.raises(AttributeError):
        run(lost)


def test_a_function_within_another_has_no_name_that_others_find() -> None:
    with pytest.raises(ValueError, match="<lambda> cannot be found by a name"):
        name_of(lambda computed: computed)


@pytest.mark.parametrize("own", [(), (PictureDecoder(Mode.GREY).accepting("image/bmp"),)])
def test_a_stored_job_has_the_same_answer_in_another_process(own: tuple[Any, ...]) -> None:
    picture = encoded("BMP" if own else "PNG")
    told = replace(job("edges", picture, present=whole, edge_thickness=3), decoders=own)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        answer = process.submit(compute_row, as_row(told), picture).result()
    assert answer == run(told)


def test_a_job_may_decode_an_input_by_other_means_than_its_engine() -> None:
    told = replace(job("edges", bytes(15)), decoders=(RawPixels(5, 3),))
    assert run(told).body == b"edges [(3, 5)]"


def test_an_input_without_a_decoder_of_its_own_is_decoded_as_the_engine_says() -> None:
    told = job("differences", encoded("PNG"), encoded("PNG"), None)
    bmp = PictureDecoder(Mode.COLOUR, ("image/bmp",))
    with pytest.raises(UndecodablePicture, match=r"^image2: .*expected BMP\)$"):
        run(replace(told, decoders=(None, bmp, None)))


def test_a_decoder_is_given_for_each_input_or_for_none() -> None:
    told = job("differences", encoded("PNG"), encoded("PNG"), None)
    with pytest.raises(ValueError, match="shorter"):
        run(replace(told, decoders=(None,)))


def test_an_input_may_be_the_path_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(encoded("PNG"))
    assert run(job("edges", tmp_path / "a")).body == b"edges [(64, 96)]"


@pytest.mark.parametrize("engine", [*catalogue().values()], ids=lambda engine: engine.name)
def test_parameters_of_every_engine_are_the_same_after_a_way_through_json(engine: Engine) -> None:
    params = engine.params()
    assert engine.params.model_validate_json(params.model_dump_json()) == params
