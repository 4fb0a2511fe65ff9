"""LiteLLM's spelling of requests that it translates for other providers."""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.json_values import as_dict, as_list
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.conversation import Conversation, Tool, ToolResultPart
from snaptrace.snapshot.model import Json

# It drops this word from a tool's schema, at every depth, for these APIs.
_CLOSING = "additionalProperties"
_OPENED = ("gemini_generate_content", "bedrock_converse")
_DEPTH = 32
_SNAKE = {
    "maxOutputTokens": "max_output_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop_sequences",
    "candidateCount": "candidate_count",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "responseMimeType": "response_mime_type",
}
_PARTS = {
    "inlineData": "inline_data",
    "fileData": "file_data",
    "functionCall": "function_call",
    "functionResponse": "function_response",
}


def as_translated(candidate: Candidate, conversation: Conversation) -> None:
    """Give the candidate the request as LiteLLM's translation puts it."""
    conversation = with_opened_tools(candidate.api, conversation)
    candidate.conversation = conversation
    if candidate.api != "gemini_generate_content":
        return
    if any(
        isinstance(p, ToolResultPart) for m in conversation.messages for p in m.parts
    ):
        candidate.missing += ("contents.parts.function_response",)
    body = _rendered(candidate, conversation)
    if isinstance(body, dict):
        candidate.body, candidate.conversation = _respelled(body), None


def _rendered(candidate: Candidate, conversation: Conversation) -> Json:
    """Return the body, without parameters that LiteLLM makes others of."""
    api = APIS[candidate.api]
    try:
        return api.render(conversation)
    except UnmappableError as refused:
        left = {k: v for k, v in conversation.params.items() if k not in refused.paths}
    try:
        return api.render(msgspec.structs.replace(conversation, params=left))
    except UnmappableError:
        return None


def with_opened_tools(api: str, conversation: Conversation) -> Conversation:
    """Return the conversation with tools as LiteLLM sends them to this API."""
    if api not in _OPENED:
        return conversation
    tools = tuple(_opened(tool) for tool in conversation.tools)
    return msgspec.structs.replace(conversation, tools=tools)


def _opened(tool: Tool) -> Tool:
    return msgspec.structs.replace(
        tool, parameters=_without_closing(tool.parameters, 0)
    )


def _without_closing(schema: Json, depth: int) -> Json:
    if depth > _DEPTH:
        return schema
    if isinstance(schema, list):
        return [_without_closing(item, depth + 1) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_closing(value, depth + 1)
        for key, value in schema.items()
        if key != _CLOSING
    }


def _respelled(body: dict[str, Any]) -> dict[str, Any]:
    """Spell a Gemini body in Python's names, as REST takes them as well."""
    own = dict(body)
    if (system := own.pop("systemInstruction", None)) is not None:
        own["system_instruction"] = {"parts": as_dict(system).get("parts")}
    if config := as_dict(own.get("generationConfig")):
        own["generationConfig"] = {_SNAKE.get(k, k): v for k, v in config.items()}
    own["contents"] = [
        {
            **as_dict(turn),
            "parts": [_part(p) for p in as_list(as_dict(turn).get("parts"))],
        }
        for turn in as_list(own.get("contents"))
    ]
    if tools := as_list(own.get("tools")):
        own["tools"] = [
            {
                "function_declarations" if k == "functionDeclarations" else k: v
                for k, v in as_dict(tool).items()
            }
            for tool in tools
        ]
    return own


def _part(part: Any) -> Any:  # noqa: ANN401 - any JSON
    return {_PARTS.get(key, key): value for key, value in as_dict(part).items()}
