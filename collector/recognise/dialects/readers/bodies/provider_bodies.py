"""A provider's own request JSON, told by its shape; and its answer likewise.

Several conventions carry the arguments of the SDK call or the wire body as JSON. Which
API it belongs to, its keys say; the provider's name only decides what they leave open.
"""

import re
from typing import Any

from collector.recognise.dialects.readers.bodies import bedrock_body, gemini_body
from collector.recognise.dialects.readers.common_attributes import (
    normal_finish,
    outcome_of,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
)
from collector.recognise.dialects.readers.target import chat_api
from snaptrace.snapshot.apis.fields import foreign_keys
from snaptrace.snapshot.model import (
    Answer,
    Json,
    Media,
    MediaKind,
    Operation,
    ToolCall,
    Usage,
)

# SDK arguments that never reach the body, of any provider.
SIDE_ARGUMENTS = frozenset(
    {
        "extra_headers",
        "extra_query",
        "timeout",
        "api_key",
        "api_base",
        "base_url",
        "api_version",
        "organization",
        "http_client",
        "client",
        "max_retries",
        "num_retries",
        "custom_llm_provider",
        "caching",
        "raw_response",
        "http_headers",
        "retries",
        "server_url",
        "timeout_ms",
    }
)
# What SDKs take beside the arguments that instrumentations note.
SIDE_DOOR = ("extra_body",)
_ANTHROPIC_BLOCKS = (
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "document",
)
# APIs whose messages have OpenAI's shape.
_OPENAI_LIKE = ("mistral_chat", "cohere_chat", "ollama_chat")
_GEMINI_TOP = ("contents", "generation_config", "generationConfig")


_OPERATION_OF_API: dict[str, Operation] = {
    "openai_embeddings": "embeddings",
    "openai_completions": "text_completion",
    "openai_image_generation": "image_generation",
    "openai_speech": "speech",
    "openai_transcription": "transcription",
    "openai_moderation": "moderation",
}


def operation_of_api(api: str) -> Operation:
    """Return the operation of an API by its row's name."""
    return _OPERATION_OF_API.get(api, "chat")


def api_of_body(body: dict[str, Any], provider: str = "", model: str = "") -> str:
    """Return the API that a body belongs to, or "" where its shape is none of them."""
    if any(isinstance(body.get(key), list | dict | str) for key in _GEMINI_TOP):
        return "gemini_generate_content"
    if found := bedrock_body.api_of(body):
        return found
    if isinstance(messages := body.get("messages"), list):
        if not all(isinstance(message, dict) for message in messages):
            return ""
        unnamed = bool(provider) and "model" not in body and not model
        if unnamed and (own := bedrock_body.api_of_messages(messages)):
            return own
        return _chat_shape(body, messages, provider)
    if "voice" in body and isinstance(body.get("input"), str):
        return "openai_speech"
    words = (model or as_text(body.get("model"))).lower()
    if ("transcri" in words or "whisper" in words) and "input" not in body:
        return "openai_transcription"
    if isinstance(body.get("prompt"), str | list) and "input" not in body:
        looks = any(key in body for key in ("size", "quality", "style", "background"))
        images = looks or "image" in words or "dall" in words
        return "openai_image_generation" if images else "openai_completions"
    if "file" in body:
        return "openai_transcription"
    return _input_shape(body, model) if "input" in body else ""


def _chat_shape(body: dict[str, Any], messages: list[Any], provider: str) -> str:
    if chat_api(provider) == "anthropic_messages":
        return "anthropic_messages"
    if "system" in body or "stop_sequences" in body or "mcp_servers" in body:
        return "anthropic_messages"
    if any("input_schema" in as_dict(tool) for tool in as_list(body.get("tools"))):
        return "anthropic_messages"
    for message in messages:
        for block in as_list(message.get("content")):
            kind = as_dict(block).get("type")
            if kind in _ANTHROPIC_BLOCKS or "source" in as_dict(block):
                return "anthropic_messages"
    own = chat_api(provider)
    api = own if own in _OPENAI_LIKE else "openai_chat"
    return "" if foreign_keys(api, messages) else api  # else a framework's objects


