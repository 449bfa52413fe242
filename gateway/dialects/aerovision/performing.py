"""How AeroVision's tasks are performed: by one tool, or by one after another."""

from typing import Any

import orjson

from engines.core.errors import EngineError
from engines.core.run import Answer
from engines.core.shapes import File
from gateway.dialects.aerovision.models import ChainResult, ChainStep
from gateway.dialects.aerovision.tools import CHAIN_FIELDS, TOOLS, Tool
from gateway.errors import JobTimedOut, PictureRefused, SlotCrashed
from gateway.tasks.task import Failure
from gateway.tasks.work import Run, TaskResult

PREFIX = "aerovision."
CHAIN = "chain"
SENT = "sent"
"""What of a chain's parameters the result repeats, and the task does not: as they were sent."""

_FAILS = (EngineError, JobTimedOut, PictureRefused, SlotCrashed)
"""What one step of a chain may meet, and the next not."""


async def perform(run: Run) -> TaskResult:
    """Match by one tool."""
    tool = TOOLS[run.task.work.removeprefix(PREFIX)]
    job = tool.job(run.task.params, await run.inputs(), tool.fields)
    return _outcome(tool, run.task.params, await run.compute(job))


async def perform_chain(run: Run) -> TaskResult:
    """Match by one tool after another, until one finds something."""
    inputs, asked = await run.inputs(), run.task.params
    steps = [
        ChainStep(step=number, tool=one["tool"], params=sent)
        for number, (one, sent) in enumerate(zip(asked["steps"], asked[SENT], strict=True), 1)
    ]
    files, found_by = list[File](), 0
    for step, one in zip(steps, asked["steps"], strict=True):
        files += await _take(run, step, one["params"], inputs, len(steps))
        if step.found:
            found_by = step.step
            break
    told = ChainResult(
        chain_result="found" if found_by else "not_found",
        completed_step=found_by or len(steps),
        total_steps=len(steps),
        steps=steps,
    )
    return TaskResult(told.model_dump(), tuple(files))


def result_path(id: str, name: str) -> str:
    """Where a file that came of a task is fetched."""
    return f"results/{id}/{name}"


async def _take(
    run: Run, step: ChainStep, params: dict[str, Any], inputs: tuple[bytes, ...], count: int
) -> tuple[File, ...]:
    """Take a step and write down what came of it; its files have names of their own."""
    tool = TOOLS[step.tool]
    job = tool.job(params, inputs, CHAIN_FIELDS)
    since, until = (step.step - 1) / count, step.step / count
    try:
        answer = await run.compute(job, since=since, until=until)
    except _FAILS as error:
        step.status, step.error = "error", Failure.of(error).message
        return ()
    outcome = _outcome(tool, params, answer)
    step.status, step.result_data = "done", outcome.told
    step.found = outcome.told[tool.counts] > 0
    prefix = f"step{step.step}_"
    files = tuple(File(prefix + one.name, one.media_type, one.data) for one in answer.files)
    step.result_files = [result_path(run.task.id, one.name) for one in files]
    return files


def _outcome(tool: Tool, params: dict[str, Any], answer: Answer) -> TaskResult:
    repeated = {name: params[name] for name in tool.repeats}
    return TaskResult(repeated | orjson.loads(answer.body), answer.files)
