"""Semantic Kernel's services, on OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Semantic Kernel."""
    from openai import AsyncOpenAI
    from semantic_kernel import Kernel
    from semantic_kernel.connectors.ai import FunctionChoiceBehavior
    from semantic_kernel.connectors.ai.open_ai import (
        OpenAIChatCompletion,
        OpenAIChatPromptExecutionSettings,
    )
    from semantic_kernel.contents import (
        ChatHistory,
        ChatMessageContent,
        ImageContent,
        TextContent,
    )
    from semantic_kernel.contents.utils.author_role import AuthorRole
    from semantic_kernel.functions import kernel_function

    class Weather:
        """A plug-in."""

        @kernel_function(name="weather", description=m.ABOUT)
        def weather(self, city: str) -> str:
            """Weather of a city."""
            return m.TOLD

    kernel = Kernel()
    kernel.add_plugin(Weather(), "geo")
    service = OpenAIChatCompletion(
        ai_model_id="gpt-4o-mini",
        async_client=AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0),
    )

    def history(*words: str, system: str | None = None) -> Any:
        made = ChatHistory(system_message=system)
        for index, one in enumerate(words):
            add = made.add_assistant_message if index % 2 else made.add_user_message
            add(one)
        return made

    def ask(chat: Any, **more: Any) -> Callable[[], Any]:
        settings = OpenAIChatPromptExecutionSettings(**more)
        return lambda: service.get_chat_message_contents(chat, settings, kernel=kernel)

    async def streamed() -> None:
        settings = OpenAIChatPromptExecutionSettings()
        chat = history(m.QUESTION, system=m.SYSTEM)
        async for _ in service.get_streaming_chat_message_contents(chat, settings):
            pass

    seen = history()
    picture = ImageContent(data_uri=m.url_of(m.PNG, "image/png"))
    seen.add_message(
        ChatMessageContent(
            role=AuthorRole.USER, items=[TextContent(text="What is this?"), picture]
        )
    )
    auto = FunctionChoiceBehavior.Auto()
    return {
        "text_system": ask(history(m.QUESTION, system=m.SYSTEM)),
        "sampling": ask(
            history(m.QUESTION),
            temperature=0.3,
            top_p=0.9,
            max_tokens=50,
            seed=7,
            stop=["END"],
            presence_penalty=0.1,
            frequency_penalty=0.2,
        ),
        "multi_turn": ask(history(m.ODD, "777 km", "Die Loire?")),
        "tools": ask(history(m.ASKED), function_choice_behavior=auto),
        "json_object": ask(
            history(m.QUESTION), response_format={"type": "json_object"}
        ),
        "image": ask(seen),
        "stream": streamed,
        "error_400": ask(history(m.ERROR)),
    }
