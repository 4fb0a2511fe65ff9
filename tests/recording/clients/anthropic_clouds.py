"""Anthropic's client for Bedrock and for Vertex."""

from collections.abc import Callable
from typing import Any

from recording.clients import anthropic
from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Anthropic's clients for two clouds."""
    import anthropic as sdk

    keys = {"aws_access_key": "none", "aws_secret_key": "none"}
    bedrock = sdk.AnthropicBedrock(
        base_url=url, aws_region="us-east-1", max_retries=0, **keys
    )
    vertex = sdk.AnthropicVertex(
        base_url=url,
        region="us-east5",
        project_id="some",
        access_token="none",
        max_retries=0,
    )
    models = {
        "bedrock": (bedrock, "anthropic.claude-sonnet-4-20250514-v1:0"),
        "vertex": (vertex, "claude-sonnet-4@20250514"),
    }
    wanted = ("text_system", "sampling", "tools", "tool_results", "image", "thinking")
    made: dict[str, Callable[[], Any]] = {}
    for name, (client, model) in models.items():
        asked = {"model": model, "max_tokens": 100}
        simple = {**asked, **anthropic.bodies()["text_system"]}
        for case in wanted:
            body = {**asked, **anthropic.bodies()[case]}
            made[f"{name}_{case}"] = lambda client=client, body=body: (
                client.messages.create(**body)
            )
        made[f"{name}_stream"] = lambda client=client, simple=simple: m.used_up(
            client.messages.create(**simple, stream=True)
        )
    return made
