"""Groq's client: chat completions of its own."""

from collections.abc import Callable
from typing import Any

from recording.clients import openai


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Groq's client."""
    import groq as sdk

    client = sdk.Groq(api_key="none", base_url=url, max_retries=0)
    made = openai.chat(client.chat.completions.create, "llama-3.3-70b-versatile")
    return {
        name: call for name, call in made.items() if name not in ("audio", "document")
    }
