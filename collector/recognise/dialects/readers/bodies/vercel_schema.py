"""Where Vercel's provider packages put an output's schema, once the spans are joined.

The outer span alone knows the schema, so this is the dialect's last word on a call.
"""

import re

import msgspec

from collector.recognise.dialects.contract import Candidate
from snaptrace.snapshot.conversation import Tool
from snaptrace.snapshot.model import Json

_JSON_TOOL_MODELS = re.compile(
    r"claude-(?:3|(?:sonnet|opus)-4-\d{8}|(?:sonnet|opus)-4-0)"
)


def finish(candidate: Candidate) -> None:
    """Put the output's shape, of which the outer span tells, where its API has it."""
    if candidate.api.startswith("openai"):
        _openai_format(candidate)
    else:
        _json_tool(candidate)


def _openai_format(candidate: Candidate) -> None:
    """A described schema says so; an object without a schema is any JSON."""
    told, conversation = candidate.supplement, candidate.conversation
    chat = candidate.api == "openai_chat"
    if conversation is None:
        return
    if told.get("any_json"):
        own: dict[str, Json] = {"type": "json_object"}
    elif description := told.get("output_schema_description"):
        schema: dict[str, Json] = {
            "name": told["output_schema_name"],
            "description": description,
            "schema": told.pop("output_schema"),
        }
        own = {"type": "json_schema"}
        own |= {"json_schema": schema} if chat else schema
    else:
        return
    field: dict[str, Json] = (
        {"response_format": own} if chat else {"text": {"format": own}}
    )
    candidate.conversation = msgspec.structs.replace(
        conversation, extra={**conversation.extra, **field}
    )


def _json_tool(candidate: Candidate) -> None:
    """Turn an output schema into what the Anthropic provider sends for it.

    Models without structured output get the schema as a tool of which the answer is
    the input; which others get it in a field of its own changed with the releases.
    """
    schema = candidate.supplement.get("output_schema")
    conversation = candidate.conversation
    if candidate.api != "anthropic_messages" or schema is None or conversation is None:
        return
    major = candidate.supplement.get("major", 0)
    candidate.supplement = {}
    if not _JSON_TOOL_MODELS.match(candidate.model):
        candidate.missing += (
            "output_format",
            "output_config",
            "tools.name",
            "tools.description",
            "tools.input_schema",
            "tool_choice.type",
            "tool_choice.name",
            "tool_choice.disable_parallel_tool_use",
        )
        return
    tool = Tool(
        name="json", description="Respond with a JSON object.", parameters=schema
    )
    choice: Json = {"name": "json"}
    if isinstance(major, int) and major >= 6:
        choice = "required"
    elif not major:
        candidate.missing += ("tool_choice.type", "tool_choice.name")
    candidate.conversation = msgspec.structs.replace(
        conversation,
        tools=(*conversation.tools, tool),
        tool_choice=choice,
        extra={**conversation.extra, "disable_parallel_tool_use": True},
    )
