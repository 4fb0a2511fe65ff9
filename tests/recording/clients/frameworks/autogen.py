"""AutoGen's clients and agents, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through AutoGen."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_core.models import AssistantMessage, SystemMessage, UserMessage
    from autogen_core.tools import FunctionTool
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def client(**more: Any) -> Any:
        return OpenAIChatCompletionClient(
            model="gpt-4o-mini",
            base_url=f"{url}/v1",
            api_key="none",
            max_retries=0,
            **more,
        )

    tool = FunctionTool(weather, description=m.ABOUT)
    system = SystemMessage(content=m.SYSTEM)
    question = UserMessage(content=m.QUESTION, source="user")
    turns = [
        UserMessage(content=m.ODD, source="user"),
        AssistantMessage(content="777 km", source="assistant"),
        UserMessage(content="Die Loire?", source="user"),
    ]

    def agent(given: str, **more: Any) -> Callable[[], Any]:
        made = AssistantAgent("assistant", model_client=client(), **more)
        return lambda: made.run(task=given)

    async def streamed() -> None:
        async for _ in client().create_stream([system, question]):
            pass

    return {
        "text_system": lambda: client().create([system, question]),
        "sampling": lambda: client(
            temperature=0.3, top_p=0.9, seed=7, max_tokens=50, stop=["END"]
        ).create([question]),
        "multi_turn": lambda: client().create(turns),
        "tools": lambda: client().create(
            [UserMessage(content=m.ASKED, source="user")], tools=[tool]
        ),
        "json_output": lambda: client().create([question], json_output=True),
        "stream": streamed,
        "agent": agent(m.QUESTION, system_message=m.SYSTEM),
        "agent_tools": agent(m.ASKED, tools=[tool]),
        "error_400": lambda: client().create(
            [UserMessage(content=m.ERROR, source="user")]
        ),
    }
