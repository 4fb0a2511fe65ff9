"""Upstream whose TLS certificate files are reloaded while the relay runs."""

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from collector.config.relay import UpstreamTlsConfig
from collector.exporter.contract import Upstream
from collector.otlp.export_result import ExportResult
from collector.otlp.signals import OtlpRequest
from snaptrace.runtime.clock import Clock

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS: Final = 30.0


class ReloadingUpstream:
    """Reopens the upstream after its files change; old calls finish on the old.

    Files are looked at when something is sent, at most every 30 seconds. Files that do
    not fit together, half-written ones say, leave the old connections in use. The old
    upstream is closed at the look after, when its calls have had their time.
    """

    def __init__(
        self, opened: Callable[[], Upstream], tls: UpstreamTlsConfig, clock: Clock
    ) -> None:
        self._opened, self._tls, self._clock = opened, tls, clock
        self._current = opened()
        self._retired: Upstream | None = None
        self._seen = _modified_ns(tls)
        self._look_at_seconds = clock.monotonic_seconds() + _LOOK_EVERY_SECONDS

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send one request; see `Upstream`."""
        now_seconds = self._clock.monotonic_seconds()
        if now_seconds >= self._look_at_seconds:
            self._look_at_seconds = now_seconds + _LOOK_EVERY_SECONDS
            await self._check_files()
        return await self._current.send(request, timeout_seconds)

    async def close(self) -> None:
        """Close all connections; calls in flight end UNAVAILABLE."""
        await self._close_retired()
        await self._current.close()

    async def _check_files(self) -> None:
        if (now := _modified_ns(self._tls)) != self._seen:
            self._seen = now
            try:
                tls_context(self._tls)
                new = self._opened()
            except (OSError, ValueError) as error:
                why = type(error).__name__
                log.warning(
                    "upstream certificates could not be reloaded", extra={"why": why}
                )
                return
            await self._close_retired()
            self._retired, self._current = self._current, new
            log.info("upstream certificates reloaded")
        else:
            await self._close_retired()

    async def _close_retired(self) -> None:
        retired, self._retired = self._retired, None
        if retired is not None:
            await retired.close()


def tls_context(tls: UpstreamTlsConfig) -> ssl.SSLContext:
    """Load the files; ssl.SSLError, an OSError, if they are inconsistent."""
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _modified_ns(tls: UpstreamTlsConfig) -> tuple[int, ...]:
    """Return what changes when a file does; zeros where one is missing."""
    stamps = []
    for name in (tls.ca_file, tls.cert_file, tls.key_file):
        try:
            stamps.append(Path(name).stat().st_mtime_ns if name else 0)
        except OSError:
            stamps.append(0)
    return tuple(stamps)
