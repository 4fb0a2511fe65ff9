"""Anthropic's client."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m

TOOL = {"name": "weather", "description": m.ABOUT, "input_schema": m.CITY}
USED = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "P"}}


def _result(content: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": content,
        **more,
    }


def _source(data: bytes, kind: str) -> dict[str, Any]:
    return {"type": "base64", "media_type": kind, "data": m.encoded(data)}


def bodies() -> dict[str, dict[str, Any]]:
    """Return the arguments of Messages by case, without model and max_tokens."""
    png, pdf = _source(m.PNG, "image/png"), _source(m.PDF, "application/pdf")
    web = {"type": "url", "url": "https://example.com/a.png"}
    asked = m.user(m.ASKED)
    used = m.turn("assistant", m.text("Looking."), USED)
    pieces = _result([m.text("18 "), m.text("degrees")], is_error=True)
    thought = {"type": "thinking", "thinking": "Easy.", "signature": "c2lnbg=="}
    ephemeral = {"cache_control": {"type": "ephemeral"}}
    return {
        "text_system": {"system": m.SYSTEM, "messages": [m.user(m.QUESTION)]},
        "several_texts": {
            "system": [m.text(rule) for rule in m.RULES],
            "messages": [m.user(m.text("Capital "), m.text("of France?"))],
        },
        "sampling": {
            "messages": [m.user(m.QUESTION)],
            "temperature": 0.3,
            "top_p": 0.9,
            "top_k": 20,
            "stop_sequences": ["END"],
            "service_tier": "auto",
            "metadata": {"user_id": "u-1"},
        },
        "multi_turn": {
            "messages": [
                m.user(m.ODD),
                m.turn("assistant", "777 km"),
                m.user("Die Loire?"),
            ]
        },
        "prefilled": {
            "messages": [m.user(m.QUESTION), m.turn("assistant", "The capital")]
        },
        "tools": {
            "messages": [asked],
            "tools": [TOOL, {"name": "clock", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        "tool_results": {
            "messages": [asked, used, {"role": "user", "content": [_result(m.TOLD)]}],
            "tools": [TOOL],
        },
        "tool_pieces": {
            "messages": [asked, used, m.user(pieces, m.text("Well?"))],
            "tools": [TOOL],
        },
        "image": {
            "messages": [
                m.user({"type": "image", "source": png}, m.text("What is this?"))
            ]
        },
        "image_url": {
            "messages": [m.user(m.text("And this?"), {"type": "image", "source": web})]
        },
        "document": {
            "messages": [
                m.user(
                    {"type": "document", "source": pdf, "title": "Report"},
                    m.text("Sum up."),
                )
            ]
        },
        "cached": {
            "system": [{**m.text(m.SYSTEM), **ephemeral}],
            "messages": [m.user(m.QUESTION)],
        },
        "thinking": {
            "messages": [m.user(m.QUESTION)],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "max_tokens": 3000,
        },
        "thought": {
            "messages": [
                m.user(m.QUESTION),
                m.turn("assistant", thought, m.text("Paris.")),
                m.user("And Italy?"),
            ]
        },
        "error_400": {"messages": [m.user(m.ERROR)], "temperature": 0.5},
    }


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Anthropic's client."""
    import anthropic as sdk

    client = sdk.Anthropic(base_url=url, api_key="none", max_retries=0)
    asynchronous = sdk.AsyncAnthropic(base_url=url, api_key="none", max_retries=0)
    asked = {"model": "claude-sonnet-4-5", "max_tokens": 100}
    simple = {**asked, **bodies()["text_system"]}

    def call(body: dict[str, Any]) -> Callable[[], Any]:
        return lambda: client.messages.create(**{**asked, **body})

    async def later() -> None:
        await asynchronous.messages.create(**simple)

    def streamed() -> None:
        with client.messages.stream(**simple) as stream:
            m.used_up(stream)

    return {
        **{name: call(body) for name, body in bodies().items()},
        "stream": lambda: m.used_up(client.messages.create(**simple, stream=True)),
        "stream_helper": streamed,
        "asynchronous": later,
    }
