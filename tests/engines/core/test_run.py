"""A job: its answer, here or in another process that knows of it by names and bytes alone."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import orjson
import pytest

from engines.core.errors import UndecodablePicture
from engines.core.registry import Engine, catalogue, engine_named
from engines.core.run import Answer, Computed, Job, name_of, run
from tests.pictures import encoded


def described(computed: Computed) -> Answer:
    """What was computed, as text."""
    shapes = [getattr(one, "shape", None) for one in computed.inputs]
    return Answer(f"{computed.engine.name} {shapes}".encode(), "text/plain")


def whole(computed: Computed) -> Answer:
    """The result as JSON and the picture that shows it."""
    assert computed.engine.draw
    drawn = computed.engine.draw(*computed.inputs, computed.result)
    return Answer(computed.result.details.model_dump_json().encode() + drawn.png(), "text/plain")


def job(engine: str, *inputs: bytes | None, present: Any = described, **told: Any) -> Job:
    return Job(engine, inputs, engine_named(engine).params(**told), name_of(present))


def as_row(job: Job) -> bytes:
    """What a table may hold of a job; its inputs lie elsewhere."""
    params = job.params.model_dump(mode="json")
    return orjson.dumps({"engine": job.engine, "params": params, "present": job.present})


def compute_row(row: bytes, inputs: tuple[bytes, ...]) -> Answer:
    """Compute what a row of a table tells of."""
    told = orjson.loads(row)
    params = engine_named(told["engine"]).params.model_validate(told["params"])
    return run(Job(told["engine"], inputs, params, told["present"]))


def test_inputs_are_decoded_in_their_order_and_presented_with_the_result() -> None:
    one, other = encoded("PNG"), encoded("PNG")
    assert run(job("differences", one, other, None)).body == (
        b"differences [(64, 96, 3), (64, 96, 3), None]"
    )


def test_a_refusal_says_which_input_it_is_about() -> None:
    with pytest.raises(UndecodablePicture, match=r"^image2: cannot decode the picture"):
        run(job("differences", encoded("PNG"), b"no picture", None))


def test_a_presenter_that_is_not_there_is_missed_before_anything_is_computed() -> None:
    lost = Job("edges", (b"no picture",), catalogue()["edges"].params(), "tests:nothing")
    with pytest.raises(AttributeError):
        run(lost)


def test_a_function_within_another_has_no_name_that_others_find() -> None:
    with pytest.raises(ValueError, match="<lambda> cannot be found by a name"):
        name_of(lambda computed: computed)


def test_a_stored_job_has_the_same_answer_in_another_process() -> None:
    told = job("edges", encoded("PNG"), present=whole, edge_thickness=3)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        answer = process.submit(compute_row, as_row(told), (encoded("PNG"),)).result()
    assert answer == run(told)


@pytest.mark.parametrize("engine", [*catalogue().values()], ids=lambda engine: engine.name)
def test_parameters_of_every_engine_are_the_same_after_a_way_through_json(engine: Engine) -> None:
    params = engine.params()
    assert engine.params.model_validate_json(params.model_dump_json()) == params
