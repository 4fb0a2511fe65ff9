"""CrewAI's crews and models, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through CrewAI."""
    from crewai import LLM, Agent, Crew, Task
    from crewai.tools import tool
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    @tool("weather")
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def openai(**more: Any) -> Any:
        to = {"base_url": f"{url}/v1", "api_key": "none", "max_retries": 0}
        return LLM(model="openai/gpt-4o-mini", **to, **more)

    def claude(**more: Any) -> Any:
        return LLM(
            model="anthropic/claude-sonnet-4-5",
            base_url=url,
            api_key="none",
            max_tokens=100,
            **more,
        )

    def ask(model: Any, given: Any = m.QUESTION, **more: Any) -> Callable[[], Any]:
        return lambda: model.call(given, **more)

    def crew(model: Any, given: str, *tools: Any, **more: Any) -> Callable[[], Any]:
        def run() -> Any:
            agent = Agent(
                role="Geographer",
                goal="Answer",
                backstory="Has maps.",
                llm=model,
                tools=list(tools),
                max_iter=3,
            )
            task = Task(
                description=given, expected_output="A sentence", agent=agent, **more
            )
            return Crew(agents=[agent], tasks=[task]).kickoff()

        return run

    system = m.turn("system", m.SYSTEM)
    turns = [m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")]
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    return {
        "call": ask(openai()),
        "text_system": ask(openai(), [system, m.user(m.QUESTION)]),
        "sampling": ask(
            openai(temperature=0.3, top_p=0.9, max_tokens=50, seed=7, stop=["END"])
        ),
        "multi_turn": ask(openai(), turns),
        "tools": ask(openai(), [m.user(m.ASKED)], tools=m.FUNCTIONS),
        "image": ask(openai(), [m.user(m.text("What is this?"), picture)]),
        "structured": ask(openai(response_format=Place)),
        "stream": ask(openai(stream=True), [system, m.user(m.QUESTION)]),
        "crew": crew(openai(), m.QUESTION),
        "crew_tools": crew(openai(temperature=0.2), m.ASKED, weather),
        "crew_structured": crew(openai(), m.QUESTION, output_pydantic=Place),
        "anthropic_call": ask(claude(temperature=0.2), [system, m.user(m.QUESTION)]),
        "anthropic_crew": crew(claude(), m.QUESTION),
        "anthropic_tools": crew(claude(), m.ASKED, weather),
        "error_400": ask(openai(), m.ERROR),
    }
