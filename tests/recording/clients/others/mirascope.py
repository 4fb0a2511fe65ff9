"""Mirascope's calls, on OpenAI and Anthropic."""

import os
from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Mirascope."""
    os.environ |= {
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"{url}/v1",
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": url,
    }
    from mirascope import llm
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @llm.tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def ask(model: str, *given: Any, **more: Any) -> Callable[[], Any]:
        params = more.pop("params", {})
        return lambda: llm.Model(model, **params).call(list(given), **more)

    def stream(model: str) -> Callable[[], Any]:
        return lambda: m.used_up(
            llm.Model(model).stream([llm.messages.user(m.QUESTION)]).text_stream()
        )

    def loop(model: str) -> Callable[[], Any]:
        def run() -> Any:
            response = llm.Model(model).call(m.ASKED, tools=[weather])
            return response.resume(response.execute_tools())

        return run

    system, user = llm.messages.system(m.SYSTEM), llm.messages.user(m.QUESTION)
    picture = llm.Image.from_bytes(m.PNG)
    made: dict[str, Callable[[], Any]] = {}
    for name, model in (
        ("chat", "openai/gpt-4o-mini:completions"),
        ("responses", "openai/gpt-4o-mini:responses"),
        ("anthropic", "anthropic/claude-sonnet-4-5"),
    ):
        made |= {
            f"{name}_text": ask(model, system, user),
            f"{name}_bare": ask(model, llm.messages.user(m.ODD)),
            f"{name}_sampling": ask(
                model, user, params={"temperature": 0.3, "max_tokens": 50}
            ),
            f"{name}_image": ask(model, llm.messages.user(["What is this?", picture])),
            f"{name}_tools": loop(model),
            f"{name}_structured": ask(model, user, format=Place),
            f"{name}_stream": stream(model),
            f"{name}_error": ask(model, llm.messages.user(m.ERROR)),
        }
    return made
