"""Spans and log records of every convention that says the same text in all its places.

For conventions without a recording as their sources describe them; see
`tests/unit/collector/recognise/dialects/test_unrecorded_dialects.py`.
"""

import base64
import json

BASE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "m",
}


OLD = {
    "gen_ai.operation.name": "chat",
    "gen_ai.system": "openai",
    "gen_ai.request.model": "m",
}


def chat_body(text):
    """Return a chat request that says the text wherever one can."""
    schema = {
        "type": "object",
        "description": text,
        "properties": {"q": {"type": "string", "default": text, "enum": [text]}},
    }
    arguments = json.dumps({"q": text, text: 1, "n": {"deep": [text]}})
    tool_call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "find", "arguments": arguments},
    }
    return {
        "model": "m",
        "messages": [
            {"role": "system", "content": text},
            {"role": "user", "name": text, "content": [{"type": "text", "text": text}]},
            {"role": "assistant", "content": None, "tool_calls": [tool_call]},
            {"role": "tool", "tool_call_id": "c1", "content": text},
            {"role": "user", "content": f"and {text}?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": text, "parameters": schema},
            }
        ],
        "metadata": {"note": text, text: "x"},
        "user": text,
        "stop": [text],
    }


def chat_answer(text):
    """Return a chat answer that says the text in its words and its tool call."""
    arguments = json.dumps({"q": text})
    function = {"name": "find", "arguments": arguments}
    message = {
        "role": "assistant",
        "content": text,
        "refusal": text,
        "tool_calls": [{"id": "c2", "type": "function", "function": function}],
    }
    return {"id": text, "choices": [{"message": message, "finish_reason": "stop"}]}


def _parts(text):
    given = [
        {"type": "text", "content": text},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": {"q": text}},
        {"type": "tool_call_response", "id": "c", "response": {"q": [text]}},
    ]
    asked = [{"role": "user", "parts": given}, {"role": "tool", "parts": given[2:]}]
    said = [{"role": "assistant", "parts": given[:2], "finish_reason": "stop"}]
    return asked, said


def langsmith(text):
    return (
        {
            "langsmith.span.kind": "llm",
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.prompt": json.dumps(chat_body(text)),
            "gen_ai.completion": json.dumps(chat_answer(text)),
            "langsmith.metadata.note": text,
        },
        (),
        {},
    )


def adk(text):
    part = {"text": text}
    call = {"functionCall": {"name": "f", "args": {"q": text}}}
    request = {
        "model": "gemini-2.5-flash",
        "contents": [
            {"role": "user", "parts": [part]},
            {"role": "model", "parts": [call]},
        ],
        "config": {"system_instruction": text, "stop_sequences": [text]},
    }
    response = {"content": {"role": "model", "parts": [part, call]}}
    return (
        {
            "gcp.vertex.agent.llm_request": json.dumps(request),
            "gcp.vertex.agent.llm_response": json.dumps(response),
            "gen_ai.system": "gcp.vertex.agent",
        },
        (),
        {"name": "call_llm"},
    )


def strands_blocks(text):
    blocks = json.dumps(
        [{"text": text}, {"toolUse": {"name": "f", "input": {"q": text}}}]
    )
    return (
        {**OLD, "gen_ai.system": "aws.bedrock"},
        (
            ("gen_ai.system.message", {"content": json.dumps([{"text": text}])}),
            ("gen_ai.user.message", {"content": blocks}),
            ("gen_ai.choice", {"finish_reason": "end_turn", "message": blocks}),
        ),
        {},
    )


def strands_details(text):
    details = "gen_ai.client.inference.operation.details"
    asked, said = _parts(text)
    system = json.dumps([{"type": "text", "content": text}])
    return (
        BASE,
        (
            (details, {"gen_ai.input.messages": json.dumps(asked)}),
            (details, {"gen_ai.system_instructions": system}),
            (details, {"gen_ai.output.messages": json.dumps(said)}),
        ),
        {},
    )


def azure(text):
    content = [{"type": "text", "text": text}]
    answer = {"message": {"content": text}, "finish_reason": "stop"}
    return (
        {**OLD, "gen_ai.system": "az.ai.inference"},
        (
            (
                "gen_ai.user.message",
                {
                    "gen_ai.event.content": json.dumps(
                        {"role": "user", "content": content}
                    )
                },
            ),
            ("gen_ai.choice", {"gen_ai.event.content": json.dumps(answer)}),
        ),
        {},
    )


