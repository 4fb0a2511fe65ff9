"""Google ADK 1.x, and 2.x in its first schema: the request as one JSON attribute.

Inline bytes are taken out of it without a sign, as are response schemas and thought
signatures; only the token counts by modality may still tell that there were any.
"""

from typing import Any

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    clean_body,
)
from collector.recognise.dialects.readers.common_attributes import read_usage
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.record import Record

_NAME = "google_adk"
_REQUEST = "gcp.vertex.agent.llm_request"
_ALWAYS = "!"  # see `fidelity.unseen`
_LOST = (
    f"{_ALWAYS}contents.parts.inlineData.data",
    f"{_ALWAYS}contents.parts.inlineData.mimeType",
    f"{_ALWAYS}contents.parts.inlineData.mime_type",
    f"{_ALWAYS}contents.parts.thoughtSignature",
    "generationConfig.responseSchema",
    "generationConfig.responseJsonSchema",
)


class GoogleAdk:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record holds a request; tool spans hold an empty one."""
        return len(as_text(record.attributes.get(_REQUEST))) > len("{}")

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        candidate = candidate_of(record, _NAME, role="call")
        if attributes.get("gen_ai.operation.name") == "execute_tool":
            candidate.role = "wrapper"
            return candidate
        candidate.api, candidate.provider = "gemini_generate_content", "gcp.gemini"
        given = loads(attributes[_REQUEST])
        request = as_dict(given.value)
        candidate.model = as_text(request.get("model")) or as_text(
            attributes.get("gen_ai.request.model")
        )
        if "contents" in request:
            candidate.body = clean_body(candidate.api, request)
        if given.broken:
            candidate.reasons += ("truncated",)
        response = as_dict(loads(attributes.get("gcp.vertex.agent.llm_response")).value)
        if _had_media(response):
            candidate.reasons += ("media_unknown",)
        if any(
            not as_list(as_dict(c).get("parts"))
            for c in as_list(request.get("contents"))
        ):
            candidate.reasons += ("content_dropped",)
        candidate.lost = _LOST
        candidate.answer = answer_of_output(
            {"candidates": [response]} if response else {},
            failed=record.failed,
            error="error",
            usage=read_usage(attributes),
        )
        return candidate


def _had_media(response: dict[str, Any]) -> bool:
    usage = as_dict(response.get("usage_metadata"))
    return any(
        as_dict(detail).get("modality") not in (None, "TEXT", "MODALITY_UNSPECIFIED")
        for detail in as_list(usage.get("prompt_tokens_details"))
    )
