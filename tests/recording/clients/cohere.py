"""Cohere's client, second API; and one call of the first."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Cohere's client."""
    import cohere as sdk

    client = sdk.ClientV2(api_key="none", base_url=url)
    first = sdk.Client(api_key="none", base_url=url)
    model = "command-a-03-2025"

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: client.chat(model=model, messages=list(messages), **more)

    system = m.turn("system", m.SYSTEM)
    question = m.user(m.QUESTION)
    called = {"role": "assistant", "tool_plan": "I look.", "tool_calls": [m.USED]}
    told = {"role": "tool", "tool_call_id": "call_1", "content": m.TOLD}
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    return {
        "text_system": ask(system, question),
        "sampling": ask(
            question,
            temperature=0.3,
            p=0.9,
            k=20,
            max_tokens=50,
            seed=7,
            stop_sequences=["END"],
            frequency_penalty=0.2,
            presence_penalty=0.1,
        ),
        "zeros": ask(question, temperature=0.0, seed=0),
        "several_texts": ask(m.user(m.text("Capital "), m.text("of France?"))),
        "multi_turn": ask(
            m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")
        ),
        "tools": ask(m.user(m.ASKED), tools=m.FUNCTIONS, tool_choice="REQUIRED"),
        "tool_results": ask(m.user(m.ASKED), called, told, tools=m.FUNCTIONS),
        "image": ask(m.user(m.text("What is this?"), picture)),
        "structured": ask(
            question, response_format={"type": "json_object", "json_schema": m.PLACE}
        ),
        "documents": ask(question, documents=[{"id": "d", "data": {"text": "Paris."}}]),
        "stream": lambda: m.used_up(
            client.chat_stream(
                model=model, messages=[system, question], temperature=0.7
            )
        ),
        "first_chat": lambda: first.chat(
            model="command-r-08-2024", message=m.QUESTION, preamble=m.SYSTEM
        ),
        "embeddings": lambda: client.embed(
            model="embed-v4.0",
            texts=["one", "two"],
            input_type="search_document",
            embedding_types=["float"],
        ),
        "error_400": ask(m.user(m.ERROR)),
    }
