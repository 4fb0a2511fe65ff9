"""AgentScope's models and agents, on OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through AgentScope."""
    from agentscope.agent import ReActAgent
    from agentscope.formatter import AnthropicChatFormatter, OpenAIChatFormatter
    from agentscope.memory import InMemoryMemory
    from agentscope.message import Msg, TextBlock
    from agentscope.model import AnthropicChatModel, OpenAIChatModel
    from agentscope.tool import Toolkit, ToolResponse
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    def weather(city: str) -> ToolResponse:
        """Weather of a city."""
        return ToolResponse(content=[TextBlock(type="text", text=m.TOLD)])

    def chat(**more: Any) -> Any:
        to = {"base_url": f"{url}/v1", "max_retries": 0}
        return OpenAIChatModel(
            "gpt-4o-mini", "none", stream=False, client_kwargs=to, **more
        )

    def claude(**more: Any) -> Any:
        to = {"base_url": url, "max_retries": 0}
        return AnthropicChatModel(
            "claude-sonnet-4-5", "none", stream=False, client_kwargs=to, **more
        )

    system, question = m.turn("system", m.SYSTEM), m.user(m.QUESTION)
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    turns = [m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")]

    def agent(model: Any, formatter: Any) -> Callable[[], Any]:
        async def run() -> Any:
            kit = Toolkit()
            kit.register_tool_function(weather)
            made = ReActAgent(
                name="assistant",
                sys_prompt=m.SYSTEM,
                model=model(),
                formatter=formatter(),
                toolkit=kit,
                memory=InMemoryMemory(),
            )
            return await made(Msg("user", m.ASKED, "user"))

        return run

    made: dict[str, Callable[[], Any]] = {}
    for name, model, formatter in (
        ("chat", chat, OpenAIChatFormatter),
        ("anthropic", claude, AnthropicChatFormatter),
    ):
        made |= {
            f"{name}_text": lambda model=model: model()([system, question]),
            f"{name}_sampling": lambda model=model: model(
                generate_kwargs={"temperature": 0.3}
            )([question]),
            f"{name}_turns": lambda model=model: model()(turns),
            f"{name}_tools": lambda model=model: model()(
                [m.user(m.ASKED)], tools=m.FUNCTIONS, tool_choice="auto"
            ),
            f"{name}_structured": lambda model=model: model()(
                [question], structured_model=Place
            ),
            f"{name}_agent": agent(model, formatter),
            f"{name}_error": lambda model=model: model()([m.user(m.ERROR)]),
        }
    made["chat_image"] = lambda: chat()([m.user(m.text("What is this?"), picture)])
    return made
