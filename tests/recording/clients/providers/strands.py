"""Strands' agents, on further providers."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients.providers import Table, makers

_MODELS: Table = {
    "bedrock": (
        "strands.models.bedrock",
        "BedrockModel",
        {
            "model_id": "us.amazon.nova-lite-v1:0",
            "endpoint_url": "{url}",
            "region_name": "us-east-1",
        },
    ),
    "ollama": (
        "strands.models.ollama",
        "OllamaModel",
        {"host": "{url}", "model_id": "llama3.2"},
    ),
    "litellm": (
        "strands.models.litellm",
        "LiteLLMModel",
        {
            "client_args": {"api_key": "none", "api_base": "{url}/v1"},
            "model_id": "openai/gpt-4o-mini",
        },
    ),
    "google": (
        "strands.models.gemini",
        "GeminiModel",
        {
            "client_args": {"api_key": "none", "http_options": {"base_url": "{url}"}},
            "model_id": "gemini-2.5-flash",
        },
    ),
    "mistral": (
        "strands.models.mistral",
        "MistralModel",
        {
            "api_key": "none",
            "client_args": {"server_url": "{url}"},
            "model_id": "mistral-large-latest",
        },
    ),
    "responses": (
        "strands.models.openai_responses",
        "OpenAIResponsesModel",
        {
            "client_args": {"api_key": "none", "base_url": "{url}/v1"},
            "model_id": "gpt-4o-mini",
        },
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Strands."""
    from pydantic import BaseModel
    from strands import Agent, tool

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def ask(model: Any, given: Any = m.QUESTION, **more: Any) -> Callable[[], Any]:
        return lambda: Agent(model=model(), callback_handler=None, **more)(given)

    history = [
        {"role": "user", "content": [{"text": m.ODD}]},
        {"role": "assistant", "content": [{"text": "777 km"}]},
    ]
    picture = [
        {"text": "What is this?"},
        {"image": {"format": "png", "source": {"bytes": m.PNG}}},
    ]
    made: dict[str, Callable[[], Any]] = {}
    for name, model in makers(_MODELS, url):
        made |= {
            f"{name}_text": ask(model, system_prompt=m.SYSTEM),
            f"{name}_bare": ask(model),
            f"{name}_turns": ask(model, "Die Loire?", messages=history),
            f"{name}_tools": ask(model, m.ASKED, tools=[weather]),
            f"{name}_image": ask(model, picture),
            f"{name}_structured": lambda model=model: Agent(
                model=model(), callback_handler=None
            )(m.QUESTION, structured_output_model=Place),
            f"{name}_error": ask(model, m.ERROR),
        }
    return made
