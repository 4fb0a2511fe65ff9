"""LiveKit's language models, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through LiveKit."""
    from livekit.agents import function_tool, llm
    from livekit.plugins import openai

    @function_tool
    async def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def ask(*turns: tuple[str, str], tools: Any = (), **more: Any) -> Any:
        async def run() -> None:
            model = openai.LLM(
                model="gpt-4o-mini", base_url=f"{url}/v1", api_key="none", **more
            )
            chat = llm.ChatContext.empty()
            for role, words in turns:
                chat.add_message(role=role, content=words)
            async with model.chat(chat_ctx=chat, tools=list(tools)) as stream:
                async for _ in stream:
                    pass

        return run

    system, question = ("system", m.SYSTEM), ("user", m.QUESTION)
    return {
        "text_system": ask(system, question),
        "sampling": ask(question, temperature=0.3, max_completion_tokens=50),
        "multi_turn": ask(("user", m.ODD), ("assistant", "777 km"), ("user", "Loire?")),
        "tools": ask(("user", m.ASKED), tools=[weather]),
        "error_400": ask(("user", m.ERROR)),
    }
