"""Celantur's routes: an upload, its results, and tasks."""

from dataclasses import replace

from engines.core.pixels import Mode
from gateway.dialects.callers import by_header
from gateway.dialects.celantur import files, present, receipts, tasks, uploads, webhooks
from gateway.dialects.celantur.describe import PREFIX, SCOPE, describe
from gateway.dialects.celantur.performing import (
    PICTURE_WORK,
    VIDEO_WORK,
    perform_picture,
    perform_video,
)
from gateway.dialects.celantur.service_status import status
from gateway.dialects.celantur.wording import render, worded
from gateway.dialects.dialect import Dialect
from gateway.dialects.ranges import METHODS
from gateway.flow import Endpoint, Handle
from gateway.tasks.work import Work

FILE = f"{PREFIX}/file/{{id}}"
RESULTS: dict[str, Handle] = {
    "anonymised": files.picture,
    "anonymized": files.picture,
    "binary-mask": files.Mask(present.BINARY, Mode.GREY),
    "instance-mask": files.Mask(present.INSTANCE, Mode.COLOUR),
    "metadata": files.metadata,
    "video/anonymised": files.video,
    "video/anonymized": files.video,
    "video/metadata": files.frames,
    "receipt": receipts.receipt,
}
LISTS = ("list", "lists")
"""Before the tasks' own paths; the second is the document's slip."""
TASKS = ("task", "tast")
"""The same."""


def endpoints() -> list[Endpoint]:
    """All of them, `list` before the tasks that no task is called."""
    return [
        _endpoint("POST", f"{PREFIX}/file", uploads.upload),
        *(
            _endpoint(method, f"{FILE}/{end}", handle)
            for end, handle in RESULTS.items()
            for method in METHODS
        ),
        replace(_endpoint("GET", f"{PREFIX}/status", status), is_for_all=True),
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
    """A picture's task, and a video's."""
    return [
        Work(PICTURE_WORK, perform_picture, webhooks.announce),
        Work(VIDEO_WORK, perform_video, webhooks.announce),
    ]


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
