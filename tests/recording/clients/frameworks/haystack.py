"""Haystack's pipelines and generators, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Haystack."""
    from haystack import Pipeline
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.tools import Tool
    from haystack.utils import Secret

    tool = Tool(
        name="weather",
        description=m.ABOUT,
        parameters=m.CITY,
        function=lambda city: m.TOLD,
    )

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        generator = OpenAIChatGenerator(
            api_key=Secret.from_token("none"),
            model="gpt-4o-mini",
            api_base_url=f"{url}/v1",
            max_retries=0,
            **more,
        )
        pipeline = Pipeline()
        pipeline.add_component("llm", generator)
        return lambda: pipeline.run({"llm": {"messages": list(messages)}})

    system = ChatMessage.from_system(m.SYSTEM)
    question = ChatMessage.from_user(m.QUESTION)
    sampling = {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 7,
        "stop": ["END"],
    }
    return {
        "text_system": ask(system, question),
        "sampling": ask(question, generation_kwargs=sampling),
        "multi_turn": ask(
            ChatMessage.from_user(m.ODD),
            ChatMessage.from_assistant("777 km"),
            ChatMessage.from_user("Die Loire?"),
        ),
        "tools": ask(ChatMessage.from_user(m.ASKED), tools=[tool]),
        "stream": ask(system, question, streaming_callback=lambda _: None),
        "error_400": ask(ChatMessage.from_user(m.ERROR)),
    }
