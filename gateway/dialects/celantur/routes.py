"""Celantur's routes: an upload, its results, and tasks."""

from engines.core.pixels import Mode
from gateway.dialects.callers import by_header
from gateway.dialects.celantur import files, present, tasks, uploads, webhooks
from gateway.dialects.celantur.describe import PREFIX, SCOPE, describe
from gateway.dialects.celantur.performing import WORK, perform
from gateway.dialects.celantur.service_status import status
from gateway.dialects.celantur.wording import render, worded
from gateway.dialects.dialect import Dialect
from gateway.flow import Endpoint, Handle
from gateway.tasks.work import Work

FILE = f"{PREFIX}/file/{{id}}"
RESULTS: dict[str, Handle] = {
    "anonymised": files.anonymised,
    "anonymized": files.anonymised,
    "binary-mask": files.Mask(present.BINARY, Mode.GREY),
    "instance-mask": files.Mask(present.INSTANCE, Mode.COLOUR),
    "metadata": files.metadata,
    "video/anonymised": files.of_video,
    "video/metadata": files.of_video,
}
LISTS = ("list", "lists")
"""Before the tasks' own paths; the second is the document's slip."""
TASKS = ("task", "tast")
"""The same."""


def endpoints() -> list[Endpoint]:
    """All of them, `list` before the tasks that no task is called."""
    return [
        _endpoint("POST", f"{PREFIX}/file", uploads.upload),
        *(_endpoint("GET", f"{FILE}/{end}", handle) for end, handle in RESULTS.items()),
        _endpoint("GET", f"{PREFIX}/status", status),
        *(
            _endpoint(method, f"{PREFIX}/task/{name}", handle)
            for name in LISTS
            for method, handle in (("GET", tasks.listing), ("DELETE", tasks.forget_all))
        ),
        *(
            _endpoint(method, f"{PREFIX}/{name}/{{id}}", handle)
            for name in TASKS
            for method, handle in (("GET", tasks.show), ("DELETE", tasks.forget))
        ),
    ]


def works() -> list[Work]:
    """The one kind of task."""
    return [Work(WORK, perform, webhooks.announce)]


def _endpoint(method: str, path: str, handle: Handle) -> Endpoint:
    return Endpoint(
        path=path, methods=(method,), handle=worded(handle), known_by=by_header, scope=SCOPE
    )


DIALECT = Dialect(
    name=webhooks.DIALECT_NAME,
    document="celantur",
    prefixes=(f"{PREFIX}/",),
    endpoints=endpoints,
    render=render,
    describe=describe,
    preload=(present.__name__,),
    works=works,
)
