"""Which of Bedrock's two chat APIs a call went to, by what only one of them has.

Converse gives the calls of tools ids of its own, answers without an id, and takes a
request without a cap on tokens. Claude's own body, which InvokeModel takes, must have a
cap, and its answers have ids. Nova's body is alike in both. Source: AWS API reference.
"""

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.record import Record

_CONVERSE_CALL = "tooluse_"
_CLAUDE = "claude"
_NOVA = "nova-"
# What Nova's own body says beside the fields that both APIs have.
_NOVA_ONLY = ("!schemaVersion",)
_INVALID = "validation"


def settle(candidate: Candidate, record: Record, profile: Profile) -> None:
    """Take a guess at Converse for carried where the record rules out InvokeModel."""
    model = as_text(record.attributes.get("gen_ai.request.model"))
    if _called_by_converse(candidate):
        candidate.api_source = "carried"
    elif _NOVA in model:
        candidate.api_source = "carried"
        candidate.lost += _NOVA_ONLY
    elif _CLAUDE in model and (
        _is_without_id(record, profile) or _is_without_cap(record, profile)
    ):
        candidate.api_source = "carried"


def _called_by_converse(candidate: Candidate) -> bool:
    calls = candidate.answer.tool_calls if candidate.answer else ()
    return any(call.id.startswith(_CONVERSE_CALL) for call in calls)


def _is_without_id(record: Record, profile: Profile) -> bool:
    """Return whether an answer lacks the id that Claude's own answers have.

    Asked where `evident_api` found none.
    """
    streamed = record.attributes.get("gen_ai.request.stream") is True
    shown = profile.invoke_ids == "always" or (
        profile.invoke_ids == "unstreamed" and not streamed
    )
    return shown and not record.failed


def _is_without_cap(record: Record, profile: Profile) -> bool:
    """Return whether a request lacks the cap that Claude's own body must have.

    One that was refused as invalid may have lacked it all the same.
    """
    why = as_text(record.attributes.get("error.type")).lower()
    refused = record.failed and (not why or _INVALID in why)
    return (
        profile.shows_caps
        and "gen_ai.request.max_tokens" not in record.attributes
        and not refused
    )
