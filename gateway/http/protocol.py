"""HTTP/1.1 on one connection: uvicorn's protocol with deadlines, limits and an orderly end."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from secrets import token_hex
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httptools
import structlog
from starlette.responses import Response
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.dialects.dialect import Refusal
from gateway.http import early_answers as early
from gateway.http.body_checks import BodyMeter
from gateway.http.early_answers import EarlyAnswer
from gateway.http.head_checks import Refused, check_head
from gateway.http.lifecycle import Lifecycle
from gateway.http.lingering import LINGER_SECONDS, Lingering
from gateway.http.peer import Peer
from gateway.http.request_cycle import Outlet, RequestCycle
from gateway.settings import Settings

log = structlog.get_logger()

MAX_PIPELINED = 16
"""Requests that wait for the one before them on the same connection."""
WAITING_BODY_BYTES = 256 * 1024
"""Bytes of a body that wait for the application; a usual picture comes in one read."""
MAX_READING_SECONDS = 300
"""A client gets no longer to read an answer, however large that is."""


class Stage(Enum):
    """How much of a request has arrived."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()
    CLOSING = auto()


_DISPENSABLE = (Stage.IDLE, Stage.HEAD, Stage.CLOSING)
"""The stages in which a connection may have to make room, the first ones first."""


class Connection(HttpToolsProtocol):
    """A client's connection.

    `sweep` is called twice a second and enforces all deadlines, so that no request pays for
    a timer. `render` writes a refusal of a path in the form of its dialect.
    """

    connections: "set[Connection]"  # type: ignore[assignment]
    _peer: Peer

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        settings: Settings,
        lifecycle: Lifecycle,
        render: Callable[[str, Refusal], Response],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        self.stage = Stage.IDLE
        self.url = b""
        self._settings = settings
        self._lifecycle = lifecycle
        self._render = render
        self._running: RequestCycle | None = None
        self._arriving: RequestCycle | None = None
        self._outlet: Outlet | None = None
        self._lingering: Lingering | None = None
        self._began = 0.0
        self._deadline = inf
        self._reading_deadline = inf
        self._head_bytes = 0
        self._field_bytes = 0
        self._is_surplus = False
        self._is_deaf = False
        self._is_half_closed = False
        self._defers_body = False

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._outlet = Outlet(self)
        self._peer = Peer(transport)
        self._enter(Stage.IDLE, self._settings.head_seconds)
        if len(self.connections) > self._settings.max_connections:
            self._take_a_place()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            self._throw_away(len(data))
        elif self._is_surplus:
            self._refuse(early.TOO_MANY_CONNECTIONS)
        else:
            self._parse(data)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more; it may still wait for its answer (RFC 9112 §9.6)."""
        self._is_half_closed = True
        if self.stage is Stage.BODY:
            self._refuse(early.CUT_OFF)
        elif self._is_answering and self.stage is not Stage.CLOSING:
            self._become_deaf()
            self._peer.end_sending(self.loop.time())
        else:
            self.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        running = self._running if self._is_answering else None
        super().connection_lost(exc)
        self.stage, self._is_deaf = Stage.CLOSING, True
        self._let_go()
        # No reference cycle is left for the collector, which would find it only much later.
        self._outlet = None
        if running is not None:
            running.abandon()

    # What the parser tells.

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise Refused(early.MALFORMED)
        super().on_message_begin()
        self._enter(Stage.HEAD, self._settings.head_seconds)
        self._head_bytes = self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > early.MAX_URL_BYTES:
            raise Refused(early.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.stage is not Stage.HEAD:
            return  # A trailer; nothing here wants one, and a head is not changed afterwards.
        self._field_bytes += len(name) + len(value)
        if len(self.headers) == early.MAX_FIELDS or self._field_bytes > early.MAX_HEAD_BYTES:
            raise Refused(early.HEAD_TOO_LARGE)
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        has_body, self.expect_100_continue = check_head(self.headers, version)
        self._complete_scope(version)
        self._defers_body = has_body and self.parser.should_upgrade()
        self._enter(Stage.BODY, self._settings.body_seconds)
        cycle = self._arriving = self._new_cycle(version)
        if self._is_answering:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))
        else:
            self._start_asgi_task(cycle, self.app)

    def on_body(self, body: bytes) -> None:
        cycle = self._arriving
        if cycle is None:
            return
        cycle.meter.count_piece(len(body))
        cycle.take(body)
        if len(cycle.body) > WAITING_BODY_BYTES:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        cycle = self._arriving
        if self._defers_body or cycle is None:
            return
        self._arriving = None
        self._enter(Stage.WHOLE)
        cycle.more_body = False
        cycle.message_event.set()

    # What a request cycle asks and tells.

    @property
    def is_closing(self) -> bool:
        return self.stage is Stage.CLOSING or self.transport.is_closing()

    def ends_with(self, cycle: RequestCycle) -> bool:
        """Whether the connection is closed after an answer that begins now."""
        is_last = self._is_deaf and not self.pipeline
        return is_last or cycle.more_body or self._lifecycle.is_draining

    def allow_reading(self, count: int) -> None:
        """Give the client time to read so many bytes of an answer."""
        seconds = self._settings.body_seconds + count / self._settings.lowest_bytes_per_second
        self._reading_deadline = self.loop.time() + min(seconds, MAX_READING_SECONDS)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.stage is Stage.CLOSING:
            return
        self._running = None
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._is_deaf:
            self.finish()
        elif self.stage is Stage.WHOLE:
            self._enter(Stage.IDLE, self._settings.idle_seconds)

    def finish(self) -> None:
        """Close, once the client has read what was written."""
        if self.stage is Stage.CLOSING:
            return
        self._is_deaf = True
        self._let_go()
        self._enter(Stage.CLOSING)
        self.flow.resume_reading()
        if self._is_half_closed:
            self.transport.close()
        max_bytes = 4 * self._settings.max_upload_bytes
        self._lingering = Lingering(self.transport, self._began, max_bytes)

    # What the server asks.

    def sweep(self, now: float) -> None:
        """End what takes too long."""
        if self.flow.write_paused and now > self._reading_deadline:
            self.transport.abort()
        elif self._lingering is not None:
            self._lingering.sweep(now, is_being_read=self.flow.write_paused)
        elif now > self._deadline:
            self._expire(now)
        elif self._arriving is not None and self._is_too_slow(self._arriving, now):
            self._refuse(early.BODY_TOO_SLOW)
        elif self._is_answering and (self._is_half_closed or self.flow.read_paused):
            self._peer.sweep(now, may_probe=self._may_probe)

    def interrupt(self) -> None:
        """Answer a request that runs by a refusal, and close."""
        self.pipeline.clear()
        if self._is_answering and self._running is not None:
            self._answer_instead(self._running, early.SHUTTING_DOWN)
        elif self.stage is not Stage.CLOSING:
            self.transport.close()

    # Steps of the above.

    @property
    def _is_answering(self) -> bool:
        running = self._running
        return running is not None and not (running.response_complete or running.disconnected)

    def _enter(self, stage: Stage, seconds: float = inf) -> None:
        """Go on to another stage, and not stay in it for longer than some time."""
        self.stage = stage
        self._began = self.loop.time()
        self._deadline = self._began + seconds

    def _take_a_place(self) -> None:
        """Have the connection that does nothing longest make room; without one, be refused."""
        limit = self._settings.max_connections
        regular = [one for one in self.connections if not one._is_surplus and one is not self]
        if len(regular) < limit:
            return
        dispensable = [one for one in regular if one._is_dispensable]
        if dispensable:
            least = min(dispensable, key=lambda one: (_DISPENSABLE.index(one.stage), one._began))
            least.transport.close()
            return
        self._is_surplus = True
        self._deadline = self._began + LINGER_SECONDS
        if len(self.connections) > 2 * limit:
            self.transport.abort()

    @property
    def _is_dispensable(self) -> bool:
        """Whether no request and no answer is lost with it."""
        return (
            self.stage in _DISPENSABLE
            and not self._is_answering
            and not self.transport.is_closing()
            and not self.transport.get_write_buffer_size()
        )

    def _parse(self, data: bytes) -> None:
        arriving = self._arriving
        if self.stage is Stage.HEAD:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
            if self._arriving is not None:
                # A read that brought the head as well tells nothing about the body's framing.
                is_body = self._arriving is arriving
                self._arriving.meter.count_read(len(data) if is_body else 0)
        except Refused as refused:
            self._refuse(refused.answer)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay_with_http(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            self._refuse_for(error.__context__)
        except httptools.HttpParserError:
            self._refuse(early.MALFORMED)
        if self.stage is Stage.HEAD and self._head_bytes > early.MAX_HEAD_BYTES:
            self._refuse(early.HEAD_TOO_LARGE)

    def _stay_with_http(self, rest: bytes) -> None:
        """Go on after a request that offers an upgrade, which is ignored (RFC 9110 §7.8).

        The parser believes that another protocol follows at once, even where there is a body, as
        Java's client sends it. So another parser is made to read that body; this request is
        the connection's last.
        """
        if self._defers_body:
            self._defers_body = False
            self.parser = httptools.HttpRequestParser(
                SimpleNamespace(on_body=self.on_body, on_message_complete=self.on_message_complete)
            )
            assert self._arriving is not None
            self._arriving.keep_alive = False
            framing = b"".join(
                b"%b: %b\r\n" % field
                for field in self.headers
                if field[0] in (b"content-length", b"transfer-encoding")
            )
            rest = b"POST / HTTP/1.1\r\n%b\r\n%b" % (framing, rest)
        if rest:
            self._parse(rest)

    def _refuse_for(self, error: BaseException | None) -> None:
        if isinstance(error, Refused):
            self._refuse(error.answer)
        elif isinstance(error, httptools.HttpParserError):
            self._refuse(early.MALFORMED)
        else:
            log.error("fault in the protocol", exc_info=error)
            self.transport.abort()

    def _complete_scope(self, version: str) -> None:
        target = httptools.parse_url(self.url)
        raw_path = target.path or b"/"
        path = raw_path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = raw_path
        self.scope["query_string"] = target.query or b""

    def _new_cycle(self, version: str) -> RequestCycle:
        assert self._outlet is not None
        cycle = RequestCycle(
            scope=self.scope,
            transport=self._outlet,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.connection = self
        cycle.meter = BodyMeter(self._began)
        return cycle

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        assert isinstance(cycle, RequestCycle)
        self._running = cycle
        cycle.task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(cycle.task)
        cycle.task.add_done_callback(self.tasks.discard)

    def _refuse(self, answer: EarlyAnswer) -> None:
        """Refuse the request that is arriving, after the answer to any before it."""
        arriving = self._arriving
        if self._running is not arriving and self._is_answering:
            # The client sees the connection close after that answer, and may ask again.
            self.pipeline.clear()
            self._become_deaf()
            self.flow.pause_reading()
        elif arriving is not None:
            self._answer_instead(arriving, answer)
        else:
            self._write(answer, _path_in(self.url))

    def _answer_instead(self, cycle: RequestCycle, answer: EarlyAnswer) -> None:
        cycle.abandon()
        if cycle.response_started:
            self.transport.abort()
        else:
            self._write(answer, cycle.scope["path"])

    def _write(self, answer: EarlyAnswer, path: str) -> None:
        request_id = token_hex(16)
        log.info(
            "request refused",
            request_id=request_id,
            status=answer.status,
            error=answer.word,
        )
        if not self.transport.is_closing():
            response = self._render(path, answer.refusal(request_id))
            self.transport.write(
                early.as_bytes(response, request_id, self.server_state.default_headers)
            )
        self.finish()

    def _become_deaf(self) -> None:
        """Read no more requests from this connection."""
        self._is_deaf = True
        self._arriving = None
        self._enter(Stage.WHOLE)

    def _let_go(self) -> None:
        """Keep nothing of any request."""
        self.pipeline.clear()
        self._running = self._arriving = None

    def _throw_away(self, count: int) -> None:
        if self._lingering is None:
            self.flow.pause_reading()
        else:
            self._lingering.throw_away(count, self.loop.time())

    def _expire(self, now: float) -> None:
        if self.stage is Stage.IDLE:
            self.finish()
        elif self.stage is Stage.HEAD:
            self._refuse(early.HEAD_TOO_SLOW)
        elif self.flow.read_paused:
            self._deadline = now + 1  # The application is slow, not the client.
        elif self._arriving is not None and self._is_large(self._arriving, now):
            self._deadline = now + 1
        else:
            self._refuse(early.BODY_TOO_SLOW)

    def _is_large(self, cycle: RequestCycle, now: float) -> bool:
        """Whether a body has not ended because it is larger than a picture, which comes as fast."""
        rate = self._settings.max_upload_bytes / self._settings.body_seconds
        return not cycle.meter.is_slower(rate, now)

    def _is_too_slow(self, cycle: RequestCycle, now: float) -> bool:
        rate = self._settings.lowest_bytes_per_second
        return not self.flow.read_paused and cycle.meter.is_slower(rate, now)

    @property
    def _may_probe(self) -> bool:
        running = self._running
        return (
            running is not None
            and not running.response_started
            and running.scope["http_version"] == "1.1"
        )


def _path_in(target: bytes) -> str:
    """The path of a request that is refused by its head; empty where none can be made out."""
    try:
        path = httptools.parse_url(target[: early.MAX_URL_BYTES]).path or b""
    except httptools.HttpParserInvalidURLError:
        return ""
    return unquote(path.decode("ascii"))
