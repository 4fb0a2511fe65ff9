"""Pydantic AI's agents, on OpenAI, Anthropic and others."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Pydantic AI."""
    from pydantic import BaseModel
    from pydantic_ai import Agent, BinaryContent, ImageUrl
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    to_openai = OpenAIProvider(base_url=f"{url}/v1", api_key="none")
    chat = OpenAIChatModel("gpt-4o-mini", provider=to_openai)
    reasoning = OpenAIChatModel("gpt-5-mini", provider=to_openai)
    responses = OpenAIResponsesModel("gpt-4o-mini", provider=to_openai)
    claude = AnthropicModel(
        "claude-sonnet-4-5",
        provider=AnthropicProvider(base_url=url, api_key="none"),
    )
    picture = BinaryContent(data=m.PNG, media_type="image/png")
    paper = BinaryContent(data=m.PDF, media_type="application/pdf")
    sampling = {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 7,
        "stop_sequences": ["END"],
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "parallel_tool_calls": False,
    }

    def ask(model: Any, given: Any = m.QUESTION, **more: Any) -> Callable[[], Any]:
        settings = more.pop("model_settings", None)
        agent = Agent(model, **more)
        return lambda: agent.run(given, model_settings=settings)

    def turns(model: Any) -> Callable[[], Any]:
        agent = Agent(model, instructions=m.SYSTEM)

        async def both() -> None:
            first = await agent.run(m.ODD)
            await agent.run("And Italy?", message_history=first.all_messages())

        return both

    async def streamed() -> None:
        async with Agent(chat, instructions=m.SYSTEM).run_stream(m.QUESTION) as run:
            async for _ in run.stream_text():
                pass

    made: dict[str, Callable[[], Any]] = {}
    for name, model in (
        ("chat", chat),
        ("responses", responses),
        ("anthropic", claude),
    ):
        made |= {
            f"{name}_text": ask(model, instructions=m.SYSTEM),
            f"{name}_system": ask(model, system_prompt=m.SYSTEM),
            f"{name}_several": ask(model, ["Capital ", "of France?"]),
            f"{name}_turns": turns(model),
            f"{name}_tools": ask(
                model, m.ASKED, tools=[weather], instructions=m.SYSTEM
            ),
            f"{name}_image": ask(model, ["What is this?", picture]),
            f"{name}_image_url": ask(
                model, ["What is this?", ImageUrl("https://example.com/a.png")]
            ),
            f"{name}_document": ask(model, ["Sum up.", paper]),
            f"{name}_structured": ask(model, output_type=Place),
            f"{name}_error": ask(model, m.ERROR),
        }
        made[f"{name}_sampling"] = ask(
            model,
            model_settings={
                key: value
                for key, value in sampling.items()
                if name == "chat" or key in ("temperature", "top_p", "max_tokens")
            },
        )
    made["chat_reasoning"] = ask(
        reasoning, model_settings={"openai_reasoning_effort": "low"}
    )
    made["chat_stream"] = streamed
    return made