def first_era(text):
    asked = json.dumps([{"role": "user", "content": text}])
    said = json.dumps([{"role": "assistant", "content": text}])
    return (
        OLD,
        (
            ("gen_ai.content.prompt", {"gen_ai.prompt": asked}),
            ("gen_ai.content.completion", {"gen_ai.completion": said}),
        ),
        {},
    )


def haystack(text):
    message = {"role": "user", "content": [{"text": text}], "name": text}
    reply = {"role": "assistant", "content": [{"text": text}], "meta": {"model": "m"}}
    given = {"messages": [message], "generation_kwargs": {"stop": [text]}}
    return (
        {
            "haystack.component.type": "OpenAIChatGenerator",
            "haystack.component.input": json.dumps(given),
            "haystack.component.output": json.dumps({"replies": [reply]}),
        },
        (),
        {},
    )


def litellm(text):
    asked, said = _parts(text)
    return (
        {
            **BASE,
            "litellm.call_type": "acompletion",
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.output.messages": json.dumps(said),
            "gen_ai.tool.0.name": "f",
            "gen_ai.tool.0.description": text,
            "gen_ai.tool.0.parameters": json.dumps({"description": text}),
        },
        (),
        {},
    )


def structured(text):
    """Messages as values of OTLP itself, not as JSON text."""
    asked, said = _parts(text)
    return (
        {**BASE, "gen_ai.input.messages": asked, "gen_ai.output.messages": said},
        (),
        {},
    )


def otel(text):
    asked, said = _parts(text)
    return (
        {
            **BASE,
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.output.messages": json.dumps(said),
            "gen_ai.system_instructions": json.dumps(
                [{"type": "text", "content": text}]
            ),
            "gen_ai.conversation.id": f"conversation {text}",
            "gen_ai.response.id": text,
            "gen_ai.response.model": text,
            "gen_ai.response.finish_reasons": [text],
        },
        (),
        {},
    )


def openinference(text):
    return (
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            "llm.provider": "openai",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": text,
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": text,
            "llm.invocation_parameters": json.dumps({"stop": [text]}),
            "llm.tools.0.tool.json_schema": json.dumps(
                {"type": "function", "function": {"name": "f", "description": text}}
            ),
            "input.value": json.dumps(chat_body(text)),
            "input.mime_type": "application/json",
            "output.value": json.dumps(chat_answer(text)),
            "session.id": text,
            "user.id": text,
        },
        (),
        {},
    )


def failed(text):
    """A call that the provider refused, with the text in everything that is said."""
    attributes, _, _ = otel(text)
    return (
        {**attributes, "error.type": text},
        (
            (
                "exception",
                {
                    "exception.type": text,
                    "exception.message": text,
                    "exception.stacktrace": f"Traceback\n  {text}",
                },
            ),
        ),
        {"name": f"chat {text}", "status": text, "trace_state": f"v={text[:200]}"},
    )


def named(text):
    """Names, where nobody expects a person: of model, tool, function, file."""
    tool_call = {"type": "tool_call", "id": text, "name": text, "arguments": "{}"}
    file = {
        "type": "blob",
        "modality": "document",
        "mime_type": "text/plain",
        "name": text,
        "file_name": text,
        "content": base64.b64encode(text.encode()).decode(),
    }
    link = {"type": "uri", "modality": "image", "uri": f"https://x.example/a?t={text}"}
    asked = [{"role": "user", "parts": [tool_call, file, link]}]
    tools = [{"type": "function", "name": text, "description": text}]
    return (
        {
            **BASE,
            "gen_ai.request.model": text,
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.tool.definitions": json.dumps(tools),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": [tool_call], "finish_reason": text}]
            ),
        },
        (),
        {},
    )


CONVENTIONS = {
    "langsmith": langsmith,
    "adk": adk,
    "strands_blocks": strands_blocks,
    "strands_details": strands_details,
    "azure": azure,
    "first_era": first_era,
    "haystack": haystack,
    "litellm": litellm,
    "structured": structured,
    "otel": otel,
    "openinference": openinference,
    "failed": failed,
    "named": named,
}


def semantic_kernel(number, text):
    """Return (span, log entries): the content comes in log records."""
    events = (
        ("gen_ai.system.message", {"role": "system", "content": text}),
        ("gen_ai.user.message", {"role": "user", "content": text}),
        ("gen_ai.choice", {"message": {"content": text}, "finish_reason": "stop"}),
    )
    entries = []
    for at, (name, body) in enumerate(events):
        attributes = {"event.name": name, "gen_ai.system": "openai"}
        entries.append((number, attributes, body if at % 2 else json.dumps(body)))
    return (OLD, (), {}), entries
