"""The server: keeps the requests as they came, which recordings are compared with.

`FAIL_400` in a request is answered with an error.
"""

import gzip
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from recording.stand_in import (
    anthropic_api,
    bedrock_api,
    cohere_api,
    gemini_api,
    ollama_api,
    openai_api,
)
from recording.stand_in.contract import Route

_APIS = (openai_api, anthropic_api, gemini_api, bedrock_api, cohere_api, ollama_api)
_ROUTES: tuple[Route, ...] = tuple(route for api in _APIS for route in api.ROUTES)
_IDS = ("id", "responseId", "response_id", "generation_id")
_NEXT = "/recorder/next"  # a driver's word that a case has ended


class Kept(NamedTuple):
    """What belongs to one case."""

    requests: list[dict[str, Any]]
    responses: list[dict[str, Any]]
    exports: list[tuple[str, bytes]]  # (signal, OTLP protobuf)


class StandIn:
    """The server and what it was sent. Use as a context manager."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.exports: list[tuple[str, bytes]] = []  # (signal, OTLP protobuf)
        self.cases: dict[str, Kept] = {}  # those that have ended
        self._answers = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def end(self, case: str) -> None:
        """Put away what came so far as one case, and begin a new one."""
        if case:
            self.cases[case] = Kept(self.requests, self.responses, self.exports)
        self.requests, self.responses, self.exports = [], [], []

    def answer(self, path: str, raw: bytes) -> tuple[int, bytes, str]:
        """Return status, body and content type."""
        plain = path.partition("?")[0]
        route = next((r for r in _ROUTES if re.search(r.path, plain)), None)
        if route is None:  # somebody's own telemetry
            return 200, b"{}", "application/json"
        body = json.loads(raw or b"{}")
        self.requests.append({"method": "POST", "path": path, "body": body})
        if b"FAIL_400" in raw:
            error = {"message": "refused", "type": "invalid_request_error"}
            return 400, self._kept(400, {"error": error}), "application/json"
        made = self._named(route.whole(body, plain))
        kept = self._kept(200, made)
        if route.streamed is not None and route.asks_stream(body, plain):
            return 200, route.streamed(made), route.content_type
        return 200, kept, "application/json"

    def _named(self, made: Any) -> Any:
        """Give an answer an id of its own: some libraries put calls together by it."""
        self._answers += 1
        for name in _IDS:
            if isinstance(made.get(name), str):
                made[name] = f"{made[name]}{self._answers}"
        return made

    def _kept(self, status: int, body: Any) -> bytes:
        raw = json.dumps(body).encode()
        self.responses.append({"status": status, "body": json.loads(raw)})
        return raw


def _body_of(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(request.rfile.readline().partition(b";")[0], 16):
            body += request.rfile.read(size)
            request.rfile.readline()
        request.rfile.readline()
    else:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
    if request.headers.get("content-encoding") == "gzip":
        return gzip.decompress(body)
    return body


def _handler(outer: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = _body_of(self)
            if self.path.startswith(_NEXT):
                outer.end(self.path.partition("?case=")[2])
                self._send(200, "text/plain", b"")
                return
            signal = self.path.rpartition("/")[2]
            if signal in ("traces", "logs", "metrics"):
                kind = self.headers.get("content-type", "")
                if signal != "metrics" and "json" not in kind:
                    outer.exports.append((signal, body))
                self._send(200, "application/x-protobuf", b"")
                return
            status, answer, kind = outer.answer(self.path, body)
            self._send(status, kind, answer)

        def do_GET(self) -> None:
            self._send(200, "application/json", b"{}")

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet: what went wrong is in the recording."""

    return Handler
