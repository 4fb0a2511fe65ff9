"""OpenAI's client on a gateway, which asks the stand-in."""

import os
from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients import openai


def cases(_url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through a gateway."""
    import anthropic as other
    import openai as sdk

    url = os.environ["GATEWAY"]
    given: dict[str, Any] = {"api_key": os.environ["GATEWAY_KEY"], "max_retries": 0}
    client = sdk.OpenAI(base_url=f"{url}/v1", **given)
    claude = other.Anthropic(base_url=url, **given)
    tool = {"name": "weather", "description": m.ABOUT, "input_schema": m.CITY}

    def ask(**more: Any) -> Callable[[], Any]:
        asked = {"model": "claude-sonnet-4-5", "max_tokens": 100}
        return lambda: claude.messages.create(**asked, **more)

    made = openai.chat(client.chat.completions.create, "gpt-4o-mini")
    others = openai.responses(client.responses.create, "gpt-4o-mini")
    few = ("responses_text", "responses_tools", "responses_stream", "responses_error")
    return {
        **{name: call for name, call in made.items() if name != "extra"},
        **{name: others[name] for name in few},
        "messages_text": ask(system=m.SYSTEM, messages=[m.user(m.QUESTION)]),
        "messages_tools": ask(messages=[m.user(m.ASKED)], tools=[tool]),
        "messages_error": ask(messages=[m.user(m.ERROR)]),
        "claude_by_chat": lambda: client.chat.completions.create(
            model="claude-sonnet-4-5",
            messages=[m.turn("system", m.SYSTEM), m.user(m.QUESTION)],
        ),
        "embeddings": lambda: client.embeddings.create(
            model="text-embedding-3-small", input=["one", "two"]
        ),
    }
