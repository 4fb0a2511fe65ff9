"""One pair's token counts: the recorded one beside the control's, if they compare."""

import functools
from typing import Final

from replayd.config import ArmConfig
from replayd.model import ArmAnswer, PairAnswers, TokenWitness
from replayd.witness.row import row_of
from snaptrace.snapshot.model import Snapshot, Usage

# APIs whose count of input tokens leaves cached ones out. Instrumentations pass it on
# as it is, or add the cached ones up; a snapshot does not say which.
CACHED_APART: Final = frozenset(
    {"anthropic_messages", "bedrock_converse", "bedrock_invoke"}
)
_TOOLS = ("tools", "toolConfig", "functions")
# Roots of what a model reads beside turns, and the ends of paths that hold it.
_READ = frozenset(
    {
        *("tools", "functions", "toolConfig", "response_format", "text"),
        *("output_format", "output_config", "outputConfig", "generationConfig"),
        *("system", "instructions", "systemInstruction"),
    }
)
_HOLDS_TEXT = frozenset(
    {
        *("name", "description", "parameters", "schema", "json_schema", "system"),
        *("input_schema", "inputSchema", "instructions", "text", "responseSchema"),
        *("parametersJsonSchema", "responseJsonSchema", "json"),
    }
)
# Parameters that no provider counts, by all their names.
_UNCOUNTED = frozenset(
    {
        *("frequency_penalty", "logprobs", "max_completion_tokens", "max_tokens"),
        *("max_output_tokens", "maxOutputTokens", "maxTokens", "n", "presence_penalty"),
        *("seed", "service_tier", "stop", "stop_sequences", "stream", "temperature"),
        *("top_k", "top_logprobs", "top_p", "topK", "topP", "inferenceConfig"),
    }
)


def altered(arm: ArmConfig, api: str, left_out: tuple[str, ...]) -> str:
    """Return in which intended way an arm's request differs from one of this API."""
    if arm.api != api:
        return "other_api"
    if arm.overrides.system is not None or arm.overrides.params.keys() - _UNCOUNTED:
        return "overridden"
    return "left_out" if set(left_out) - _UNCOUNTED else ""


def compare(snapshot: Snapshot, answers: PairAnswers) -> TokenWitness:
    """Return the pair's witness, or why there is none in its `none`."""
    row, control = row_of(snapshot), answers.control
    if control is None:
        return TokenWitness(row=row, none="no_control")
    if why := _incomparable(snapshot, control):
        return TokenWitness(row=row, none=why)
    recorded = _recorded(snapshot, control.usage)
    if recorded is None:
        return TokenWitness(row=row, none="cache_unknown")
    second = answers.second_control
    body = snapshot.request.body
    return TokenWitness(
        row=row,
        recorded=recorded,
        again=(second.usage.input_tokens or 0) if second is not None else 0,
        tools=isinstance(body, dict) and any(body.get(name) for name in _TOOLS),
        named=_names_tokens(snapshot.fidelity.unobserved),
    )


@functools.lru_cache(maxsize=512)
def _names_tokens(unobserved: tuple[str, ...]) -> bool:
    """Return whether a field that costs tokens is among those nobody could see."""
    ends = [(path.partition(".")[0], path.rpartition(".")[2]) for path in unobserved]
    return any(root in _READ and end in _HOLDS_TEXT for root, end in ends)


def _incomparable(snapshot: Snapshot, control: ArmAnswer) -> str:
    """Return why the two counts say nothing about the rebuilt request; "" if they do.

    From the recording and the control's own account, never from an answer's text.
    """
    if control.altered:
        return control.altered
    if not snapshot.answer.usage.input_tokens or not control.usage.input_tokens:
        return "no_count"
    if not _same_model(snapshot, control):
        return "other_model"
    fidelity = snapshot.fidelity
    if fidelity.missing:
        return "known_loss"  # the difference has a name already
    if "server_tool" in fidelity.reasons:
        return "server_tool"  # what it returned at the provider counts as input
    if snapshot.redaction.counts:
        return "redacted"  # a stand-in may cost other tokens than what it replaced
    return ""


def _same_model(snapshot: Snapshot, control: ArmAnswer) -> bool:
    # Without a recorded answering model the one asked for has to be the very one
    # served: an alias may have meant another then.
    recorded = snapshot.answer.model or snapshot.request.model
    return bool(recorded) and recorded == control.served_model


def _recorded(snapshot: Snapshot, control: Usage) -> int | None:
    """Return all recorded input tokens by the provider's convention; None: unknown."""
    usage, counted = snapshot.answer.usage, control.input_tokens or 0
    given = usage.input_tokens or 0
    if snapshot.request.api not in CACHED_APART:
        return given
    if apart := _cached(usage):
        return min(given, given + apart, key=lambda total: abs(counted - total))
    # The request caches, and the telemetry does not say how much it did then.
    return None if _cached(control) and given != counted else given


def _cached(usage: Usage) -> int:
    return (usage.cached_tokens or 0) + (usage.cache_written_tokens or 0)
