"""A stand-in for providers and for an OTLP backend, on one loopback port.

Deterministic: a tool is called where tools are offered and none has answered yet, a
schema gets a fitting object, `FAIL_400` in the request is an error. It keeps the
requests as they came, which is what recordings are compared with.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_USAGE = {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28}
_ARGUMENTS = '{"city": "Paris"}'
_TEXT = "Paris is the capital of France."


class StandIn:
    """The server and what it was sent. Use as a context manager."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.exports: list[tuple[str, bytes]] = []  # (signal, OTLP protobuf)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                signal = self.path.rpartition("/")[2]
                if signal in ("traces", "logs", "metrics"):
                    if signal != "metrics":
                        outer.exports.append((signal, body))
                    self._send(200, "application/x-protobuf", b"")
                    return
                status, answer, stream = outer.answer(self.path, body)
                kind = "text/event-stream" if stream else "application/json"
                self._send(status, kind, answer)

            def _send(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet: what went wrong is in the recording."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Begin a new case."""
        self.requests, self.responses, self.exports = [], [], []

    def answer(self, path: str, raw: bytes) -> tuple[int, bytes, bool]:
        """Return status, body, and whether it is a stream of events."""
        body = json.loads(raw or b"{}")
        self.requests.append({"method": "POST", "path": path, "body": body})
        if b"FAIL_400" in raw:
            error = {"error": {"message": "refused", "type": "invalid_request_error"}}
            return 400, self._kept(400, error), False
        for ending, maker in _APIS.items():
            if path.partition("?")[0].endswith(ending):
                made = maker(body)
                kept = self._kept(200, made)
                if body.get("stream"):
                    return 200, _stream(ending, made), True
                return 200, kept, False
        return 404, self._kept(404, {"error": {"message": f"no {path} here"}}), False

    def _kept(self, status: int, body: Any) -> bytes:
        self.responses.append({"status": status, "body": body})
        return json.dumps(body).encode()


def _wants_tool(body: dict[str, Any]) -> bool:
    said = json.dumps(body.get("messages", body.get("input", "")))
    told = ('"role": "tool"', "tool_result", "function_call_output")
    return bool(body.get("tools")) and not any(word in said for word in told)


def _chat(body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _TEXT}
    if body.get("response_format", {}).get("type") == "json_schema":
        message["content"] = _ARGUMENTS
    if _wants_tool(body):
        name = body["tools"][0]["function"]["name"]
        call = {"name": name, "arguments": _ARGUMENTS}
        message["content"] = None
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    reason = "tool_calls" if "tool_calls" in message else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": _USAGE,
    }


def _responses(body: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "output_text", "text": _TEXT, "annotations": []}
    output: dict[str, Any] = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    if _wants_tool(body):
        output = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": body["tools"][0]["name"],
            "arguments": _ARGUMENTS,
            "status": "completed",
        }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": body["model"],
        "status": "completed",
        "output": [output],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "usage": {
            "input_tokens": 21,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 28,
        },
    }


def _messages(body: dict[str, Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": _TEXT}]
    if _wants_tool(body):
        name = body["tools"][0]["name"]
        used = {"id": "toolu_1", "name": name, "input": {"city": "Paris"}}
        content = [{"type": "tool_use", **used}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if content[0]["type"] == "tool_use" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 21, "output_tokens": 7},
    }


def _embeddings(body: dict[str, Any]) -> dict[str, Any]:
    row = {"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return {"object": "list", "model": body["model"], "data": [row], "usage": usage}


_APIS = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/messages": _messages,
    "/embeddings": _embeddings,
}


def _stream(ending: str, made: dict[str, Any]) -> bytes:
    """Return a whole answer as the events of its API."""
    if ending == "/chat/completions":
        (choice,) = made["choices"]
        delta = {**choice["message"]}
        for index, call in enumerate(delta.get("tool_calls", ())):
            call["index"] = index
        chunk = {**made, "object": "chat.completion.chunk", "choices": []}
        first = {"index": 0, "delta": delta, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
        chunks = [{**chunk, "usage": None, "choices": [one]} for one in (first, last)]
        lines = [f"data: {json.dumps(one)}\n\n" for one in (*chunks, chunk)]
        return "".join([*lines, "data: [DONE]\n\n"]).encode()
    if ending == "/responses":
        done = {"type": "response.completed", "response": made, "sequence_number": 0}
        return f"event: response.completed\ndata: {json.dumps(done)}\n\n".encode()
    raise ValueError(f"no stream of {ending} is stood in for")
