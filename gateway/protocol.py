"""HTTP/1.1 on one connection: uvicorn's protocol with deadlines, limits and an orderly end."""

import asyncio
import socket
import uuid
from enum import Enum, auto
from math import inf
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httptools
import structlog
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway import early_answers as early
from gateway.early_answers import EarlyAnswer
from gateway.exchange import Exchange, Outlet
from gateway.heads import Refused, check_head
from gateway.lifecycle import Lifecycle
from gateway.settings import Settings

log = structlog.get_logger("gateway.protocol")

MAX_PIPELINED = 16
"""Requests that wait for the one before them on the same connection."""
MAX_PIECES = 5000
MIN_PIECE_BYTES = 64
"""A body in more than so many pieces that are smaller on average costs more than it carries."""
BUFFER_BYTES = 256 * 1024
"""Bytes of a body that wait for the application; a usual picture comes in one read."""
SLOW_START_SECONDS = 5
LINGER_SECONDS = 2
"""A closing connection is kept open so long after the client's last byte."""
LINGER_MAX_SECONDS = 30
PROBE_SECONDS = 1

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TCP_CLOSE = 7


class Stage(Enum):
    """How much of a request has arrived."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()
    CLOSING = auto()


class Connection(HttpToolsProtocol):
    """A client's connection.

    `sweep` is called twice a second and enforces all deadlines, so that no request pays for
    a timer.
    """

    connections: "set[Connection]"  # type: ignore[assignment]
    cycle: Exchange

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        settings: Settings,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        self.stage = Stage.IDLE
        self._settings = settings
        self._lifecycle = lifecycle
        self._running: Exchange | None = None
        self._outlet: Outlet | None = None
        self._deadline = inf
        self._write_deadline = inf
        self._linger_end = inf
        self._began = 0.0
        self._head_bytes = 0
        self._field_bytes = 0
        self._body_bytes = 0
        self._pieces = 0
        self._lingered_bytes = 0
        self._is_surplus = False
        self._is_deaf = False
        self._is_half_closed = False
        self._has_probed = False
        self._defers_body = False

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._outlet = Outlet(self)
        self._deadline = self.loop.time() + self._settings.head_seconds
        limit = self._settings.max_connections
        if len(self.connections) > limit:
            self._is_surplus = True
            self._deadline = self.loop.time() + LINGER_SECONDS
        if len(self.connections) > 2 * limit:
            transport.abort()

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
            self._deadline = self.loop.time() + PROBE_SECONDS
        else:
            self.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        running = self._running if self._is_answering else None
        super().connection_lost(exc)
        self.stage, self._is_deaf = Stage.CLOSING, True
        self.pipeline.clear()
        # No reference cycle is left for the collector, which would find it only much later.
        self._outlet = self._running = None
        self.cycle = None  # type: ignore[assignment]
        if running is not None:
            running.abandon()

    def pause_writing(self) -> None:
        super().pause_writing()
        unsent = self.transport.get_write_buffer_size()
        seconds = self._settings.body_seconds + unsent / self._settings.lowest_bytes_per_second
        self._write_deadline = self.loop.time() + seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_deadline = inf

    # What the parser tells.

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise Refused(early.MALFORMED)
        super().on_message_begin()
        self.stage = Stage.HEAD
        self._deadline = self.loop.time() + self._settings.head_seconds
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
        self.stage = Stage.BODY
        self._began = self.loop.time()
        self._deadline = self._began + self._settings.body_seconds
        self._body_bytes = self._pieces = 0
        exchange = self._new_exchange(version)
        if self._is_answering:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))
            self.cycle = exchange
        else:
            self.cycle = exchange
            self._start_asgi_task(exchange, self.app)

    def on_body(self, body: bytes) -> None:
        if self.stage is not Stage.BODY:
            return
        self._body_bytes += len(body)
        self._pieces += 1
        if self._pieces > MAX_PIECES and self._body_bytes < self._pieces * MIN_PIECE_BYTES:
            raise Refused(early.CRUMBS)
        exchange = self.cycle
        exchange.body += body
        if len(exchange.body) > BUFFER_BYTES:
            self.flow.pause_reading()
        exchange.message_event.set()

    def on_message_complete(self) -> None:
        if self._defers_body or self.stage is not Stage.BODY:
            return
        self.stage = Stage.WHOLE
        self._deadline = inf
        self.cycle.more_body = False
        self.cycle.message_event.set()

    # What an exchange asks and tells.

    @property
    def is_closing(self) -> bool:
        return self.stage is Stage.CLOSING or self.transport.is_closing()

    def ends_with(self, exchange: Exchange) -> bool:
        """Whether the connection is closed after an answer that begins now."""
        is_last = self._is_deaf and not self.pipeline
        return is_last or exchange.more_body or self._lifecycle.is_draining

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.stage is Stage.CLOSING:
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._is_deaf:
            self.finish()
        elif self.stage is Stage.WHOLE:
            self.stage = Stage.IDLE
            self._deadline = self.loop.time() + self._settings.idle_seconds

    def finish(self) -> None:
        """Close after the client has read what was written: a plain close would reset it."""
        if self.stage is Stage.CLOSING:
            return
        self._become_deaf()
        self.stage = Stage.CLOSING
        now = self.loop.time()
        self._deadline = now + LINGER_SECONDS
        self._linger_end = now + LINGER_MAX_SECONDS
        self.flow.resume_reading()
        if self._is_half_closed:
            self.transport.close()
        else:
            self.transport.write_eof()

    # What the server asks.

    def sweep(self, now: float) -> None:
        """End what takes too long."""
        if now > self._write_deadline:
            self.transport.abort()
        elif now > self._deadline:
            self._expire(now)
        elif self.stage is Stage.BODY and self._is_too_slow(now):
            self._refuse(early.BODY_TOO_SLOW)

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

    def _parse(self, data: bytes) -> None:
        if self.stage is Stage.HEAD:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
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
            self.cycle.keep_alive = False
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

    def _new_exchange(self, version: str) -> Exchange:
        assert self._outlet is not None
        exchange = Exchange(
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
        exchange.connection = self
        return exchange

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        assert isinstance(cycle, Exchange)
        self._running = cycle
        cycle.task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(cycle.task)
        cycle.task.add_done_callback(self.tasks.discard)

    def _refuse(self, answer: EarlyAnswer) -> None:
        """Refuse the request that is arriving, after the answer to any before it."""
        arriving = self.cycle if self.stage is Stage.BODY else None
        if self._running is not arriving and self._is_answering:
            # The client sees the connection close after that answer, and may ask again.
            self.pipeline.clear()
            self._become_deaf()
            self.flow.pause_reading()
        elif arriving is not None:
            self._answer_instead(arriving, answer)
        else:
            self._write(answer)

    def _answer_instead(self, exchange: Exchange, answer: EarlyAnswer) -> None:
        exchange.abandon()
        if exchange.response_started:
            self.transport.abort()
        else:
            self._write(answer)

    def _write(self, answer: EarlyAnswer) -> None:
        request_id = uuid.uuid4().hex
        log.info(
            "request refused",
            request_id=request_id,
            status=answer.status,
            error=answer.word,
        )
        if not self.transport.is_closing():
            self.transport.write(
                early.render(answer, request_id, self.server_state.default_headers)
            )
        self.finish()

    def _become_deaf(self) -> None:
        """Read no more requests from this connection."""
        self._is_deaf = True
        self.stage = Stage.WHOLE
        self._deadline = inf

    def _throw_away(self, count: int) -> None:
        self._lingered_bytes += count
        if self.stage is not Stage.CLOSING:
            self.flow.pause_reading()
        elif self._lingered_bytes > 4 * self._settings.max_upload_bytes:
            self.transport.abort()
        else:
            self._deadline = min(self.loop.time() + LINGER_SECONDS, self._linger_end)

    def _expire(self, now: float) -> None:
        if self.stage is Stage.IDLE:
            self.finish()
        elif self.stage is Stage.HEAD:
            self._refuse(early.HEAD_TOO_SLOW)
        elif self.stage is Stage.BODY:
            self._expire_body(now)
        elif self.stage is Stage.WHOLE:
            self._probe(now)
        elif self.flow.write_paused:
            self._linger_end = now + LINGER_MAX_SECONDS
        elif now > self._linger_end or not self.transport.get_write_buffer_size():
            self.transport.abort()

    def _expire_body(self, now: float) -> None:
        if self.flow.read_paused:
            self._deadline = now + 1  # The application is slow, not the client.
        else:
            self._refuse(early.BODY_TOO_SLOW)

    def _is_too_slow(self, now: float) -> bool:
        seconds = now - self._began
        return (
            seconds > SLOW_START_SECONDS
            and self._body_bytes < seconds * self._settings.lowest_bytes_per_second
            and not self.flow.read_paused
        )

    def _probe(self, now: float) -> None:
        """Tell a client that only ended its sending from one that left.

        Both look alike until something is written: the host of one that left answers with
        a reset. An interim response may always be sent (RFC 9110 §15.2).
        """
        self._deadline = now + PROBE_SECONDS
        peer: socket.socket = self.transport.get_extra_info("socket")
        if peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE:
            self.transport.abort()
        elif not self._has_probed and self._running is not None:
            self._has_probed = True
            if not self._running.response_started and self.scope["http_version"] == "1.1":
                self.transport.write(_CONTINUE)
