"""Receipts of tasks: what was hidden, how, and in which file, signed."""

import hashlib
from collections.abc import AsyncIterator

from starlette.responses import Response

from auth.jws_checks import Claims
from gateway.dialects.celantur.files import done
from gateway.dialects.celantur.models import Upload
from gateway.dialects.celantur.performing import WORKS, engine_params
from gateway.dialects.celantur.records import anonymised_file
from gateway.flow import Call
from gateway.receipts import Digested, treatment
from gateway.tasks.task import StoredFile, Task

MEDIA_TYPE = "application/jose"


async def receipt(call: Call) -> Response:
    """What became of an upload, as a JWS that `pixelgate receipt verify` reads."""
    task = await done(call, *WORKS)
    tasks, signer = call.request.state["tasks"], call.request.state["signer"]
    made = anonymised_file(task)
    claims = {
        "task": task.id,
        **_treatment(task),
        "input": await _digested(task.inputs[0], tasks.input_pieces(task, 0)),
        "output": await _digested(made, tasks.result_pieces(task, made.name)) if made else None,
    }
    return Response(signer.sign(claims), media_type=MEDIA_TYPE)


def _treatment(task: Task) -> Claims:
    """How it was hidden, and what: each thing of a picture, the number of each kind in a video."""
    params, told = engine_params(Upload.model_validate(task.params["upload"])), task.told or {}
    hidden = ("type_label", "score", "bbox")
    found = [{name: one[name] for name in hidden} for one in told.get("detections", [])]
    return treatment(params, told.get("found", found), told["models"])


async def _digested(file: StoredFile, pieces: AsyncIterator[bytes]) -> Digested:
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
    return Digested(name=file.name, bytes=file.bytes, sha256=digest.hexdigest())
