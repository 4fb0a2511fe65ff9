"""smolagents' models of others, and its agents on them."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients.providers import Table, makers

_MODELS: Table = {
    "litellm": (
        "smolagents",
        "LiteLLMModel",
        {"model_id": "openai/gpt-4o-mini", "api_base": "{url}/v1", "api_key": "none"},
    ),
    "litellm_anthropic": (
        "smolagents",
        "LiteLLMModel",
        {
            "model_id": "anthropic/claude-sonnet-4-5",
            "api_base": "{url}",
            "api_key": "none",
        },
    ),
    "inference": (
        "smolagents",
        "InferenceClientModel",
        {"model_id": None, "base_url": "{url}/v1", "api_key": "none"},
    ),
    "azure": (
        "smolagents",
        "AzureOpenAIModel",
        {
            "model_id": "my-gpt",
            "azure_endpoint": "{url}",
            "api_key": "none",
            "api_version": "2024-10-21",
        },
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through smolagents."""
    import smolagents as sdk

    @sdk.tool
    def weather(city: str) -> str:
        """Weather of a city.

        Args:
            city: Name of a city.
        """
        return m.TOLD

    def said(role: str, *words: str) -> dict[str, Any]:
        return {"role": role, "content": [m.text(one) for one in words]}

    def ask(model: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: model().generate(list(messages), **more)

    made: dict[str, Callable[[], Any]] = {}
    for name, model in makers(_MODELS, url):
        made |= {
            f"{name}_text": ask(model, said("system", m.SYSTEM), said("user", m.ODD)),
            f"{name}_several": ask(model, said("user", "Capital ", "of France?")),
            f"{name}_tools": ask(
                model, said("user", m.ASKED), tools_to_call_from=[weather]
            ),
            f"{name}_agent": lambda model=model: sdk.ToolCallingAgent(
                model=model(), verbosity_level=0, tools=[weather], max_steps=2
            ).run(m.ASKED),
            f"{name}_error": ask(model, said("user", m.ERROR)),
        }
    return made
