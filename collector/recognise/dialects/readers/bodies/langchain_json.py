"""LangChain's serialised messages -> the typed conversation.

LangChain core 0.3 and 1.x: `{"messages": [[{"lc": 1, "kwargs": {…}}]]}`, and the plain
`{"type": "human", "content": …}` of its other serialisers.
"""

from typing import Any

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
)
from collector.recognise.dialects.readers.parameters import completion_cap, is_reasoning
from collector.recognise.dialects.readers.parts import role_of
from snaptrace.snapshot.apis.anthropic_messages import parse_block
from snaptrace.snapshot.apis.openai_chat import parse_part
from snaptrace.snapshot.conversation import (
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json

_ARGUMENTS = {
    "model": "",
    "model_name": "",
    "_type": "",
    "stream": "",
    "n": "choice_count",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop_sequences",
    "max_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}


def is_langchain(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether a value is LangChain's list of message lists."""
    outer = as_list(as_dict(value).get("messages"))
    if not outer:
        return False
    first = as_list(outer[0])
    return bool(first) and _kwargs(first[0]) != {}


def _kwargs(raw: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    own = as_dict(raw)
    if "lc" in own and isinstance(own.get("kwargs"), dict):
        named = as_list(own.get("id"))
        kwargs = dict(own["kwargs"])
        if "type" not in kwargs and named:
            kwargs["type"] = (
                as_text(named[-1]).removesuffix("Chunk").removesuffix("Message")
            )
        return kwargs
    if "type" in own and isinstance(own.get("data"), dict):
        return {"type": own["type"], **own["data"]}
    return own if "content" in own and ("type" in own or "role" in own) else {}


def read_messages(value: Any) -> list[Message]:  # noqa: ANN401 - any JSON
    """Return the messages of the first prompt."""
    outer = as_list(as_dict(value).get("messages"))
    first = outer[0] if outer and isinstance(outer[0], list) else outer
    return [_message(_kwargs(raw)) for raw in as_list(first)]


def _message(own: dict[str, Any]) -> Message:
    role = role_of(own.get("type") or own.get("role"))
    parts = read_content(own.get("content"))
    extra = as_dict(own.get("additional_kwargs"))
    word = extra.get("__openai_role__")
    if role == "system" and word == "developer":
        role = "developer"
    if role == "tool":
        result = ToolResultPart(
            content=tuple(parts),
            id=as_text(own.get("tool_call_id")),
            is_error=own.get("status") == "error",
        )
        return Message(role="tool", parts=(result,))
    calls = as_list(own.get("tool_calls"))
    if calls:
        parts = [p for p in parts if not isinstance(p, ToolCallPart)]
        parts = [p for p in parts if not (isinstance(p, TextPart) and not p.text)]
    for call in calls:
        parts.append(
            ToolCallPart(
                name=as_text(as_dict(call).get("name")),
                arguments=_spaced(as_dict(call).get("args")),
                id=as_text(as_dict(call).get("id")),
            )
        )
    return Message(role=role, parts=tuple(parts), name=as_text(own.get("name")))


def _spaced(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value)


def read_content(content: Any) -> list[Part]:  # noqa: ANN401 - any JSON
    """Return the parts of a message's content: text, provider blocks, or its own."""
    if isinstance(content, str):
        return [TextPart(text=content)]
    return [_part(raw) for raw in as_list(content)]


def _part(raw: Any) -> Part:  # noqa: ANN401 - any JSON
    own = as_dict(raw)
    kind = own.get("type")
    if kind in ("image", "audio", "video", "file") and "source" not in own:
        return _standard_block(own) or parse_part(raw)
    if kind in ("tool_use", "tool_result", "thinking") or "source" in own:
        return parse_block(raw)
    return parse_part(raw)


def _standard_block(own: dict[str, Any]) -> Part | None:
    """Read LangChain's own media blocks, of core 0.3 (`source_type`) and 1.x."""
    mime = as_text(own.get("mime_type"))
    kind: Any = "document" if own["type"] == "file" else own["type"]
    extra: dict[str, Json] = {}
    if filename := as_text(own.get("filename")) or as_text(
        as_dict(own.get("extras")).get("filename")
    ):
        extra["filename"] = filename
    data = own.get("base64") or own.get("data")
    if isinstance(data, str):
        return MediaPart(
            kind=kind, url=f"data:{mime};base64,{data}", mime=mime, extra=extra
        )
    if isinstance(own.get("url"), str):
        return MediaPart(kind=kind, url=own["url"], mime=mime, extra=extra)
    file_id = own.get("file_id") or own.get("id")
    if isinstance(file_id, str) and (
        "file_id" in own or own.get("source_type") == "id"
    ):
        return MediaPart(kind=kind, file_id=file_id, mime=mime, extra=extra)
    return None


def read_arguments(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Split invocation parameters into OpenTelemetry's names and the rest."""
    params: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, inner in as_dict(value).items():
        if inner is None:
            continue
        name = _ARGUMENTS.get(key)
        if name is None:
            rest[key] = inner
        elif name:
            params[name] = (
                [inner]
                if name == "stop_sequences" and isinstance(inner, str)
                else inner
            )
    return params, rest


def is_response(output: dict[str, Any]) -> bool:
    """Return whether LangChain's result came from the Responses API, by its ids."""
    first = as_list((as_list(output.get("generations")) or [[]])[0])
    message = as_dict(as_dict(first[0] if first else {}).get("message"))
    own = as_dict(message.get("kwargs")) or message
    facts = as_dict(own.get("response_metadata"))
    return facts.get("object") == "response" or as_text(facts.get("id")).startswith(
        "resp_"
    )


# Beside an answer whose calls have ids of items.
_ITEM_IDS = "__openai_function_call_ids__"


def is_response_message(output: Any) -> bool:  # noqa: ANN401 - any JSON
    """Detect an answer of the Responses API by the blocks that only it returns."""
    found = as_dict(output)
    choices = as_list(found.get("choices")) or [found]
    message = as_dict(as_dict(choices[0]).get("message")) or as_dict(choices[0])
    blocks = [as_dict(block) for block in as_list(message.get("content"))]
    if message.get("content") == [] or _ITEM_IDS in as_dict(
        message.get("additional_kwargs")
    ):
        return True  # a chat's answer has a text, if an empty one
    return any(
        as_text(block.get("id")).startswith(("rs_", "msg_", "fc_"))
        or block.get("type") in ("reasoning", "output_text", "function_call")
        or "annotations" in block
        for block in blocks
    ) or as_text(message.get("id")).startswith("resp_")


def as_sent(candidate: Candidate, *, javascript: bool = False) -> None:
    """Spell what LangChain's OpenAI client spells in its own way.

    In JavaScript it keeps the older name of a cap, but for models that think.
    """
    conversation = candidate.conversation
    if candidate.api != "openai_chat" or conversation is None:
        return
    if not javascript or is_reasoning(conversation.model):
        conversation = completion_cap(conversation)
    model = conversation.model or candidate.model
    if is_reasoning(model) and any(m.role == "system" for m in conversation.messages):
        # To `o1` and its kind it writes `developer`; others are told so by a word in
        # the message that few record.
        candidate.missing += ("messages.role",)
    candidate.conversation = conversation


def read_plain(value: Json) -> list[Message]:
    """Return messages told as `role` and `content`, with LangChain's blocks in them."""
    return [_plain(raw) for raw in as_list(value) if isinstance(raw, dict)]


def _plain(raw: dict[str, Any]) -> Message:
    calls = [as_dict(call) for call in as_list(raw.get("tool_calls"))]
    flat = [
        {**call, **as_dict(call.get("function"))} if "function" in call else call
        for call in calls
    ]
    own = {**raw, "type": raw.get("role")}
    own["tool_calls"] = [
        {**call, "args": call.get("args", call.get("arguments"))} for call in flat
    ]
    return _message(own)
