"""LlamaIndex's models for OpenAI."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through LlamaIndex."""
    from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
    from llama_index.core.tools import FunctionTool
    from llama_index.llms.openai import OpenAI, OpenAIResponses

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def openai(**more: Any) -> Any:
        asked = {"model": "gpt-4o-mini", "api_key": "none", "max_retries": 0, **more}
        return OpenAI(api_base=f"{url}/v1", **asked)

    def responses(**more: Any) -> Any:
        asked = {"model": "gpt-4o-mini", "api_key": "none", **more}
        return OpenAIResponses(api_base=f"{url}/v1", **asked)

    def said(role: str, words: str, **more: Any) -> Any:
        return ChatMessage(role=role, content=words, **more)

    tool = FunctionTool.from_defaults(weather)
    system, question = said("system", m.SYSTEM), said("user", m.QUESTION)
    asked = said("user", m.ASKED)
    called = said("assistant", "", additional_kwargs={"tool_calls": [m.USED]})
    told = said("tool", m.TOLD, additional_kwargs={"tool_call_id": "call_1"})
    picture = ImageBlock(image=m.PNG, image_mimetype="image/png", detail="low")
    web = ImageBlock(url="https://example.com/a.png")
    words = TextBlock(text="What is this?")

    def ask(model: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: model.chat(list(messages), **more)

    several = ChatMessage(
        role="user", blocks=[TextBlock(text="Capital "), TextBlock(text="of France?")]
    )
    extra = {"top_p": 0.9, "seed": 7, "stop": ["END"], "presence_penalty": 0.1}
    return {
        "complete": lambda: openai().complete(m.QUESTION),
        "text_system": ask(openai(temperature=0.0, max_tokens=50), system, question),
        "sampling": ask(openai(temperature=0.3, additional_kwargs=extra), question),
        "asked_so": ask(openai(), question, top_p=0.5, temperature=0.9),
        "reasoning": ask(openai(model="gpt-5-mini", reasoning_effort="low"), question),
        "multi_turn": ask(
            openai(),
            said("user", m.ODD),
            said("assistant", "777 km"),
            said("user", "Die Loire?"),
        ),
        "several_texts": ask(openai(), system, several),
        "tools": lambda: openai().chat_with_tools(
            [tool], user_msg=m.ASKED, tool_required=True
        ),
        "tool_results": lambda: openai().chat_with_tools(
            [tool], chat_history=[asked, called, told]
        ),
        "image": ask(openai(), ChatMessage(role="user", blocks=[words, picture])),
        "image_url": ask(openai(), ChatMessage(role="user", blocks=[words, web])),
        "stream": lambda: m.used_up(openai().stream_chat([system, question])),
        "asynchronous": lambda: openai().achat([question]),
        "responses_text": ask(responses(instructions=m.SYSTEM), question),
        "responses_tools": lambda: responses().chat_with_tools(
            [tool], user_msg=m.ASKED
        ),
        "error_400": ask(openai(), said("user", m.ERROR)),
    }
