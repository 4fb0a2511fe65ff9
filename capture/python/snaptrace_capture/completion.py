"""A completion hook of OpenTelemetry's GenAI instrumentations.

It is for calls that no hooked HTTP library sends, as over gRPC: their messages go on
the span that the instrumentation has made. A call that was captured needs it no more.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from snaptrace_capture.capture import Capture


class CompletionHook:
    """As `opentelemetry.util.genai.completion_hook.CompletionHook`, by shape."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def on_completion(
        self,
        *,
        inputs: list[Any],
        outputs: list[Any],
        system_instruction: list[Any],
        tool_definitions: list[Any] | None = None,
        span: Span | None = None,
        log_record: Any = None,
    ) -> None:
        """Put the messages on the span, unless their bytes were captured."""
        del log_record
        capture = self._capture
        try:
            if span is None or not span.is_recording() or not capture.is_on:
                return
            if capture.is_captured(span):
                return
            told = {
                "gen_ai.input.messages": inputs,
                "gen_ai.output.messages": outputs,
                "gen_ai.system_instructions": system_instruction,
                "gen_ai.tool.definitions": tool_definitions,
            }
            have = getattr(span, "attributes", None) or {}
            texts = {
                name: _json(value)
                for name, value in told.items()
                if value and name not in have
            }
            size = sum(len(text) for text in texts.values())
            if size > capture.settings.request_bytes:
                capture.counts.add("too_large")
            elif capture.held.reserve(size):
                capture.held.release_with(getattr(span, "_attributes", span), size)
                span.set_attributes(texts)
            else:
                capture.counts.add("no_room")
        except Exception:
            capture.counts.failed()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    return str(value)
