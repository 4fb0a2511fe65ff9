"""OpenAI's older text completions, which many model servers still speak.

Source: OpenAI API reference, completions, as of 2026.
"""

from http import HTTPStatus

from replayd.providers.contract import Overrides, Reading
from replayd.providers.openai_chat import (
    FINISH,
    first_choice,
)
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer
from snaptrace.streams import openai_completions as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.values import (
    as_text,
    decoded,
)


class OpenAiCompletions(JsonPost):
    """See `contract.Provider`."""

    name = "openai_completions"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; the usage of a stream is asked for."""
        if overrides.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return {**body, "model": model}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response; of several choices the first counts."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        is_stream = sse.is_stream(headers, body)
        found = (streamed.joined(body) if is_stream else decoded(body)) or {}
        if error := found.get("error"):
            return fault_in_answer(error)
        choice = first_choice(found)
        if not isinstance(choice.get("text"), str):
            return Reading(outcome="malformed", detail="no_text")
        finish = as_text(choice.get("finish_reason"))
        outcome, said = FINISH.get(finish.lower(), ("answered", "answered"))
        model = as_text(found.get("model"))
        answer = Answer(
            outcome=said,
            text=choice["text"],
            finish_reason=finish,
            model=model,
            response_id=as_text(found.get("id")),
            usage=usage.of_openai(found.get("usage")),
        )
        return Reading(
            outcome=outcome,
            answer=answer,
            served_model=model,
            fingerprint=as_text(found.get("system_fingerprint")),
        )
