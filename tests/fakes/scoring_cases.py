"""Cases for scorers, built from a few words."""

from typing import Any

from replayd.model import Case
from replayd.scoring.contract import ScoringCase
from snaptrace.snapshot.conversation import Conversation, Message, TextPart, Tool
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot, ToolCall


def answer_of(text: str = "", calls: Any = (), **more: Any) -> Answer:
    """Return an answer with text and tool calls."""
    return Answer(
        text=text, tool_calls=tuple(ToolCall(**call) for call in calls), **more
    )


def snapshot_of(recorded: Answer, **more: Any) -> Snapshot:
    """Return a snapshot of a chat call."""
    fields: dict[str, Any] = {
        "snapshot_id": "0" * 32,
        "trace_id": "0" * 32,
        "span_id": "0" * 16,
        "service": "shop",
        "operation": "chat",
        "modality": "text",
        "request": Request(api="openai_chat"),
        "fidelity": Fidelity(level="exact"),
    }
    return Snapshot(answer=recorded, **{**fields, **more})


def case_of(
    recorded: Answer,
    *,
    question: str = "",
    system: str = "",
    tools: Any = (),
    schema: Any = None,
    assertions: Any = (),
    **more: Any,
) -> ScoringCase:
    """Return a case whose reference is the recording."""
    told = (Message(role="system", parts=(TextPart(text=system),)),) if system else ()
    conversation = Conversation(
        model="m",
        messages=(*told, Message(role="user", parts=(TextPart(text=question),))),
        tools=tuple(Tool(**tool) for tool in tools),
        output_schema=schema,
    )
    return ScoringCase(
        snapshot=snapshot_of(recorded, **more),
        conversation=conversation,
        reference=recorded,
        assertions=tuple(assertions),
    )


def listed_case() -> Case:
    """Return a replayable case of the sample, as the scheduler lists it."""
    return Case(
        snapshot_id="s",
        segment="g",
        index=0,
        unit="u",
        trace_id="t",
        service="shop",
        modality="text",
        api="openai_chat",
        model="m",
        route="r",
        rank=1,
        recorded_at_ns=1,
        uniform=True,
        replayable=True,
    )
