"""Instructor, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Instructor."""
    import anthropic
    import instructor
    import openai
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    modes = instructor.Mode
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}

    def client(mode: Any = None) -> Any:
        made = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        return instructor.from_openai(made, **({"mode": mode} if mode else {}))

    def ask(mode: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: client(mode).chat.completions.create(
            model="gpt-4o-mini",
            response_model=Place,
            messages=list(messages or [m.user(m.QUESTION)]),
            max_retries=0,
            **more,
        )

    def claude(*messages: Any, **more: Any) -> Callable[[], Any]:
        made = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)
        return lambda: instructor.from_anthropic(made).messages.create(
            model="claude-sonnet-4-5",
            max_tokens=100,
            response_model=Place,
            messages=list(messages),
            max_retries=0,
            **more,
        )

    system, question = m.turn("system", m.SYSTEM), m.user(m.QUESTION)
    turns = (m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?"))

    def streamed() -> None:
        m.used_up(
            client().chat.completions.create_partial(
                model="gpt-4o-mini", response_model=Place, messages=[question]
            )
        )

    return {
        "tools": ask(modes.TOOLS),
        "text_system": ask(modes.TOOLS, system, question),
        "sampling": ask(modes.TOOLS, temperature=0.3, seed=7, max_tokens=50),
        "multi_turn": ask(modes.TOOLS, system, *turns),
        "json_schema": ask(modes.JSON_SCHEMA),
        "json": ask(modes.JSON, system, question),
        "md_json": ask(modes.MD_JSON),
        "image": ask(modes.TOOLS, m.user(m.text("What is this?"), picture)),
        "stream": streamed,
        "anthropic": claude(question),
        "anthropic_system": claude(question, system=m.SYSTEM, temperature=0.2),
        "error_400": ask(modes.TOOLS, m.user(m.ERROR)),
    }
