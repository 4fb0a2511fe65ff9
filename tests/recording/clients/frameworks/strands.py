"""Strands' agents, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Strands."""
    from strands import Agent, tool
    from strands.models.anthropic import AnthropicModel
    from strands.models.openai import OpenAIModel

    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def openai(**more: Any) -> Any:
        to = {"base_url": f"{url}/v1", "api_key": "none", "max_retries": 0}
        return OpenAIModel(client_args=to, model_id="gpt-4o-mini", **more)

    def anthropic(**more: Any) -> Any:
        to = {"base_url": url, "api_key": "none", "max_retries": 0}
        return AnthropicModel(
            client_args=to, model_id="claude-sonnet-4-5", max_tokens=100, **more
        )

    def ask(model: Any, given: Any = m.QUESTION, **more: Any) -> Callable[[], Any]:
        return lambda: Agent(model=model, callback_handler=None, **more)(given)

    def turns(model: Any) -> Callable[[], Any]:
        history = [
            {"role": "user", "content": [{"text": m.ODD}]},
            {"role": "assistant", "content": [{"text": "777 km"}]},
        ]
        return ask(model, "Die Loire?", messages=history)

    picture = [
        {"text": "What is this?"},
        {"image": {"format": "png", "source": {"bytes": m.PNG}}},
    ]
    sampling = {"temperature": 0.3, "top_p": 0.9, "max_tokens": 50}
    made: dict[str, Callable[[], Any]] = {}
    for name, model in (("openai", openai), ("anthropic", anthropic)):
        made |= {
            f"{name}_text": ask(model(), system_prompt=m.SYSTEM),
            f"{name}_bare": ask(model()),
            f"{name}_turns": turns(model()),
            f"{name}_several": ask(model(), [{"text": "Capital "}, {"text": "of F?"}]),
            f"{name}_tools": ask(model(), m.ASKED, tools=[weather]),
            f"{name}_image": ask(model(), picture),
            f"{name}_error": ask(model(), m.ERROR),
        }
    made["openai_sampling"] = ask(openai(params=sampling))
    return made
