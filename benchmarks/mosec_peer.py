"""The service in mosec: `--port` says where, and a body is a picture.

It parses no form, asks for no token, and no job of it can be killed alone.
"""

import gc

from mosec import Server, Worker

from engines.core.registry import catalogue
from engines.core.run import Job, name_of, run
from engines.process.preparation import prepare
from engines.process.slot import begin
from gateway.dialects.ltu.present import envelope
from gateway.settings import usable_cores


class Edges(Worker):  # type: ignore[misc]  # mosec is not where types are checked
    """A process that computes, set up as a slot is."""

    def __init__(self) -> None:
        begin(4_000_000_000, prepare)
        self._engine = catalogue()["edges"]
        gc.collect()
        gc.freeze()

    def deserialize(self, data: bytes) -> bytes:
        return data

    def forward(self, data: bytes) -> bytes:
        engine = self._engine
        return run(Job(engine.name, (data,), engine.params(), name_of(envelope))).body

    def serialize(self, data: bytes) -> bytes:
        return data


if __name__ == "__main__":
    server = Server()
    server.append_worker(Edges, num=usable_cores(), timeout=60, route="/edges")
    server.run()
