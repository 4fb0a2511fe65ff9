"""OpenAI's client for Azure."""

from collections.abc import Callable
from typing import Any

from recording.clients import openai


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of OpenAI's client for Azure."""
    import openai as sdk

    client = sdk.AzureOpenAI(
        azure_endpoint=url, api_key="none", api_version="2024-10-21", max_retries=0
    )

    def embed() -> None:
        client.embeddings.create(model="my-embedding", input=["one", "two"])

    made = openai.chat(client.chat.completions.create, "my-gpt")
    asked = openai.responses(client.responses.create, "my-gpt")
    few = ("responses_text", "responses_tools", "responses_stream")
    return {**made, **{name: asked[name] for name in few}, "embeddings": embed}
