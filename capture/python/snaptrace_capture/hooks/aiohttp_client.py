"""aiohttp's client: its session's `_request`, and the request's bytes as it sends them.

The session knows the whole call, redirects and retries of connections included; only
the request knows its bytes, since the session serialises them.
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from snaptrace_capture.exchange import INSIDE, Exchange, begin
from snaptrace_capture.hooks.patches import Patch, replace

if TYPE_CHECKING:
    from snaptrace_capture.capture import Capture

# The exchanges that the request under way has begun; None outside of one.
_BEGUN: ContextVar[list[Exchange] | None] = ContextVar(
    "snaptrace_capture_aiohttp", default=None
)


def hook(capture: Capture, module: Any) -> list[Patch]:
    """Capture what sessions send."""
    session, request_class = module.ClientSession, module.ClientRequest
    request, send = session._request, request_class.send  # noqa: SLF001 - no other way

    @functools.wraps(request)
    async def hooked(self: Any, method: str, url: Any, **kwargs: Any) -> Any:
        if method != "POST" or INSIDE.get() or not capture.is_on:
            return await request(self, method, url, **kwargs)
        begun: list[Exchange] = []
        token = _BEGUN.set(begun)
        try:
            response = await request(self, method, url, **kwargs)
        except BaseException as error:
            for exchange in begun:
                exchange.failed(error)
            raise
        finally:
            _BEGUN.reset(token)
        if begun:
            _watch(capture, begun, response)
        return response

    @functools.wraps(send)
    async def hooked_send(self: Any, *args: Any, **kwargs: Any) -> Any:
        begun = _BEGUN.get()
        if begun is not None:
            _note(capture, self, begun)
        return await send(self, *args, **kwargs)

    return [
        replace(session, "_request", hooked),
        replace(request_class, "send", hooked_send),
    ]


def _note(capture: Capture, request: Any, begun: list[Exchange]) -> None:
    try:
        url = str(request.url)
        if not capture.endpoints.may_match(request.method, url):
            return
        body = getattr(request.body, "_value", request.body)
        if isinstance(body, bytearray):
            body = bytes(body)
        # Whatever coding the headers name is applied after this.
        headers = [h for h in request.headers.items() if h[0] != "Content-Encoding"]
        given = body if isinstance(body, bytes) else None
        exchange = begin(capture, url, headers, given)
    except Exception:
        capture.counts.failed()
        return
    if exchange is not None:
        begun.append(exchange)


def _watch(capture: Capture, begun: list[Exchange], response: Any) -> None:
    *broken, exchange = begun
    for earlier in broken:  # a connection that the server had closed
        earlier.failed(ConnectionError())
    try:
        session_undoes = getattr(response, "_session", None)
        undone = getattr(session_undoes, "_auto_decompress", True)
        exchange.answered(response.status, response.headers.items(), decoded=undone)
        if response._body is not None:  # noqa: SLF001 - read by the session already
            exchange.received(response._body)  # noqa: SLF001 - likewise
            exchange.finish()
        else:
            response.content = _Recorded(response.content, exchange)
    except Exception:
        capture.counts.failed()
        exchange.finish()


class _Recorded:
    """A stream that hands on what its inner one reads, and keeps it."""

    def __init__(self, inner: Any, exchange: Exchange) -> None:
        self._inner, self._exchange = inner, exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __aiter__(self) -> Any:
        return type(self._inner).__aiter__(self)

    def iter_chunked(self, n: int) -> Any:
        return type(self._inner).iter_chunked(self, n)

    def iter_any(self) -> Any:
        return type(self._inner).iter_any(self)

    def iter_chunks(self) -> Any:
        return type(self._inner).iter_chunks(self)

    async def read(self, n: int = -1) -> bytes:
        return self._kept(await self._inner.read(n))

    async def readany(self) -> bytes:
        return self._kept(await self._inner.readany())

    async def readexactly(self, n: int) -> bytes:
        return self._kept(await self._inner.readexactly(n))

    async def readline(self, **kwargs: Any) -> bytes:
        return self._kept(await self._inner.readline(**kwargs))

    async def readuntil(self, *args: Any, **kwargs: Any) -> bytes:
        return self._kept(await self._inner.readuntil(*args, **kwargs))

    async def readchunk(self) -> tuple[bytes, bool]:
        data, is_end = await self._inner.readchunk()
        return self._kept(data), is_end

    def read_nowait(self, n: int = -1) -> bytes:
        return self._kept(self._inner.read_nowait(n))

    def _kept(self, data: bytes) -> bytes:
        self._exchange.received(data)
        if self._inner.at_eof():
            self._exchange.finish()
        return data

    def __del__(self) -> None:
        self._exchange.finish()
