"""LangChain's chat models for OpenAI and Anthropic."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through LangChain."""
    from langchain_anthropic import ChatAnthropic
    from langchain_core.messages import (
        AIMessage,
        HumanMessage,
        SystemMessage,
        ToolMessage,
    )
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def openai(**more: Any) -> Any:
        asked = {"model": "gpt-4o-mini", "api_key": "none", "max_retries": 0, **more}
        return ChatOpenAI(base_url=f"{url}/v1", **asked)

    def anthropic(**more: Any) -> Any:
        asked = {"model": "claude-sonnet-4-5", "max_tokens": 100, **more}
        return ChatAnthropic(base_url=url, api_key="none", max_retries=0, **asked)

    system, question = SystemMessage(m.SYSTEM), HumanMessage(m.QUESTION)
    asked = HumanMessage(m.ASKED)
    call = {"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}
    called = AIMessage("Looking.", tool_calls=[call])
    told = ToolMessage(m.TOLD, tool_call_id="call_1")
    pieces = ToolMessage([m.text("18 "), m.text("degrees")], tool_call_id="call_1")
    picture = {"url": m.url_of(m.PNG, "image/png"), "detail": "low"}
    block = {"type": "image", "base64": m.encoded(m.PNG), "mime_type": "image/png"}
    several = HumanMessage([m.text("Capital "), m.text("of France?")])
    embedder = OpenAIEmbeddings(
        model="text-embedding-3-small",
        base_url=f"{url}/v1",
        api_key="none",
        check_embedding_ctx_length=False,
    )
    turns = [system, HumanMessage(m.ODD), AIMessage("777 km"), HumanMessage("Loire?")]

    def ask(model: Any, *messages: Any) -> Callable[[], Any]:
        return lambda: model.invoke(list(messages))

    image = HumanMessage(
        [m.text("What is this?"), {"type": "image_url", "image_url": picture}]
    )
    standard = HumanMessage([m.text("What is this?"), block])
    sampled = openai(
        temperature=0.3,
        top_p=0.9,
        seed=7,
        max_tokens=40,
        n=2,
        stop=["END"],
        frequency_penalty=0.2,
        presence_penalty=0.1,
        logprobs=True,
    )
    place = {"title": "place", "description": "A place.", **m.PLACE}
    with_tools = openai().bind_tools([weather])
    return {
        "text_system": ask(openai(temperature=0.0), system, question),
        "text": lambda: openai().invoke(m.QUESTION),
        "sampling": ask(sampled, question),
        "reasoning": ask(openai(model="gpt-5-mini", reasoning_effort="low"), question),
        "multi_turn": ask(openai(), *turns),
        "several_texts": ask(openai(), system, several),
        "tools": ask(
            openai().bind_tools([weather], tool_choice="any", strict=True), asked
        ),
        "tool_results": ask(with_tools, asked, called, told),
        "tool_pieces": ask(with_tools, asked, called, pieces),
        "image": ask(openai(), image),
        "image_block": ask(openai(), standard),
        "structured": ask(openai().with_structured_output(place), question),
        "function_calling": ask(
            openai().with_structured_output(place, method="function_calling"), question
        ),
        "stream": lambda: m.used_up(openai().stream([system, question])),
        "asynchronous": lambda: openai().ainvoke([question]),
        "responses_text": ask(
            openai(use_responses_api=True, reasoning={"effort": "low"}),
            system,
            question,
        ),
        "responses_tools": ask(
            openai(use_responses_api=True).bind_tools([weather]), asked
        ),
        "embeddings": lambda: embedder.embed_documents(["one", "two"]),
        "anthropic_text": ask(anthropic(temperature=0.2), system, question),
        "anthropic_turns": ask(anthropic(), *turns),
        "anthropic_tools": ask(anthropic().bind_tools([weather]), asked),
        "anthropic_results": ask(
            anthropic().bind_tools([weather]), asked, called, told
        ),
        "anthropic_pieces": ask(
            anthropic().bind_tools([weather]), asked, called, pieces
        ),
        "anthropic_image": ask(anthropic(), standard),
        "error_400": ask(openai(), HumanMessage(m.ERROR)),
    }
