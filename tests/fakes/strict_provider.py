"""A stand-in for providers that refuse what their documentation says they refuse.

Written from the providers' error messages, apart from the product's own rules: a rule
that both had from one place could be wrong in both.
"""

import json

from fakes.provider import respond

REASONING = ("o1", "o3", "o4-mini", "gpt-5")
NO_SAMPLING = ("claude-opus-4-7", "claude-opus-5", "claude-sonnet-5")
ONE_SAMPLER = ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5")
CHAT_FIELDS = {
    *("model", "messages", "max_tokens", "max_completion_tokens", "temperature"),
    *("top_p", "n", "stop", "seed", "tools", "tool_choice", "parallel_tool_calls"),
    *("response_format", "frequency_penalty", "presence_penalty", "logit_bias"),
    *("logprobs", "top_logprobs", "reasoning_effort", "verbosity", "stream"),
    *("stream_options", "modalities", "audio", "prediction", "functions"),
    *("function_call", "web_search_options", "store", "metadata"),
}
MISTRAL_FIELDS = {
    *("model", "messages", "max_tokens", "temperature", "top_p", "n", "stop"),
    *("random_seed", "tools", "tool_choice", "parallel_tool_calls", "stream"),
    *("response_format", "frequency_penalty", "presence_penalty", "safe_prompt"),
    *("prompt_mode", "prediction", "reasoning_effort"),
}


def refusal(path, body):
    """Return the words of a 400, or None for what is taken."""
    if path.endswith("/chat/completions"):
        if body["model"].startswith(("mistral", "ministral")):
            return _mistral(body)
        return _chat(body)
    if path.endswith("/responses"):
        return _responses(body)
    return _claude(body) if path.endswith("/messages") else None


def _first(*found):
    return next((words for words in found if words), None)


def _reasons(model):
    return model.startswith(REASONING) and "chat" not in model


def _sampling(body):
    for name in ("temperature", "top_p"):
        if body.get(name, 1) != 1:
            return f"Unsupported value: '{name}' does not support {body[name]}"
    for name in ("frequency_penalty", "presence_penalty"):
        if body.get(name, 0) != 0:
            return f"Unsupported parameter: '{name}'"
    for name in ("logprobs", "top_logprobs", "logit_bias", "stop"):
        if body.get(name):
            return f"Unsupported parameter: '{name}' is not supported with this model."
    return None


def _chat(body):
    unknown = set(body) - CHAT_FIELDS
    if unknown:
        return f"Unrecognized request argument supplied: {min(unknown)}"
    if _reasons(body["model"]):
        if "max_tokens" in body:
            return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'"
        if words := _sampling(body):
            return words
    elif "reasoning_effort" in body:
        return "Unrecognized request argument supplied: reasoning_effort"
    for name in ("tool_choice", "parallel_tool_calls"):
        if name in body and not body.get("tools"):
            return f"'{name}' is only allowed when 'tools' are specified."
    form = body.get("response_format") or {}
    schema = form.get("json_schema") or {}
    if form.get("type") == "json_schema" and not schema.get("name"):
        return "Missing required parameter: 'response_format.json_schema.name'."
    if form.get("type") == "json_object" and "json" not in json.dumps(
        body["messages"]
    ).lower().replace('"type"', ""):
        return "'messages' must contain the word 'json' in some form"
    functions = [tool.get("function", {}) for tool in body.get("tools", [])]
    return _first(
        _strict(schema) if schema.get("strict") else None,
        *(
            _strict({"schema": f.get("parameters")})
            for f in functions
            if f.get("strict")
        ),
        *(_chat_message(message) for message in body["messages"]),
        None if body["messages"] else "[] is too short - 'messages'",
    )


def _strict(form):
    waiting = [form.get("schema")]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(here)
        elif isinstance(here, dict):
            if here.get("type") == "object" and (
                here.get("additionalProperties") is not False
                or set(here.get("properties", {})) != set(here.get("required", []))
            ):
                return "Invalid schema: 'additionalProperties' is required to be false"
            waiting.extend(here.values())
    return None


def _chat_message(message):
    content = message.get("content")
    if content is None and not (
        message["role"] == "assistant"
        and any(message.get(key) for key in ("tool_calls", "refusal", "audio"))
    ):
        return "Invalid value for 'content': expected a string, got null."
    for part in content if isinstance(content, list) else []:
        file = part.get("file", {})
        if "file_data" in file and not file.get("filename"):
            return "Missing required parameter: 'file.filename'."
    return None


def _responses(body):
    if body.get("max_output_tokens", 16) < 16:
        return "Invalid 'max_output_tokens': integer below minimum value."
    if not body.get("input"):
        return "One of 'input' or 'prompt' must be provided."
    if _reasons(body["model"]) and (words := _sampling(body)):
        return words
    if not _reasons(body["model"]) and "reasoning" in body:
        return "Unsupported parameter: 'reasoning.effort' is not supported"
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema" and not form.get("name"):
        return "Missing required parameter: 'text.format.name'."
    for item in body["input"] if isinstance(body["input"], list) else []:
        content = item.get("content")
        for part in content if isinstance(content, list) else []:
            if part.get("type") == "input_audio":
                return "Invalid value: 'input_audio'."
            if "file_data" in part and not part.get("filename"):
                return "Missing required parameter: 'filename'."
    return _strict(form) if form.get("strict") else None


def _claude(body):
    model, messages = body["model"], body["messages"]
    given = [name for name in ("temperature", "top_p", "top_k") if name in body]
    if model.startswith(NO_SAMPLING) and given:
        return f"`{given[0]}` is deprecated for this model"
    if model.startswith(ONE_SAMPLER) and {"temperature", "top_p"} <= set(given):
        return "`temperature` and `top_p` cannot both be specified for this model."
    if not messages or messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    for place, message in enumerate(messages):
        final = place == len(messages) - 1 and message["role"] == "assistant"
        if not message["content"] and not final:
            return f"messages.{place}: all messages must have non-empty content"
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "text" and not block["text"].strip():
                return "messages: text content blocks must contain non-whitespace text"
            if block["type"] == "thinking" and "signature" not in block:
                return "messages.content.thinking.signature: Field required"
    return None


def _mistral(body):
    unknown = set(body) - MISTRAL_FIELDS
    if unknown:
        return f"extra_forbidden: {min(unknown)}"
    before = None
    for message in body["messages"]:
        role = message["role"]
        if role not in ("system", "user", "assistant", "tool"):
            return f"Input tag '{role}' does not match any of the expected tags"
        if (before, role) == ("tool", "user"):
            return "Unexpected role 'user' after role 'tool'"
        if not message.get("content") and not message.get("tool_calls"):
            return "message must have either content or tool_calls, but not none."
        ids = [call["id"] for call in message.get("tool_calls", [])]
        ids += [message["tool_call_id"]] if "tool_call_id" in message else []
        if any(len(one) != 9 or not one.isalnum() for one in ids):
            return "Tool call id must be a-z, A-Z, 0-9, with a length of 9."
        before = role
    last = body["messages"][-1] if body["messages"] else {"role": "none"}
    if last["role"] not in ("user", "tool") and not last.get("prefix"):
        return f"Expected last role User or Tool (or Assistant with prefix) {last}"
    return None


def strictly(path, answer):
    """Return an answer of `FakeProvider`: a 400 by these rules, else `answer`'s."""

    def found(body):
        if words := refusal(path, body):
            error = {"type": "invalid_request_error", "message": words}
            return respond(400, json.dumps({"error": error}).encode())
        return answer(body)

    return found
