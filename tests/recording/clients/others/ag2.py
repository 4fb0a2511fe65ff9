"""AG2's agents (the other AutoGen), on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the replies of agents."""
    from autogen import ConversableAgent
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    models = {
        "chat": {"model": "gpt-4o-mini", "base_url": f"{url}/v1", "max_retries": 0},
        "responses": {
            "model": "gpt-4o-mini",
            "api_type": "responses",
            "base_url": f"{url}/v1",
        },
        "anthropic": {
            "model": "claude-sonnet-4-5",
            "api_type": "anthropic",
            "base_url": url,
        },
    }

    def agent(name: str, system: str = m.SYSTEM, **more: Any) -> Any:
        entry = {**models[name], "api_key": "none", **more}
        config = {"config_list": [entry], "cache_seed": None}
        made = ConversableAgent("assistant", system, llm_config=config)
        if hook := getattr(cases, "instrument", None):
            hook(made)
        return made

    def ask(name: str, *turns: Any, **more: Any) -> Callable[[], Any]:
        return lambda: agent(name, **more).generate_reply(list(turns))

    def tools(name: str) -> Callable[[], Any]:
        def weather(city: str) -> str:
            """Weather of a city."""
            return m.TOLD

        def run() -> Any:
            made = agent(name)
            made.register_for_llm(description=m.ABOUT)(weather)
            made.register_for_execution()(weather)
            return made.run(message=m.ASKED, max_turns=2, user_input=False).process()

        return run

    question = m.user(m.QUESTION)
    turns = [m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")]
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    made: dict[str, Callable[[], Any]] = {}
    for name in models:
        made |= {
            f"{name}_text": ask(name, question),
            f"{name}_bare": ask(name, m.user(m.ODD), system=""),
            f"{name}_sampling": ask(name, question, temperature=0.3, max_tokens=50),
            f"{name}_turns": ask(name, *turns),
            f"{name}_image": ask(name, m.user(m.text("What is this?"), picture)),
            f"{name}_structured": ask(name, question, response_format=Place),
            f"{name}_tools": tools(name),
            f"{name}_error": ask(name, m.user(m.ERROR)),
        }
    return made
