"""OTLP/HTTP upstream, with the standard paths below a base URL."""

import asyncio
import gzip
import io
from collections.abc import Mapping
from typing import Final

import aiohttp

from collector.config.relay import UpstreamTlsConfig
from collector.exporter.tls_reload import tls_context
from collector.otlp.export_result import (
    MEDIA_TYPES,
    UNAVAILABLE,
    ExportResult,
    from_http,
    refusal,
)
from collector.otlp.signals import OtlpRequest
from snaptrace.runtime.clock import Clock

# An upstream's answer is small; more than this is not read.
_ANSWER_BYTES: Final = 4 * 2**20


class HttpUpstream:
    """Connection pool to one upstream; redirects are returned, not followed."""

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        clock: Clock,
        tls: UpstreamTlsConfig | None,
        compression: str = "none",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._urls, self._clock = dict(urls), clock
        self._compress = compression == "gzip"
        self._added = dict(headers or {})
        self._tls = tls_context(tls) if tls is not None else None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send one request in its own encoding; see `Upstream`."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, ssl=self._tls or True)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "snaptrace-collector"},
            )
        headers = {
            **{name: _as_text(value) for name, value in request.headers.items()},
            **self._added,
            "Content-Type": MEDIA_TYPES[request.encoding],
        }
        body = request.body
        if self._compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._session.post(
                    self._urls[request.signal],
                    # From this size on aiohttp wants to send in pieces.
                    data=body if len(body) < 2**20 else io.BytesIO(body),
                    headers=headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as response,
            ):
                return await self._read(response)
        except TimeoutError:
            return refusal(UNAVAILABLE, "upstream: no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return refusal(UNAVAILABLE, f"upstream: {type(error).__name__}")

    async def _read(self, response: aiohttp.ClientResponse) -> ExportResult:
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > _ANSWER_BYTES:
                return refusal(UNAVAILABLE, "upstream: the answer has no end")
        return from_http(
            response.status,
            bytes(body),
            response.headers.get("Content-Type", ""),
            response.headers.get("Retry-After", ""),
            now_seconds=self._clock.now_ns() / 1e9,
        )

    async def close(self) -> None:
        """Close all connections; calls in flight end UNAVAILABLE."""
        if self._session is not None:
            await self._session.close()


def _as_text(value: str) -> str:
    """Return a header's value so that aiohttp, which writes UTF-8, sends its bytes.

    Receivers read a byte as a character. What is no UTF-8 cannot be sent through
    aiohttp as it came; it arrives as the characters of Latin-1, in UTF-8.
    """
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
