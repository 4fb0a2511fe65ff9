"""Agno's agents, on further providers."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients.providers import Table, makers

_TO_GOOGLE = {"http_options": {"base_url": "{url}"}}
_MODELS: Table = {
    "google": (
        "agno.models.google",
        "Gemini",
        {"id": "gemini-2.5-flash", "api_key": "none", "client_params": _TO_GOOGLE},
    ),
    "groq": (
        "agno.models.groq",
        "Groq",
        {"id": "llama-3.3-70b-versatile", "api_key": "none", "base_url": "{url}"},
    ),
    "mistral": (
        "agno.models.mistral",
        "MistralChat",
        {"id": "mistral-large-latest", "api_key": "none", "endpoint": "{url}"},
    ),
    "ollama": ("agno.models.ollama", "Ollama", {"id": "llama3.2", "host": "{url}"}),
    "like": (
        "agno.models.openai.like",
        "OpenAILike",
        {"id": "qwen3", "api_key": "none", "base_url": "{url}/v1"},
    ),
    "litellm": (
        "agno.models.litellm",
        "LiteLLM",
        {"id": "openai/gpt-4o-mini", "api_key": "none", "api_base": "{url}/v1"},
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    from agno.agent import Agent
    from agno.media import Image

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def ask(model: Any, given: str, agent: Any = None, **run: Any) -> Any:
        return lambda: Agent(model=model(), telemetry=False, **agent or {}).run(
            given, **run
        )

    told = {"instructions": m.SYSTEM}
    png = Image(content=m.PNG, format="png")
    made: dict[str, Callable[[], Any]] = {}
    for name, model in makers(_MODELS, url):
        made |= {
            f"{name}_text": ask(model, m.QUESTION, told),
            f"{name}_bare": ask(model, m.ODD),
            f"{name}_tools": ask(model, m.ASKED, {"tools": [weather]}),
            f"{name}_image": ask(model, "What is this?", images=[png]),
            f"{name}_stream": lambda model=model: m.used_up(
                Agent(model=model(), telemetry=False, **told).run(
                    m.QUESTION, stream=True
                )
            ),
            f"{name}_error": ask(model, m.ERROR),
        }
    return made
