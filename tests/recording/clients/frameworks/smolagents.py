"""Hugging Face's smolagents, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


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

    kind = getattr(sdk, "OpenAIModel", None) or sdk.OpenAIServerModel

    def model(**more: Any) -> Any:
        to = {"api_base": f"{url}/v1", "api_key": "none"}
        return kind(
            model_id="gpt-4o-mini", client_kwargs={"max_retries": 0}, **to, **more
        )

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        init = more.pop("init", {})
        return lambda: model(**init).generate(list(messages), **more)

    def said(role: str, *words: str) -> dict[str, Any]:
        return {"role": role, "content": [m.text(one) for one in words]}

    def agent(made: Any, given: str, **more: Any) -> Callable[[], Any]:
        return lambda: made(model=model(), verbosity_level=0, **more).run(given)

    question = said("user", m.QUESTION)
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    form = {"type": "json_schema", "json_schema": m.SCHEMA}
    limits = {"temperature": 0.3, "top_p": 0.9, "max_tokens": 50, "seed": 7}
    return {
        "text_system": ask(said("system", m.SYSTEM), question),
        "text": ask(m.user(m.QUESTION)),
        "sampling": ask(question, init=limits),
        "stop": ask(question, stop_sequences=["END"]),
        "several_texts": ask(said("user", "Capital ", "of France?")),
        "multi_turn": ask(
            said("user", m.ODD), said("assistant", "777 km"), said("user", "Loire?")
        ),
        "tools": ask(said("user", m.ASKED), tools_to_call_from=[weather]),
        "image": ask(m.user(m.text("What is this?"), picture)),
        "structured": ask(question, response_format=form),
        "stream": lambda: m.used_up(model().generate_stream([question])),
        "tool_agent": agent(
            sdk.ToolCallingAgent, m.ASKED, tools=[weather], max_steps=2
        ),
        "code_agent": agent(sdk.CodeAgent, m.QUESTION, tools=[], max_steps=1),
        "error_400": ask(said("user", m.ERROR)),
    }
