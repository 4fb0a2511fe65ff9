"""Amazon's client for Bedrock: Converse and InvokeModel."""

import json
from collections.abc import Callable
from typing import Any

from recording.clients import anthropic
from recording.clients import material as m

_CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
_NOVA = "amazon.nova-lite-v1:0"


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Amazon's client."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def said(role: str, *parts: Any) -> dict[str, Any]:
        made = [{"text": part} if isinstance(part, str) else part for part in parts]
        return {"role": role, "content": made}

    def ask(*messages: Any, model: str = _CLAUDE, **more: Any) -> Callable[[], Any]:
        return lambda: client.converse(modelId=model, messages=list(messages), **more)

    def stream(*messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: m.used_up(
            client.converse_stream(modelId=_CLAUDE, messages=list(messages), **more)[
                "stream"
            ]
        )

    def invoke(body: dict[str, Any], model: str = _CLAUDE) -> Callable[[], Any]:
        raw = json.dumps(body)
        return lambda: m.used_up(client.invoke_model(modelId=model, body=raw)["body"])

    def invoke_stream(body: dict[str, Any]) -> Callable[[], Any]:
        raw = json.dumps(body)
        return lambda: m.used_up(
            client.invoke_model_with_response_stream(modelId=_CLAUDE, body=raw)["body"]
        )

    def claude(name: str) -> dict[str, Any]:
        version = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100}
        return {**version, **anthropic.bodies()[name]}

    spec = {"name": "weather", "description": m.ABOUT, "inputSchema": {"json": m.CITY}}
    tools = {"tools": [{"toolSpec": spec}]}
    used = {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Paris"}}
    question = said("user", m.QUESTION)
    asked = said("user", m.ASKED)
    called = said("assistant", "Looking.", {"toolUse": used})

    def told(*content: Any, **more: Any) -> dict[str, Any]:
        result = {"toolUseId": "tooluse_1", "content": list(content), **more}
        return said("user", {"toolResult": result})

    png = {"image": {"format": "png", "source": {"bytes": m.PNG}}}
    pdf = {"document": {"format": "pdf", "name": "report", "source": {"bytes": m.PDF}}}
    system = [{"text": m.SYSTEM}]
    limits = {
        "maxTokens": 50,
        "temperature": 0.3,
        "topP": 0.9,
        "stopSequences": ["END"],
    }
    return {
        "text_system": ask(question, system=system),
        "sampling": ask(question, inferenceConfig=limits),
        "zeros": ask(question, inferenceConfig={"temperature": 0.0}, model=_NOVA),
        "several_texts": ask(
            said("user", "Capital ", "of France?"),
            system=[{"text": rule} for rule in m.RULES],
        ),
        "multi_turn": ask(
            said("user", m.ODD),
            said("assistant", "777 km"),
            said("user", "Die Loire?"),
            model=_NOVA,
        ),
        "tools": ask(asked, toolConfig={**tools, "toolChoice": {"any": {}}}),
        "tool_results": ask(asked, called, told({"text": m.TOLD}), toolConfig=tools),
        "tool_pieces": ask(
            asked,
            called,
            told({"text": "18 "}, {"json": {"unit": "C"}}, status="success"),
            toolConfig=tools,
        ),
        "image": ask(said("user", png, "What is this?")),
        "document": ask(said("user", pdf, "Sum up.")),
        "thinking": ask(
            question,
            additionalModelRequestFields={
                "thinking": {"type": "enabled", "budget_tokens": 1024}
            },
            inferenceConfig={"maxTokens": 3000},
        ),
        "stream": stream(question, system=system, inferenceConfig={"temperature": 0.7}),
        "stream_tools": stream(asked, toolConfig=tools),
        "error_400": ask(said("user", m.ERROR)),
        "invoke_text": invoke(claude("text_system")),
        "invoke_several_texts": invoke(claude("several_texts")),
        "invoke_tools": invoke(claude("tools")),
        "invoke_tool_results": invoke(claude("tool_results")),
        "invoke_image": invoke(claude("image")),
        "invoke_stream": invoke_stream(claude("text_system")),
        "invoke_nova": invoke(
            {"messages": [question], "system": system, "inferenceConfig": limits}, _NOVA
        ),
        "invoke_llama": invoke(
            {"prompt": m.QUESTION, "max_gen_len": 50, "temperature": 0.5},
            "meta.llama3-1-70b-instruct-v1:0",
        ),
        "invoke_titan": invoke(
            {
                "inputText": m.QUESTION,
                "textGenerationConfig": {"maxTokenCount": 50, "temperature": 0.2},
            },
            "amazon.titan-text-express-v1",
        ),
        "invoke_embed": invoke({"inputText": "one"}, "amazon.titan-embed-text-v2:0"),
    }
