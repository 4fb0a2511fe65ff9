"""Agents of LangGraph and LangChain, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def _maker() -> Callable[..., Any]:
    """Return what makes an agent: of LangChain since 1.0, of LangGraph before."""
    try:
        from langchain.agents import create_agent
    except ImportError:
        from langgraph.prebuilt import create_react_agent

        return lambda model, tools, system: create_react_agent(
            model, tools, prompt=system
        )
    return lambda model, tools, system: create_agent(model, tools, system_prompt=system)


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    from langchain_anthropic import ChatAnthropic
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    @tool
    def clock(zone: str = "CET") -> str:
        """Time in a zone."""
        return "12:30"

    make = _maker()
    to = {"base_url": f"{url}/v1", "api_key": "none", "max_retries": 0}
    chat = ChatOpenAI(model="gpt-4o-mini", **to)
    responses = ChatOpenAI(model="gpt-4o-mini", use_responses_api=True, **to)
    claude = ChatAnthropic(
        model="claude-sonnet-4-5", base_url=url, api_key="none", max_retries=0
    )

    def run(model: Any, *given: Any, system: str | None = m.SYSTEM) -> Any:
        tools = [weather, clock]
        return lambda: make(model, tools, system).invoke({"messages": list(given)})

    def streamed(model: Any) -> Callable[[], Any]:
        return lambda: m.used_up(
            make(model, [weather], m.SYSTEM).stream(
                {"messages": [("user", m.ASKED)]}, stream_mode="messages"
            )
        )

    def later(model: Any) -> Callable[[], Any]:
        agent = make(model, [weather], None)
        return lambda: agent.ainvoke({"messages": [("user", m.ASKED)]})

    turns = [("user", m.ODD), ("assistant", "777 km"), ("user", m.ASKED)]
    made: dict[str, Callable[[], Any]] = {}
    for name, model in (
        ("chat", chat),
        ("responses", responses),
        ("anthropic", claude),
    ):
        made |= {
            f"{name}_agent": run(model, ("user", m.ASKED)),
            f"{name}_bare": run(model, ("user", m.QUESTION), system=None),
            f"{name}_turns": run(model, *turns),
            f"{name}_stream": streamed(model),
            f"{name}_asynchronous": later(model),
        }
    return made
