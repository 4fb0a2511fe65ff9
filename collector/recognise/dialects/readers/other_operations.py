"""Work of models that is no request to replay, by the names that the funnel shows.

Sessions of realtime speech, evaluations, retrievals and the like are spans of a model
as well; where nothing counts them, a person looks for calls that were never there.
"""

from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.record import Record

# Words of all conventions -> the reason that the funnel names. Bounded: a metric label.
_WORDS: dict[str, str] = {
    "realtime": "realtime",
    "realtime_session": "realtime",
    "realtime.session": "realtime",
    "live": "realtime",
    "evaluation": "evaluation",
    "evaluate": "evaluation",
    "retrieval": "retrieval",
    "fetch_response": "fetch_response",
    "rerank": "rerank",
    "arerank": "rerank",
    "guardrail": "guardrail",
    "guardrail_check": "guardrail",
}
# OpenInference's kinds of span, and events of OpenTelemetry's.
_KINDS = {
    "AUDIO": "realtime",
    "EVALUATOR": "evaluation",
    "RETRIEVER": "retrieval",
    "RERANKER": "rerank",
    "GUARDRAIL": "guardrail",
}
_EVENTS = {"gen_ai.evaluation.result": "evaluation"}


def other_operation(record: Record) -> str:
    """Return what a record reports that is no call; "" for all others."""
    attributes = record.attributes
    word = as_text(attributes.get("gen_ai.operation.name")) or as_text(
        attributes.get("llm.request.type")
    )
    kind = as_text(attributes.get("openinference.span.kind")).upper()
    return (
        _EVENTS.get(record.name, "")
        or _WORDS.get(word.lower(), "")
        or _KINDS.get(kind, "")
        or ("realtime" if ".realtime" in record.name else "")
    )
