"""One call to a model, from request to the end of its response, as one span.

Nothing in here raises: every entry is called from the application's own path.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry import context, trace
from opentelemetry.trace import Span, Status, StatusCode

from snaptrace_capture.counting import CAPTURED
from snaptrace_capture.version import FORMAT

if TYPE_CHECKING:
    from snaptrace_capture.capture import Capture
    from snaptrace_capture.endpoints import Target

# True while a hooked library works for another one that is hooked too.
INSIDE: ContextVar[bool] = ContextVar("snaptrace_capture_inside", default=False)

# Everything else a header may hold is left out: keys, cookies, names of people.
_REQUEST_HEADERS = frozenset({"anthropic-version", "anthropic-beta", "openai-beta"})
_RESPONSE_HEADERS = frozenset({"request-id", "x-request-id", "x-amzn-requestid"})
_REPLAY = "x-snaptrace-replay"
_SUPPRESSED = "suppress_instrumentation"
_HEADER_MAX = 512
_TEXT_MAX = 64 * 1024
_PREFIX = "snaptrace.llm."
_FAILED_FROM = 400

Headers = Iterable[tuple[str, str]]


class Exchange:
    """A request under way. Methods may come from different threads, in turn."""

    def __init__(self, capture: Capture, span: Span, target: Target, size: int) -> None:
        self._capture, self._span, self._held = capture, span, size
        self._lock = threading.Lock()
        self._attributes: dict[str, Any] = {
            _PREFIX + "format": FORMAT,
            _PREFIX + "api": target.api,
            _PREFIX + "url": target.url,
        }
        if target.model:
            self._attributes[_PREFIX + "model"] = target.model
        self._chunks: list[bytes] = []
        self._kept = self._came = 0
        self._is_open, self._is_cut, self._status = True, False, 0

    def asked(self, headers: Headers, body: bytes, active: Span) -> None:
        """Note the request, as it was sent, beneath the active span."""
        told = self._told("request", headers, _REQUEST_HEADERS)
        _put_body(self._attributes, "request", body, told)
        if outer := _outer_span_id(active):
            self._attributes[_PREFIX + "outer_span_id"] = outer

    def answered(self, status: int, headers: Headers, *, decoded: bool = False) -> None:
        """Note how the response begins; `decoded`: its content coding is undone."""
        try:
            self._status = status
            self._attributes[_PREFIX + "response.status"] = status
            self._told("response", headers, _RESPONSE_HEADERS)
            if decoded:
                self._attributes.pop(_PREFIX + "response.encoding", None)
        except Exception:
            self._capture.counts.failed()

    def decoded(self) -> None:
        """Note that what follows has its content coding undone."""
        self._attributes.pop(_PREFIX + "response.encoding", None)

    def received(self, chunk: bytes) -> None:
        """Keep a piece of the response, up to the bound."""
        try:
            self._came += len(chunk)
            if self._is_cut or not self._is_open or not chunk:
                return
            fits = self._kept + len(chunk) <= self._capture.settings.response_bytes
            if not fits or not self._capture.held.reserve(len(chunk)):
                self._is_cut = True
                return
            self._held += len(chunk)
            self._kept += len(chunk)
            self._chunks.append(bytes(chunk))
        except Exception:
            self._capture.counts.failed()

    def failed(self, error: BaseException) -> None:
        """End without a response, or without the rest of it."""
        self._attributes[_PREFIX + "error"] = type(error).__name__
        self.finish()

    def finish(self) -> None:
        """End the span. May be called more than once."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
        try:
            self._end()
        except Exception:
            self._capture.held.release(self._held)
            self._capture.counts.failed()

    def _end(self) -> None:
        capture, span, attributes = self._capture, self._span, self._attributes
        body = b"".join(self._chunks)
        self._chunks = []
        if self._status or body:
            kind = str(attributes.get(_PREFIX + "response.type", ""))
            _put_body(attributes, "response", body, kind)
            attributes[_PREFIX + "response.bytes"] = self._came
        if self._is_cut:
            attributes[_PREFIX + "response.cut"] = True
            capture.counts.add("response_cut")
        if self._status >= _FAILED_FROM or _PREFIX + "error" in attributes:
            span.set_status(Status(StatusCode.ERROR))
        span.set_attributes(attributes)
        span.end()
        # What the SDK's queue holds on to; another SDK's span stands for itself.
        capture.held.release_with(getattr(span, "_attributes", span), self._held)
        self._attributes = {}
        capture.counts.add(CAPTURED)

    def _told(self, side: str, headers: Headers, kept: frozenset[str]) -> str:
        """Note the headers that may be kept; return the content type."""
        attributes, prefix = self._attributes, _PREFIX + side
        for name, value in headers:
            lower = name.lower()
            if lower == "content-type":
                attributes[f"{prefix}.type"] = value[:_HEADER_MAX]
            elif lower == "content-encoding" and value.lower() != "identity":
                attributes[f"{prefix}.encoding"] = value[:_HEADER_MAX]
            elif lower in kept:
                attributes[f"{prefix}.header.{lower}"] = value[:_HEADER_MAX]
        return str(attributes.get(f"{prefix}.type", ""))


def begin(
    capture: Capture, url: str, headers: Headers, body: bytes | None
) -> Exchange | None:
    """Return the exchange of a request that may match; None for others. Never raises.

    `body` is None where the library would send what cannot be read twice.
    """
    try:
        return _begin(capture, url, headers, body) if capture.is_on else None
    except Exception:
        capture.counts.failed()
        return None


def _begin(
    capture: Capture, url: str, headers: Headers, body: bytes | None
) -> Exchange | None:
    if INSIDE.get() or context.get_value(_SUPPRESSED):
        return None
    if body is None:
        capture.counts.add("body_unread")
        return None
    target = capture.endpoints.match(url, body)
    told = list(headers)
    if target is None or any(name.lower() == _REPLAY for name, _ in told):
        return None
    if len(body) > capture.settings.request_bytes:
        capture.counts.add("too_large")
        return None
    span = capture.tracer().start_span(f"capture {target.api}")
    if not span.is_recording():
        return None
    if not capture.held.reserve(len(body)):
        # Not ended: a span without what it is for is of no use to anybody.
        capture.counts.add("no_room")
        return None
    exchange = Exchange(capture, span, target, len(body))
    active = trace.get_current_span()
    try:
        exchange.asked(told, body, active)
    except Exception:
        capture.held.release(len(body))
        raise
    capture.note_parents(active)
    return exchange


def _put_body(
    attributes: dict[str, Any], side: str, body: bytes, content_type: str
) -> None:
    """Add a body: as text, or as base64 where it is none."""
    name = f"{_PREFIX}{side}.body"
    attributes[f"{_PREFIX}{side}.bytes"] = len(body)
    coded = f"{_PREFIX}{side}.encoding" in attributes
    if not coded and not content_type.startswith("multipart/"):
        if len(body) > _TEXT_MAX:
            # As it is: to decode it here would cost a call more than all the rest.
            # Which SDK takes bytes for text decodes them itself.
            attributes[name] = body
            return
        try:
            attributes[name] = body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return
    attributes[name + "_base64"] = base64.b64encode(body).decode("ascii")


def _outer_span_id(span: Span) -> str:
    """Return the id of the span above the active one; "" where it is not known.

    Between the span of a model call and this one may stand the HTTP library's own,
    which says nothing of the call.
    """
    parent = getattr(span, "parent", None)
    span_id = getattr(parent, "span_id", 0)
    return trace.format_span_id(span_id) if span_id else ""
