"""Mistral's client."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Mistral's client."""
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    client = Mistral(api_key="none", server_url=url)
    model = "mistral-large-latest"

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: client.chat.complete(
            model=model, messages=list(messages), **more
        )

    async def later() -> None:
        await client.chat.complete_async(model=model, messages=[m.user(m.QUESTION)])

    system = m.turn("system", m.SYSTEM)
    question = m.user(m.QUESTION)
    called = m.turn("assistant", "", tool_calls=[m.USED])
    told = m.turn("tool", m.TOLD, tool_call_id="call_1", name="weather")
    picture = {"type": "image_url", "image_url": m.url_of(m.PNG, "image/png")}
    form = {"type": "json_schema", "json_schema": m.SCHEMA}
    return {
        "text_system": ask(system, question),
        "sampling": ask(
            question,
            temperature=0.3,
            top_p=0.9,
            max_tokens=50,
            random_seed=7,
            stop=["END"],
            n=2,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            safe_prompt=True,
        ),
        "zeros": ask(question, temperature=0.0, random_seed=0),
        "several_texts": ask(m.user(m.text("Capital "), m.text("of France?"))),
        "multi_turn": ask(
            system, m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")
        ),
        "prefilled": ask(question, m.turn("assistant", "The", prefix=True)),
        "tools": ask(m.user(m.ASKED), tools=m.FUNCTIONS, tool_choice="any"),
        "tool_results": ask(m.user(m.ASKED), called, told, tools=m.FUNCTIONS),
        "image": ask(m.user(m.text("What is this?"), picture)),
        "structured": ask(question, response_format=form),
        "json_object": ask(question, response_format={"type": "json_object"}),
        "stream": lambda: m.used_up(
            client.chat.stream(
                model=model, messages=[system, question], temperature=0.7
            )
        ),
        "asynchronous": later,
        "embeddings": lambda: client.embeddings.create(
            model="mistral-embed", inputs=["one", "two"]
        ),
        "error_400": ask(m.user(m.ERROR)),
    }
