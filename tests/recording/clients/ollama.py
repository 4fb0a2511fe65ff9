"""Ollama's client."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Ollama's client."""
    import ollama as sdk

    client, asynchronous = sdk.Client(host=url), sdk.AsyncClient(host=url)
    model = "llama3.2"

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: client.chat(model=model, messages=list(messages), **more)

    async def later() -> None:
        await asynchronous.chat(model=model, messages=[m.user(m.QUESTION)])

    used = {"function": {"name": "weather", "arguments": {"city": "Paris"}}}
    called = m.turn("assistant", "", tool_calls=[used])
    told = m.turn("tool", m.TOLD, tool_name="weather")
    question = m.user(m.QUESTION)
    options = {
        "temperature": 0.3,
        "top_p": 0.9,
        "top_k": 20,
        "seed": 7,
        "num_predict": 50,
        "stop": ["END"],
        "num_ctx": 4096,
    }
    return {
        "text_system": ask(m.turn("system", m.SYSTEM), question),
        "sampling": ask(question, options=options, keep_alive="5m"),
        "zeros": ask(question, options={"temperature": 0.0, "seed": 0}),
        "multi_turn": ask(
            m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")
        ),
        "tools": ask(m.user(m.ASKED), tools=m.FUNCTIONS),
        "tool_results": ask(m.user(m.ASKED), called, told, tools=m.FUNCTIONS),
        "image": ask(m.user("What is this?", images=[m.PNG])),
        "structured": ask(question, format=m.PLACE),
        "thinking": ask(question, think=True),
        "stream": lambda: m.used_up(
            client.chat(model=model, messages=[question], stream=True)
        ),
        "asynchronous": later,
        "generate": lambda: client.generate(
            model=model,
            prompt=m.QUESTION,
            system=m.SYSTEM,
            options={"temperature": 0.1},
        ),
        "embeddings": lambda: client.embed(
            model="nomic-embed-text", input=["one", "two"]
        ),
        "error_400": ask(m.user(m.ERROR)),
    }
