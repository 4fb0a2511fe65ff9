"""OpenAI's Agents SDK, on LiteLLM's models."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    import agents as sdk
    from agents.extensions.models.litellm_model import LitellmModel
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @sdk.function_tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    models = {
        "openai": ("openai/gpt-4o-mini", f"{url}/v1"),
        "anthropic": ("anthropic/claude-sonnet-4-5", url),
        "google": (
            "gemini/gemini-2.5-flash",
            f"{url}/v1beta/models/gemini-2.5-flash",
        ),
    }
    sampling = sdk.ModelSettings(temperature=0.3, max_tokens=50)

    def ask(name: str, given: Any, **more: Any) -> Callable[[], Any]:
        model, base = models[name]
        made = LitellmModel(model=model, base_url=base, api_key="none")
        agent = sdk.Agent(name="assistant", model=made, **more)
        return lambda: sdk.Runner.run(agent, given, max_turns=4)

    turns = [m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")]
    made: dict[str, Callable[[], Any]] = {}
    for name in models:
        made |= {
            f"{name}_text": ask(name, m.QUESTION, instructions=m.SYSTEM),
            f"{name}_bare": ask(name, m.QUESTION),
            f"{name}_sampling": ask(name, m.QUESTION, model_settings=sampling),
            f"{name}_turns": ask(name, turns, instructions=m.SYSTEM),
            f"{name}_tools": ask(name, m.ASKED, tools=[weather]),
            f"{name}_structured": ask(name, m.QUESTION, output_type=Place),
            f"{name}_error": ask(name, m.ERROR),
        }
    return made
