"""OpenAI's Agents SDK, on Responses and chat completions."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    import agents as sdk
    from openai import AsyncOpenAI
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @sdk.function_tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    client = AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    kinds = {
        "responses": sdk.OpenAIResponsesModel,
        "chat": sdk.OpenAIChatCompletionsModel,
    }
    picture = {"type": "input_image", "image_url": m.url_of(m.PNG, "image/png")}
    words = {"type": "input_text", "text": "What is this?"}
    turns = [m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")]
    sampling = sdk.ModelSettings(temperature=0.3, top_p=0.9, max_tokens=50)
    strict = sdk.ModelSettings(tool_choice="required", parallel_tool_calls=False)

    def agent(kind: str, model: str = "gpt-4o-mini", **more: Any) -> Any:
        made = kinds[kind](model=model, openai_client=client)
        return sdk.Agent(name="assistant", model=made, **more)

    def ask(given: Any, *of: Any, **more: Any) -> Callable[[], Any]:
        return lambda: sdk.Runner.run(agent(*of, **more), given, max_turns=4)

    def stream(kind: str) -> Callable[[], Any]:
        async def streamed() -> None:
            run = sdk.Runner.run_streamed(agent(kind, instructions=m.SYSTEM), m.ASKED)
            async for _ in run.stream_events():
                pass

        return streamed

    made: dict[str, Callable[[], Any]] = {}
    for kind in kinds:
        other = agent(kind, handoff_description="Knows rivers.")
        made |= {
            f"{kind}_text": ask(m.QUESTION, kind, instructions=m.SYSTEM),
            f"{kind}_bare": ask(m.QUESTION, kind),
            f"{kind}_sampling": ask(m.QUESTION, kind, model_settings=sampling),
            f"{kind}_turns": ask(turns, kind, instructions=m.SYSTEM),
            f"{kind}_tools": ask(m.ASKED, kind, tools=[weather]),
            f"{kind}_required": ask(
                m.ASKED, kind, tools=[weather], model_settings=strict
            ),
            f"{kind}_structured": ask(m.QUESTION, kind, output_type=Place),
            f"{kind}_image": ask([m.user(words, {**picture, "detail": "low"})], kind),
            f"{kind}_handoff": ask(m.QUESTION, kind, handoffs=[other]),
            f"{kind}_stream": stream(kind),
            f"{kind}_error": ask(m.ERROR, kind),
        }
    low = sdk.ModelSettings(reasoning={"effort": "low"}, store=False)
    made["responses_reasoning"] = ask(
        m.QUESTION, "responses", "gpt-5-mini", model_settings=low
    )
    return made
