"""AutoGen's clients and agents, on further providers."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients.providers import Table, makers

_INFO = {
    "vision": True,
    "function_calling": True,
    "json_output": True,
    "family": "unknown",
    "structured_output": True,
}
_MODELS: Table = {
    "anthropic": (
        "autogen_ext.models.anthropic",
        "AnthropicChatCompletionClient",
        {
            "model": "claude-sonnet-4-5",
            "api_key": "none",
            "base_url": "{url}",
            "max_retries": 0,
            "model_info": _INFO,
        },
    ),
    "ollama": (
        "autogen_ext.models.ollama",
        "OllamaChatCompletionClient",
        {"model": "llama3.2", "host": "{url}", "model_info": _INFO},
    ),
    "azure": (
        "autogen_ext.models.openai",
        "AzureOpenAIChatCompletionClient",
        {
            "azure_deployment": "my-gpt",
            "model": "gpt-4o-mini",
            "api_version": "2024-10-21",
            "azure_endpoint": "{url}",
            "api_key": "none",
            "max_retries": 0,
        },
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through AutoGen."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_core import Image
    from autogen_core.models import SystemMessage, UserMessage
    from autogen_core.tools import FunctionTool

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    tool = FunctionTool(weather, description=m.ABOUT)
    system = SystemMessage(content=m.SYSTEM)

    def user(*content: Any) -> Any:
        given = content[0] if len(content) == 1 else list(content)
        return UserMessage(content=given, source="user")

    def ask(model: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: model().create(list(messages), **more)

    def agent(model: Any, given: str, **more: Any) -> Callable[[], Any]:
        return lambda: AssistantAgent("assistant", model_client=model(), **more).run(
            task=given
        )

    made: dict[str, Callable[[], Any]] = {}
    for name, model in makers(_MODELS, url):
        made |= {
            f"{name}_text": ask(model, system, user(m.QUESTION)),
            f"{name}_tools": ask(model, user(m.ASKED), tools=[tool]),
            f"{name}_image": lambda model=model: model().create(
                [user("What is this?", Image.from_uri(m.url_of(m.PNG, "image/png")))]
            ),
            f"{name}_agent": agent(model, m.QUESTION, system_message=m.SYSTEM),
            f"{name}_agent_tools": agent(model, m.ASKED, tools=[tool]),
            f"{name}_error": ask(model, user(m.ERROR)),
        }
    return made
