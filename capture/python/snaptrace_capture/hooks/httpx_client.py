"""httpx, and what has its interface: the clients' `send`, synchronous and not.

Around the client and not its transport, so that every transport is seen, and the span
of an HTTP instrumentation does not come between.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from snaptrace_capture.exchange import INSIDE, Exchange, begin
from snaptrace_capture.hooks.patches import Patch, replace

if TYPE_CHECKING:
    from snaptrace_capture.capture import Capture


def hook(capture: Capture, module: Any) -> list[Patch]:
    """Capture what the library's clients send."""
    recorded, recorded_async = _recorded(module), _recorded_async(module)
    send, send_async = module.Client.send, module.AsyncClient.send

    @functools.wraps(send)
    def hooked(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(capture, request)
        if exchange is None:
            return send(self, request, *args, **kwargs)
        token = INSIDE.set(True)
        try:
            response = send(self, request, *args, **kwargs)
        except BaseException as error:
            exchange.failed(error)
            raise
        finally:
            INSIDE.reset(token)
        _watch(capture, exchange, response, recorded)
        return response

    @functools.wraps(send_async)
    async def hooked_async(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(capture, request)
        if exchange is None:
            return await send_async(self, request, *args, **kwargs)
        token = INSIDE.set(True)
        try:
            response = await send_async(self, request, *args, **kwargs)
        except BaseException as error:
            exchange.failed(error)
            raise
        finally:
            INSIDE.reset(token)
        _watch(capture, exchange, response, recorded_async)
        return response

    return [
        replace(module.Client, "send", hooked),
        replace(module.AsyncClient, "send", hooked_async),
    ]


def _begin(capture: Capture, request: Any) -> Exchange | None:
    if request.method != "POST":
        return None
    try:
        url = str(request.url)
        if not capture.endpoints.may_match("POST", url):
            return None
        body = _body(request, capture.settings.request_bytes)
    except Exception:
        capture.counts.failed()
        return None
    return begin(capture, url, request.headers.items(), body)


def _body(request: Any, limit: int) -> bytes | None:
    """Return the request's bytes; None where they can be read once only."""
    if (content := getattr(request, "_content", None)) is not None:
        return bytes(content)
    stream = request.stream
    fields = getattr(stream, "fields", None)
    if type(stream).__name__ != "MultipartStream" or fields is None:
        return None
    if int(request.headers.get("content-length") or limit + 1) > limit:
        return None
    files = [getattr(field, "file", b"") for field in fields]
    again = all(isinstance(f, (str, bytes)) or f.seekable() for f in files)
    return b"".join(stream) if again else None


def _watch(
    capture: Capture,
    exchange: Exchange,
    response: Any,
    recorded: type,
) -> None:
    try:
        whole = getattr(response, "_content", None)
        exchange.answered(
            response.status_code,
            response.headers.items(),
            decoded=whole is not None,
        )
        if whole is None:
            response.stream = recorded(response.stream, exchange)
        else:
            exchange.received(whole)
            exchange.finish()
    except Exception:
        capture.counts.failed()
        exchange.finish()


def _recorded(module: Any) -> type:
    """Return the class that hands a response on, and keeps what passes."""

    class Recorded(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, exchange: Exchange) -> None:
            self._inner, self._exchange = inner, exchange

        def __iter__(self) -> Iterator[bytes]:
            try:
                for chunk in self._inner:
                    self._exchange.received(chunk)
                    yield chunk
            except Exception as error:
                self._exchange.failed(error)
                raise

        def close(self) -> None:
            try:
                self._inner.close()
            finally:
                self._exchange.finish()

        def __del__(self) -> None:
            self._exchange.finish()

    return Recorded


def _recorded_async(module: Any) -> type:
    """Return the same for an asynchronous response."""

    class RecordedAsync(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, exchange: Exchange) -> None:
            self._inner, self._exchange = inner, exchange

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for chunk in self._inner:
                    self._exchange.received(chunk)
                    yield chunk
            except Exception as error:
                self._exchange.failed(error)
                raise

        async def aclose(self) -> None:
            try:
                await self._inner.aclose()
            finally:
                self._exchange.finish()

        def __del__(self) -> None:
            self._exchange.finish()

    return RecordedAsync
