"""Telemetry of a program: logs on stderr, metrics and health over HTTP."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import CollectorRegistry

    from snaptrace.runtime.config import Address

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BUILD_INFO_HELP: Final = "1; the labels name the running release."
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _Logfmt(logging.Formatter):
    """One line an event: time, level, logger, text, then `key=value` facts."""

    def format(self, record: logging.LogRecord) -> str:
        line = (
            f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')} "
            f"{record.levelname.lower()} {record.name}: {record.getMessage()}"
        )
        facts = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        line += "".join(f" {key}={_quoted(value)}" for key, value in facts.items())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _quoted(value: object) -> str:
    text = str(value).replace("\n", "\\n")
    return f'"{text}"' if " " in text or not text else text


def set_up_logging(level: str = "INFO") -> None:
    """Send all logs to stderr, one line each; call once at program start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


class TelemetryServer:
    """Serves `/metrics`, `/healthz`, `/readyz` and a program's own read-only routes.

    `/healthz` answers 200 while the event loop turns. `/readyz` answers 200 once
    `ready` returns an empty text, else 503 with the reason.
    """

    name = "telemetry"

    def __init__(
        self,
        listen: Address,
        registry: CollectorRegistry,
        ready: Callable[[], str],
        routes: Mapping[str, Handler] | None = None,
        on_bound: Callable[[str], None] = lambda _address: None,
    ) -> None:
        self._listen, self._registry, self._ready = listen, registry, ready
        self._routes = dict(routes or {})
        self._on_bound = on_bound

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if the address cannot be bound."""
        # A program may only want the logs.
        from aiohttp import web  # noqa: PLC0415
        from prometheus_client import disable_created_metrics  # noqa: PLC0415

        from snaptrace.runtime.http_server import served  # noqa: PLC0415

        disable_created_metrics()  # type: ignore[no-untyped-call] # not annotated there
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        for path, handler in self._routes.items():
            method, _, route = path.rpartition(" ")
            app.router.add_route(method or "GET", route, handler)
        async with served(app, self._listen) as address:
            self._on_bound(address)
            ready()
            await stop.wait()

    async def _metrics(self, request: web.Request) -> web.Response:
        from aiohttp import web  # noqa: PLC0415 - a program may only want the logs

        from snaptrace.runtime.exposition.registry_page import negotiated  # noqa: PLC0415

        accept = request.headers.get("Accept", "")
        content_type, body = negotiated(self._registry, accept)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _health(self, _request: web.Request) -> web.Response:
        from aiohttp import web  # noqa: PLC0415 - a program may only want the logs

        return web.Response(text="ok\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        from aiohttp import web  # noqa: PLC0415 - a program may only want the logs

        why = self._ready()
        return web.Response(text=(why or "ok") + "\n", status=503 if why else 200)
