"""Microsoft's Agent Framework, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through the Agent Framework."""
    from agent_framework import Agent, Content, Message, tool
    from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @tool(approval_mode="never_require")
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def said(role: str, *parts: Any) -> Any:
        made = [Content.from_text(p) if isinstance(p, str) else p for p in parts]
        return Message(role=role, contents=made)

    kinds = {"chat": OpenAIChatCompletionClient, "responses": OpenAIChatClient}
    png = Content.from_data(m.PNG, media_type="image/png")
    web = Content.from_uri("https://example.com/a.png", media_type="image/png")
    sampling = {"temperature": 0.3, "max_tokens": 50, "top_p": 0.9}
    made: dict[str, Callable[[], Any]] = {}

    for name, kind in kinds.items():

        def client(kind: Any = kind) -> Any:
            return kind(model="gpt-4o-mini", base_url=f"{url}/v1", api_key="none")

        def ask(*messages: Any, to: Any = client, **more: Any) -> Callable[[], Any]:
            return lambda: to().get_response(list(messages), **more)

        def agent(given: Any, to: Any = client, **more: Any) -> Callable[[], Any]:
            options = more.pop("options", None)
            return lambda: Agent(to(), **more).run(given, options=options)

        async def streamed(to: Any = client) -> None:
            async for _ in Agent(to(), instructions=m.SYSTEM).run(
                m.QUESTION, stream=True
            ):
                pass

        question = said("user", m.QUESTION)
        made |= {
            f"{name}_text": ask(said("system", m.SYSTEM), question),
            f"{name}_sampling": ask(question, options=sampling),
            f"{name}_several": ask(said("user", "Capital ", "of France?")),
            f"{name}_turns": ask(
                said("user", m.ODD), said("assistant", "777 km"), said("user", "Loire?")
            ),
            f"{name}_agent": agent(m.QUESTION, instructions=m.SYSTEM),
            f"{name}_tools": agent(m.ASKED, tools=[weather]),
            f"{name}_structured": agent(m.QUESTION, options={"response_format": Place}),
            f"{name}_image": ask(said("user", "What is this?", png)),
            f"{name}_image_url": ask(said("user", "What is this?", web)),
            f"{name}_stream": streamed,
            f"{name}_error": ask(said("user", m.ERROR)),
        }
    return made
