"""Agno's agents, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    from agno.agent import Agent
    from agno.media import File, Image
    from agno.models.anthropic import Claude
    from agno.models.openai import OpenAIChat, OpenAIResponses
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    to = {"base_url": f"{url}/v1", "api_key": "none", "max_retries": 0}

    def chat(**more: Any) -> Any:
        return OpenAIChat(id="gpt-4o-mini", **to, **more)

    def responses() -> Any:
        return OpenAIResponses(id="gpt-4o-mini", **to)

    def claude(**more: Any) -> Any:
        at = {"base_url": url, "max_retries": 0}
        return Claude(id="claude-sonnet-4-5", api_key="none", client_params=at, **more)

    def ask(model: Any, given: str, agent: Any = None, **run: Any) -> Any:
        made = Agent(model=model, telemetry=False, **agent or {})
        return lambda: made.run(given, **run)

    png = Image(content=m.PNG, format="png")
    told = {"instructions": m.SYSTEM}
    made: dict[str, Callable[[], Any]] = {}
    for name, model in (
        ("chat", chat),
        ("responses", responses),
        ("anthropic", claude),
    ):
        made |= {
            f"{name}_text": ask(model(), m.QUESTION, told),
            f"{name}_bare": ask(model(), m.ODD),
            f"{name}_tools": ask(model(), m.ASKED, {"tools": [weather]}),
            f"{name}_image": ask(model(), "What is this?", images=[png]),
            f"{name}_structured": ask(model(), m.QUESTION, {"output_schema": Place}),
            f"{name}_stream": lambda model=model: m.used_up(
                Agent(model=model(), telemetry=False, **told).run(
                    m.QUESTION, stream=True
                )
            ),
            f"{name}_error": ask(model(), m.ERROR),
        }
    sampled = chat(
        temperature=0.3,
        top_p=0.9,
        max_tokens=50,
        seed=7,
        stop=["END"],
        frequency_penalty=0.2,
        presence_penalty=0.1,
    )
    web = Image(url="https://example.com/a.png")
    paper = File(content=m.PDF, mime_type="application/pdf", filename="a.pdf")
    return {
        **made,
        "chat_sampling": ask(sampled, m.QUESTION),
        "chat_system": ask(chat(), m.QUESTION, {"system_message": m.SYSTEM}),
        "chat_image_url": ask(chat(), "What is this?", images=[web]),
        "chat_document": ask(chat(), "Sum up.", files=[paper]),
        "chat_asynchronous": lambda: Agent(model=chat(), telemetry=False).arun(
            m.QUESTION
        ),
        "anthropic_sampling": ask(
            claude(temperature=0.3, top_k=20, max_tokens=99), m.QUESTION
        ),
    }
