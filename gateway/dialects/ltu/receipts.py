"""Receipts of pictures that `anonymize` has hidden something in, signed, in the envelope."""

import orjson

from auth.jws_checks import Claims
from auth.threads import Threads
from engines.anonymize import Params
from engines.core.run import Answer, Job, name_of
from gateway.dialects.ltu import present
from gateway.flow import Call
from gateway.receipts import digested, treatment

STATED = name_of(present.envelope_and_statement)
_DIGESTS = Threads(2)


async def claims_of(job: Job, answer: Answer) -> Claims:
    """What a receipt of the answer states; nothing if none was asked for."""
    if job.present != STATED:
        return {}
    [name], [sent], [statement] = job.names, job.inputs, answer.files
    assert isinstance(job.params, Params)
    assert isinstance(sent, bytes)
    told = orjson.loads(statement.data)
    return {
        **treatment(job.params, told["hidden"], told["models"]),
        "input": await _DIGESTS.run(digested, name, sent),
        "output": told["output"],
    }


def signed(call: Call, envelope: bytes, claims: Claims) -> bytes:
    """The envelope with a receipt that states this; as it is where there is nothing to state."""
    if not claims:
        return envelope
    signed = call.request.state["signer"].sign(claims)
    return envelope[:-1] + b',"receipt":' + orjson.dumps(signed) + b"}"
