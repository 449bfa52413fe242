"""Pictures named by URL, fetched behind a guard: no connection is made that it has not checked."""

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urljoin
from weakref import WeakValueDictionary

import anyio
import httpx

from gateway.errors import GatewayError, QueueFull, UploadTooLarge, UrlRefused, UrlUnreachable
from gateway.intake.addresses import AddressGuard, Lookup, host_of, port_of, read_url, system_lookup

ADDRESSES_TRIED = 3
_REDIRECTS = (301, 302, 303, 307, 308)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that the guard returned, under the name that the request has.

    Every request is checked anew on a new connection: one kept open could be used for a name
    that would not pass.
    """

    def __init__(self, guard: AddressGuard, *, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._wire = httpx.AsyncHTTPTransport(
            verify=tls or True,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        addresses = await self._guard.resolve(host_of(request.url), port_of(request.url))
        failure: httpx.TransportError = httpx.ConnectError("no address")
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return await self._wire.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._wire.aclose()


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to an address; Host header and certificate stay those of the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host_of(request.url)},
    )


class Fetcher:
    """Fetches what URLs name, within limits of size, time and number.

    Args:
        version: of this service, for the User-Agent.
        max_bytes: size of a picture.
        allow: see AddressGuard.
        deadline_seconds: for one picture, with look-ups and redirects.
        read_seconds: longest silence of a source.
        max_redirects: hops after the URL that was named.
        at_once: pictures fetched at the same time, no more than three quarters of them for one
            owner; others wait, at most for the deadline.
        lookup: see AddressGuard.
        tls: whose certificates are trusted; the default is certifi's list.
    """

    def __init__(
        self,
        *,
        version: str,
        max_bytes: int,
        allow: Iterable[str] = (),
        deadline_seconds: float = 10.0,
        read_seconds: float = 5.0,
        max_redirects: int = 3,
        at_once: int = 16,
        lookup: Lookup = system_lookup,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._deadline_seconds = deadline_seconds
        self._read_seconds = read_seconds
        self._max_redirects = max_redirects
        self._places = anyio.Semaphore(at_once)
        self._places_of_one = max(1, at_once * 3 // 4)
        self._taken_by: WeakValueDictionary[str, anyio.Semaphore] = WeakValueDictionary()
        self._headers = {
            "User-Agent": f"pixelgate/{version}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        # A transport and no client: that would keep cookies between callers and log whole URLs.
        guard = AddressGuard(allow, lookup=lookup, lookup_seconds=read_seconds)
        self._transport = GuardedTransport(guard, tls=tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def fetch(self, url: str, owner: str = "") -> bytes:
        """What lies at a URL, whole; errors name the host of this URL and no other.

        Args:
            url: as the caller wrote it.
            owner: whose slow sources must not keep those of others waiting.

        Raises:
            UrlRefused: the URL, or one it redirects to, may not be fetched.
            UrlUnreachable: the source did not deliver in time, or not with status 200.
            UploadTooLarge: the source sends more than `max_bytes`.
            QueueFull: too many others are being fetched.
        """
        named = read_url(url)
        async with self._place(owner):
            try:
                with anyio.fail_after(self._deadline_seconds):
                    return await self._follow(named)
            except TimeoutError:
                limit = f"{self._deadline_seconds:g} s"
                raise UrlUnreachable(f"{host_of(named)} did not deliver within {limit}.") from None

    @asynccontextmanager
    async def _place(self, owner: str) -> AsyncIterator[None]:
        """A place of the owner's and then one of all: so few of one owner wait before others."""
        own = self._taken_by.setdefault(owner, anyio.Semaphore(self._places_of_one))
        async with AsyncExitStack() as places:
            try:
                with anyio.fail_after(self._deadline_seconds):
                    await places.enter_async_context(own)
                    await places.enter_async_context(self._places)
            except TimeoutError:
                raise QueueFull(
                    "Too many pictures are being fetched from URLs.", retry_after_seconds=1
                ) from None
            yield

    async def _follow(self, url: httpx.URL) -> bytes:
        host = host_of(url)
        for _ in range(self._max_redirects + 1):
            async with self._open(url, host) as response:
                if response.status_code not in _REDIRECTS or "Location" not in response.headers:
                    return await self._read(response, host)
                url = _next_url(url, response, host)
        raise UrlRefused(f"{host} redirects more than {self._max_redirects} times.")

    @asynccontextmanager
    async def _open(self, url: httpx.URL, host: str) -> AsyncIterator[httpx.Response]:
        try:
            async with aclosing(await self._ask(url, host)) as response:
                yield response
        except httpx.TransportError as error:
            # Not chained: the library's words may hold the address.
            raise UrlUnreachable(transport_failure(error, host)) from None

    async def _ask(self, url: httpx.URL, host: str) -> httpx.Response:
        timeout = httpx.Timeout(self._read_seconds).as_dict()
        request = httpx.Request("GET", url, headers=self._headers, extensions={"timeout": timeout})
        try:
            return await self._transport.handle_async_request(request)
        except GatewayError:
            if host_of(url) == host:
                raise
            raise _refused_redirect(host) from None

    async def _read(self, response: httpx.Response, host: str) -> bytes:
        if response.status_code != 200:
            raise UrlUnreachable(
                f"{host} answered with status {response.status_code}; 200 is expected."
            )
        # Never decompressed here: a few bytes could become more than the memory holds.
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UrlUnreachable(f"{host} sent a compressed body although none was asked for.")
        body = await self._read_body(response, host)
        if not body:
            raise UrlUnreachable(f"{host} sent an empty body.")
        return body

    async def _read_body(self, response: httpx.Response, host: str) -> bytes:
        too_large = UploadTooLarge(f"{host} sends more than {self._max_bytes:,} bytes.")
        if int(response.headers.get("Content-Length", 0)) > self._max_bytes:
            raise too_large
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self._max_bytes:
                raise too_large
        return bytes(body)


def _next_url(url: httpx.URL, response: httpx.Response, host: str) -> httpx.URL:
    try:
        target = read_url(urljoin(str(url), response.headers["Location"]))
    except (UrlRefused, ValueError):
        raise _refused_redirect(host) from None
    if url.scheme == "https" and target.scheme == "http":
        raise UrlRefused(f"{host} redirects from https to http, which is not followed.")
    return target


def _refused_redirect(host: str) -> UrlRefused:
    """One sentence for all causes: the hop's own would tell about a network not the caller's."""
    return UrlRefused(f"{host} redirects to a URL that is not fetched.")


def transport_failure(error: httpx.TransportError, host: str) -> str:
    """What went wrong with a host, without the address that was connected to."""
    if isinstance(error, httpx.TimeoutException):
        return f"{host} did not answer in time."
    if isinstance(error, httpx.ConnectError):
        return f"{host} takes no connection, or its certificate is not valid."
    return f"{host} broke off its answer, or did not answer in HTTP."