def _input_shape(body: dict[str, Any], model: str) -> str:
    words = (model or as_text(body.get("model"))).lower()
    given = body["input"]
    if "embed" in words or "encoding_format" in body or "dimensions" in body:
        return "openai_embeddings"
    if "moderation" in words:
        return "openai_moderation"
    if "tts" in words:
        return "openai_speech"
    if isinstance(given, list) and given and not isinstance(given[0], dict):
        return "openai_embeddings"
    return "openai_responses"


# Fields whose empty text says something; elsewhere a dump wrote it for a value unset.
_TEXT_FIELDS = ("model", "prompt", "input", "instructions", "suffix", "system", "user")


# How SDKs' signs for "not given" print.
_SENTINEL = re.compile(
    r"NOT_GIVEN|NotGiven|UNSET|Unset\(\)"
    r"|<\S*(?:NotGiven|Omit|Unset)\S* object at 0x\w+>"
)


def _is_unset(key: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
    if not isinstance(value, str):
        return False
    return _SENTINEL.fullmatch(value) is not None or (
        value == "" and key not in _TEXT_FIELDS
    )


def clean_body(api: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the wire body of an SDK call's arguments.

    Side arguments go, `extra_body` is merged in as the SDKs do, nulls go.
    """
    if api == "gemini_generate_content":
        return gemini_body.wire_body(body)
    if api in ("bedrock_converse", "bedrock_invoke"):
        return bedrock_body.wire_body(body)
    own = {
        key: value
        for key, value in body.items()
        if value is not None and key not in SIDE_ARGUMENTS and not _is_unset(key, value)
    }
    extra = own.pop("extra_body", None)
    if isinstance(extra, dict):
        own.update(extra)
    return own


# ---------------------------------------------------------------- answers


def answer_of_output(output: Any, *, failed: bool, error: str, usage: Usage) -> Answer:  # noqa: ANN401 - any JSON
    """Return the answer that a provider's response JSON holds, whichever it is."""
    found = as_dict(output)
    if not found and isinstance(output, list) and output:
        found = as_dict(output[0])
    reader = _reader(found)
    text, calls, refusal, finish, media = reader(found)
    finish = normal_finish(finish)
    return Answer(
        outcome=outcome_of(finish, refusal=refusal, failed=failed),
        text=text,
        tool_calls=calls,
        refusal=refusal,
        media=media,
        finish_reason=finish,
        model=as_text(found.get("model")) or as_text(found.get("model_version")),
        response_id=as_text(found.get("id")) or as_text(found.get("response_id")),
        error=error if failed else "",
        usage=usage,
        observed=bool(text or calls or refusal or media),
    )


_Read = tuple[str, tuple[ToolCall, ...], str, str, tuple[Media, ...]]


def _reader(found: dict[str, Any]) -> Any:  # noqa: ANN401 - one of the readers below
    if "choices" in found or "message" in found:
        return _read_chat
    if "output" in found:
        return _read_responses
    if "candidates" in found:
        return _read_gemini
    if "data" in found:
        return _read_data
    if isinstance(found.get("content"), list) and found.get("type") == "message":
        blocks = [as_dict(b).get("type") for b in found["content"]]
        if "output_text" in blocks or "refusal" in blocks:
            return lambda item: _read_responses({"output": [item]})
        return _read_anthropic
    if "role" in found:
        return lambda message: _read_chat({"message": message})
    return lambda _: ("", (), "", "", ())


def _read_chat(found: dict[str, Any]) -> _Read:
    choice = as_dict((as_list(found.get("choices")) or [found])[0])
    message = as_dict(choice.get("message"))
    content = message.get("content")
    text = (
        as_text(content)
        or "".join(as_text(as_dict(part).get("text")) for part in as_list(content))
        or as_text(choice.get("text"))
    )
    calls = tuple(
        ToolCall(
            name=as_text(as_dict(as_dict(call).get("function")).get("name")),
            arguments=_arguments(
                as_dict(as_dict(call).get("function")).get("arguments")
            ),
            id=as_text(as_dict(call).get("id")),
        )
        for call in as_list(message.get("tool_calls"))
    )
    audio = as_dict(message.get("audio"))
    media: tuple[Media, ...] = ()
    if audio:
        media = (Media(kind="audio", mime="", state="placeholder"),)
        text = text or as_text(audio.get("transcript"))
    return (
        text,
        calls,
        as_text(message.get("refusal")),
        as_text(choice.get("finish_reason")),
        media,
    )


def _read_responses(found: dict[str, Any]) -> _Read:
    texts, calls, refusal = [], [], ""
    media: list[Media] = []
    for item in as_list(found.get("output")):
        own = as_dict(item)
        if own.get("type") == "function_call":
            calls.append(
                ToolCall(
                    name=as_text(own.get("name")),
                    arguments=_arguments(own.get("arguments")),
                    id=as_text(own.get("call_id")),
                )
            )
        elif own.get("type") == "image_generation_call":
            media.append(Media(kind="image", mime="", state="placeholder"))
        for part in as_list(own.get("content")):
            texts.append(as_text(as_dict(part).get("text")))
            refusal = refusal or as_text(as_dict(part).get("refusal"))
    status = as_text(found.get("status"))
    cut = as_text(as_dict(found.get("incomplete_details")).get("reason"))
    finish = cut or ("stop" if status in ("completed", "") else status)
    return "".join(texts), tuple(calls), refusal, finish, tuple(media)


def _read_anthropic(found: dict[str, Any]) -> _Read:
    texts, calls = [], []
    for block in as_list(found.get("content")):
        own = as_dict(block)
        if own.get("type") == "text":
            texts.append(as_text(own.get("text")))
        elif own.get("type") == "tool_use":
            calls.append(
                ToolCall(
                    name=as_text(own.get("name")),
                    arguments=_arguments(own.get("input")),
                    id=as_text(own.get("id")),
                )
            )
    return "".join(texts), tuple(calls), "", as_text(found.get("stop_reason")), ()


def _read_gemini(found: dict[str, Any]) -> _Read:
    candidate = as_dict((as_list(found.get("candidates")) or [{}])[0])
    texts, calls, media = [], [], []
    for part in as_list(as_dict(candidate.get("content")).get("parts")):
        own = as_dict(part)
        if own.get("thought") is not True:
            texts.append(as_text(own.get("text")))
        call = as_dict(own.get("function_call") or own.get("functionCall"))
        if call:
            name, arguments = as_text(call.get("name")), _arguments(call.get("args"))
            calls.append(ToolCall(name=name, arguments=arguments))
        blob = as_dict(own.get("inline_data") or own.get("inlineData"))
        if blob:
            mime = as_text(blob.get("mime_type") or blob.get("mimeType"))
            kind: MediaKind = "audio" if mime.startswith("audio") else "image"
            media.append(Media(kind=kind, mime=mime, state="placeholder"))
    finish = candidate.get("finish_reason") or candidate.get("finishReason")
    return "".join(texts), tuple(calls), "", as_text(finish), tuple(media)


def _read_data(found: dict[str, Any]) -> _Read:
    items = as_list(found.get("data"))
    first = as_dict(items[0]) if items else {}
    if "b64_json" in first or "url" in first:
        made = tuple(
            Media(kind="image", mime="", state="placeholder") for _ in items[:16]
        )
        return "", (), "", "stop", made
    return "", (), "", "stop", ()


def _arguments(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value if isinstance(value, str) else dumps(value)


def text_of(value: Json) -> str:
    """Return a value as text: JSON where it is none."""
    return value if isinstance(value, str) else dumps(value)
