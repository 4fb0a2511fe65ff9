"""LiteLLM's SDK, to several providers."""

from collections.abc import Callable
from typing import Any

from recording.clients import anthropic, openai
from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of LiteLLM."""
    import litellm

    litellm.suppress_debug_info = True

    def to_openai(model: str, **more: Any) -> Any:
        return litellm.completion(
            model=f"openai/{model}",
            api_base=f"{url}/v1",
            api_key="none",
            num_retries=0,
            **more,
        )

    def to_anthropic(**more: Any) -> Any:
        return litellm.completion(
            model="anthropic/claude-sonnet-4-5",
            api_base=url,
            api_key="none",
            num_retries=0,
            **more,
        )

    def to_google(**more: Any) -> Any:
        return litellm.completion(
            model="gemini/gemini-2.5-flash",
            api_base=f"{url}/v1beta/models/gemini-2.5-flash",
            api_key="none",
            num_retries=0,
            **more,
        )

    system, question = m.turn("system", m.SYSTEM), m.user(m.QUESTION)
    asked = m.user(m.ASKED)
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    called = m.turn("assistant", None, tool_calls=[m.USED])
    told = m.turn("tool", m.TOLD, tool_call_id="call_1")
    assert anthropic.TOOL
    chat = openai.chat(to_openai, "gpt-4o-mini")
    return {
        **{name: call for name, call in chat.items() if name != "extra"},
        "asynchronous": lambda: litellm.acompletion(
            model="openai/gpt-4o-mini",
            api_base=f"{url}/v1",
            api_key="none",
            messages=[question],
        ),
        "anthropic_text": lambda: to_anthropic(
            messages=[system, question], temperature=0.2, max_tokens=100
        ),
        "anthropic_tools": lambda: to_anthropic(messages=[asked], tools=m.FUNCTIONS),
        "anthropic_results": lambda: to_anthropic(
            messages=[asked, called, told], tools=m.FUNCTIONS
        ),
        "anthropic_image": lambda: to_anthropic(
            messages=[m.user(m.text("What is this?"), picture)]
        ),
        "google_text": lambda: to_google(messages=[system, question], temperature=0.2),
        "google_tools": lambda: to_google(messages=[asked], tools=m.FUNCTIONS),
        "embeddings": lambda: litellm.embedding(
            model="openai/text-embedding-3-small",
            api_base=f"{url}/v1",
            api_key="none",
            input=["one", "two"],
        ),
        "responses_text": lambda: litellm.responses(
            model="openai/gpt-4o-mini",
            api_base=f"{url}/v1",
            api_key="none",
            input=m.QUESTION,
            instructions=m.SYSTEM,
        ),
    }
