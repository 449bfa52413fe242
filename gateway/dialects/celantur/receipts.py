"""Receipts of tasks: what was hidden, how, and in which file, signed."""

import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response

from auth import receipts
from auth.keys import KeyRing
from engines.anonymize import anonymize
from engines.core.registry import engine_named
from gateway.dialects.celantur.files import done
from gateway.dialects.celantur.models import Upload
from gateway.dialects.celantur.performing import WORKS, engine_params
from gateway.dialects.celantur.records import anonymised_file
from gateway.flow import Call
from gateway.issuer import key_ring
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.tasks.task import StoredFile, Task

MEDIA_TYPE = "application/jose"


def open_keys(settings: Settings, database: Database) -> KeyRing:
    """What receipts are signed with."""
    return key_ring(settings)


async def receipt(call: Call) -> Response:
    """What became of an upload, as a JWS that `pixelgate receipt verify` reads."""
    task = await done(call, *WORKS)
    tasks, keys = call.request.state["tasks"], call.request.state["parts"]["celantur"]
    made = anonymised_file(task)
    claims = {
        "iss": call.request.state["settings"].base_url,
        "iat": int(time.time()),
        "task": task.id,
        **_treatment(task),
        "input": await _digested(task.inputs[0], tasks.input_pieces(task, 0)),
        "output": await _digested(made, tasks.result_pieces(task, made.name)) if made else None,
    }
    return Response(receipts.sign(claims, keys), media_type=MEDIA_TYPE)


def _treatment(task: Task) -> dict[str, Any]:
    """How it was hidden, and what: each thing of a picture, the number of each kind in a video."""
    params, told = engine_params(Upload.model_validate(task.params["upload"])), task.told or {}
    hidden = ("type_label", "score", "bbox")
    found = [{name: one[name] for name in hidden} for one in told.get("detections", [])]
    return {
        "version": engine_named(anonymize.__name__).version,
        "method": params.method,
        "thresholds": dict(params.thresholds),
        "models": told["models"],
        "hidden": told.get("found", found),
    }


async def _digested(file: StoredFile, pieces: AsyncIterator[bytes]) -> dict[str, Any]:
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
    return {"name": file.name, "bytes": file.bytes, "sha256": digest.hexdigest()}
