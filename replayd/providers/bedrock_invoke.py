"""Amazon Bedrock InvokeModel: the bodies and answers of the models' own APIs.

Source: Amazon Bedrock user guide, inference parameters of Anthropic Claude, Amazon Nova
and Meta Llama, as of 2026; the service model `bedrock-runtime` 2023-09-30.
"""

from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers import anthropic_messages
from replayd.providers.bedrock_converse import failure, read_message
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.apis.bedrock_invoke import family_of_body
from snaptrace.snapshot.model import Answer, AnswerOutcome
from snaptrace.streams import aws_eventstream, usage
from snaptrace.streams import bedrock_invoke as streamed
from snaptrace.streams.values import as_object, as_text, decoded

_LLAMA_CUT = "length"


class BedrockInvoke(JsonPost):
    """See `contract.Provider`."""

    name = "bedrock_invoke"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's system prompt, where its form has one."""
        del model
        family = family_of_body(body)
        if family == "anthropic":
            body.setdefault("max_tokens", anthropic_messages.MOST_OUTPUT_TOKENS)
        if overrides.system is not None and family in ("anthropic", "nova"):
            text = overrides.system
            body["system"] = text if family == "anthropic" else [{"text": text}]
        return body

    def path(self, model: str, overrides: Overrides) -> str:
        """Return the path, which names the model, and the way of delivery."""
        path = super().path(model, overrides)
        return f"{path}-with-response-stream" if overrides.stream else path

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response by its own form; of a stream, Claude's and Llama's."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found: dict[str, Any] | None
        if aws_eventstream.is_stream(headers):
            found = streamed.joined(body)
            if failed := found.get("failed"):
                return failure(**failed)
        else:
            found = decoded(body)
        if found is None:
            return Reading(outcome="malformed", detail="no_object")
        return _read(found)


def _read(found: dict[str, Any]) -> Reading:
    message = as_object(as_object(found.get("output")).get("message"))
    if isinstance(message.get("content"), list):
        stop = as_text(found.get("stopReason"))
        return read_message(message, stop, found.get("usage"))
    if isinstance(found.get("generation"), str):
        return _read_llama(found)
    return anthropic_messages.read_message(found)


def _read_llama(found: dict[str, Any]) -> Reading:
    finish = as_text(found.get("stop_reason"))
    if not finish:
        return Reading(outcome="malformed", detail="no_stop_reason")
    cut = finish == _LLAMA_CUT
    said: AnswerOutcome = "truncated" if cut else "answered"
    outcome: Outcome = "truncated" if cut else "answered"
    answer = Answer(
        outcome=said,
        text=found["generation"],
        finish_reason=finish,
        usage=usage.of_llama(found),
    )
    return Reading(outcome=outcome, answer=answer)
