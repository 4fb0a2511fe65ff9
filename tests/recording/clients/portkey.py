"""Portkey's client: chat completions of its own."""

from collections.abc import Callable
from typing import Any

from recording.clients import openai


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Portkey's client."""
    from portkey_ai import Portkey

    client = Portkey(api_key="none", base_url=f"{url}/v1", provider="openai")
    return openai.chat(client.chat.completions.create, "gpt-4o-mini")
