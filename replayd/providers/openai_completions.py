"""OpenAI's older text completions, which many model servers still speak.

Source: OpenAI API reference, completions, as of 2026.
"""

from http import HTTPStatus
from typing import Any

from replayd.providers import sse
from replayd.providers.contract import Overrides, ProviderRequest, Reading, Refusal
from replayd.providers.faults import fault
from replayd.providers.openai_chat import read_usage
from replayd.providers.prepare import Body, bearer, post
from replayd.providers.values import as_list, as_object, as_text, decoded
from snaptrace.snapshot.model import Answer, Snapshot


class OpenAiCompletions:
    """See `contract.Provider`."""

    name = "openai_completions"

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body with the arm's model."""

        def fit(body: Body) -> Body:
            if overrides.stream:
                body |= {"stream": True, "stream_options": {"include_usage": True}}
            return {**body, "model": model}

        return post(self.name, snapshot, media, model, overrides, fit=fit)

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return a bearer token."""
        return bearer(key)

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response; of several choices the first counts."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = (_joined(body) if sse.is_stream(headers) else decoded(body)) or {}
        choices = as_list(found.get("choices"))
        choice = as_object(choices[0]) if choices else {}
        if not isinstance(choice.get("text"), str):
            return Reading(outcome="malformed", detail="no_text")
        cut = choice.get("finish_reason") == "length"
        model = as_text(found.get("model"))
        answer = Answer(
            outcome="truncated" if cut else "answered",
            text=choice["text"],
            finish_reason=as_text(choice.get("finish_reason")),
            model=model,
            response_id=as_text(found.get("id")),
            usage=read_usage(found.get("usage")),
        )
        return Reading(
            outcome="truncated" if cut else "answered",
            answer=answer,
            served_model=model,
            fingerprint=as_text(found.get("system_fingerprint")),
        )


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    text, finish = "", ""
    for chunk in sse.events(body):
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in as_list(chunk.get("choices"))[:1]:
            text += as_text(as_object(choice).get("text"))
            finish = as_text(as_object(choice).get("finish_reason")) or finish
    if finish:  # without one the stream was cut
        whole["choices"] = [{"text": text, "finish_reason": finish}]
    return whole
