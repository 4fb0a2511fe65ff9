"""urllib3's pools, through which `requests` and `botocore` send as well."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from snaptrace_capture.exchange import INSIDE, Exchange, begin
from snaptrace_capture.hooks.patches import Patch, replace

if TYPE_CHECKING:
    from snaptrace_capture.capture import Capture


def hook(capture: Capture, module: Any) -> list[Patch]:
    """Capture what pools send."""
    pool = module.connectionpool.HTTPConnectionPool
    urlopen = pool.urlopen
    recorded = _recorded(module.response.HTTPResponse)

    @functools.wraps(urlopen)
    def hooked(
        self: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        exchange = _begin(capture, self, method, url, (body, headers))
        if exchange is None:
            return urlopen(self, method, url, body, headers, *args, **kwargs)
        token = INSIDE.set(True)
        try:
            response = urlopen(self, method, url, body, headers, *args, **kwargs)
        except BaseException as error:
            exchange.failed(error)
            raise
        finally:
            INSIDE.reset(token)
        _watch(capture, exchange, response, recorded)
        return response

    return [replace(pool, "urlopen", hooked)]


def _begin(
    capture: Capture,
    pool: Any,
    method: str,
    url: str,
    sent: tuple[Any, Any],
) -> Exchange | None:
    if method != "POST" or not isinstance(url, str):
        return None
    try:
        if "://" not in url:
            port = f":{pool.port}" if pool.port else ""
            url = f"{pool.scheme}://{pool.host}{port}{url}"
        if not capture.endpoints.may_match(method, url):
            return None
        body, headers = sent
        told = headers if headers is not None else pool.headers
        pairs = [(_text(name), _text(value)) for name, value in told.items()]
    except Exception:
        capture.counts.failed()
        return None
    return begin(capture, url, pairs, _body(body))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(body: Any) -> bytes | None:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    # botocore gives a buffer in memory for some operations.
    view = getattr(body, "getbuffer", None)
    return bytes(view()) if view is not None else None


def _watch(
    capture: Capture,
    exchange: Exchange,
    response: Any,
    recorded: type,
) -> None:
    try:
        exchange.answered(response.status, response.headers.items())
        if (whole := getattr(response, "_body", None)) is not None:
            if response.decode_content:
                exchange.decoded()
            exchange.received(whole)
            exchange.finish()
        elif type(response) is recorded.__base__:
            # Its own class, with the reading methods recorded: no reference back to
            # it, so it goes when the application lets it go.
            vars(response)["snaptrace_exchange"] = exchange
            response.__class__ = recorded
        else:
            exchange.finish()
    except Exception:
        capture.counts.failed()
        exchange.finish()


def _recorded(base: Any) -> type:
    """Return the class whose responses keep what is read from them."""

    class Recorded(base):  # type: ignore[misc]
        snaptrace_exchange: Exchange

        def _snaptrace_note(self, data: bytes, *, decoded: bool | None) -> None:
            exchange = self.snaptrace_exchange
            if self.decode_content if decoded is None else decoded:
                exchange.decoded()
            exchange.received(data)
            if self._snaptrace_is_read():
                exchange.finish()

        def _snaptrace_is_read(self) -> bool:
            decoder = getattr(self, "_decoder", None)
            return (
                self.isclosed()
                and not len(getattr(self, "_decoded_buffer", ()))
                and not getattr(decoder, "has_unconsumed_tail", False)
            )

        def read(
            self,
            amt: int | None = None,
            decode_content: bool | None = None,  # noqa: FBT001 - as declared there
            cache_content: bool = False,  # noqa: FBT001, FBT002 - likewise
        ) -> bytes:
            data: bytes = super().read(amt, decode_content, cache_content)
            self._snaptrace_note(data, decoded=decode_content)
            return data

        def read_chunked(
            self,
            amt: int | None = None,
            decode_content: bool | None = None,  # noqa: FBT001 - likewise
        ) -> Iterator[bytes]:
            for data in super().read_chunked(amt, decode_content):
                self._snaptrace_note(data, decoded=decode_content)
                yield data
            self.snaptrace_exchange.finish()

        def read1(
            self,
            amt: int | None = None,
            decode_content: bool | None = None,  # noqa: FBT001 - likewise
        ) -> bytes:
            data: bytes = super().read1(amt, decode_content)  # from urllib3 2 on
            self._snaptrace_note(data, decoded=decode_content)
            return data

        def close(self) -> None:
            try:
                super().close()
            finally:
                self.snaptrace_exchange.finish()

    return Recorded
