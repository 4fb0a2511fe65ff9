"""LangChain's chat models of further providers."""

import importlib
from collections.abc import Callable
from typing import Any

from recording.clients import material as m

# provider -> module, class and arguments; `{url}` stands for the stand-in.
_MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "google": (
        "langchain_google_genai",
        "ChatGoogleGenerativeAI",
        {
            "model": "gemini-2.5-flash",
            "google_api_key": "none",
            "base_url": "{url}",
            "max_retries": 1,
        },
    ),
    "bedrock": (
        "langchain_aws",
        "ChatBedrockConverse",
        {
            "model": "anthropic.claude-sonnet-4-20250514-v1:0",
            "region_name": "us-east-1",
            "base_url": "{url}",
            "aws_access_key_id": "none",
            "aws_secret_access_key": "none",
        },
    ),
    "invoke": (
        "langchain_aws",
        "ChatBedrock",
        {
            "model": "anthropic.claude-sonnet-4-20250514-v1:0",
            "region": "us-east-1",
            "endpoint_url": "{url}",
            "aws_access_key_id": "none",
            "aws_secret_access_key": "none",
        },
    ),
    "mistral": (
        "langchain_mistralai",
        "ChatMistralAI",
        {
            "model": "mistral-large-latest",
            "api_key": "none",
            "endpoint": "{url}/v1",
            "max_retries": 1,
        },
    ),
    "ollama": (
        "langchain_ollama",
        "ChatOllama",
        {"model": "llama3.2", "base_url": "{url}"},
    ),
    "groq": (
        "langchain_groq",
        "ChatGroq",
        {
            "model": "llama-3.3-70b-versatile",
            "api_key": "none",
            "base_url": "{url}",
            "max_retries": 0,
        },
    ),
    "cohere": (
        "langchain_cohere",
        "ChatCohere",
        {"model": "command-a-03-2025", "cohere_api_key": "none", "base_url": "{url}"},
    ),
    "deepseek": (
        "langchain_deepseek",
        "ChatDeepSeek",
        {
            "model": "deepseek-chat",
            "api_key": "none",
            "api_base": "{url}/v1",
            "max_retries": 0,
        },
    ),
    "azure": (
        "langchain_openai",
        "AzureChatOpenAI",
        {
            "azure_deployment": "my-gpt",
            "azure_endpoint": "{url}",
            "api_key": "none",
            "api_version": "2024-10-21",
            "max_retries": 0,
        },
    ),
}


def _models(url: str) -> dict[str, Callable[..., Any]]:
    """Return what makes a model, of the providers that are installed."""
    found: dict[str, Callable[..., Any]] = {}
    for name, (module, kind, given) in _MODELS.items():
        try:
            made = getattr(importlib.import_module(module), kind)
        except (ImportError, AttributeError):
            continue
        args = {
            key: value.replace("{url}", url) if isinstance(value, str) else value
            for key, value in given.items()
        }

        def make(made: Any = made, args: Any = args, **more: Any) -> Any:
            return made(**args, **more)

        found[name] = make
    return found


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through LangChain."""
    from langchain_core.messages import (
        AIMessage,
        HumanMessage,
        SystemMessage,
        ToolMessage,
    )
    from langchain_core.tools import tool

    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    system, question = SystemMessage(m.SYSTEM), HumanMessage(m.QUESTION)
    asked = HumanMessage(m.ASKED)
    call = {"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}
    called = AIMessage("Looking.", tool_calls=[call])
    told = ToolMessage(m.TOLD, tool_call_id="call_1", name="weather")
    block = {"type": "image", "base64": m.encoded(m.PNG), "mime_type": "image/png"}
    picture = {"type": "image_url", "image_url": {"url": m.url_of(m.PNG, "image/png")}}
    several = HumanMessage([m.text("Capital "), m.text("of France?")])
    turns = [system, HumanMessage(m.ODD), AIMessage("777 km"), HumanMessage("Loire?")]
    place = {"title": "place", "description": "A place.", **m.PLACE}

    def ask(model: Any, *messages: Any, **given: Any) -> Callable[[], Any]:
        return lambda: model(**given).invoke(list(messages))

    def with_tools(model: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: model().bind_tools([weather], **more).invoke(list(messages))

    def form(model: Any) -> Callable[[], Any]:
        return lambda: model().with_structured_output(place).invoke([question])

    def stream(model: Any) -> Callable[[], Any]:
        return lambda: m.used_up(model().stream([system, question]))

    made: dict[str, Callable[[], Any]] = {}
    for name, model in _models(url).items():
        limits: dict[str, Any] = {"temperature": 0.3}
        if name not in ("ollama", "cohere", "invoke"):
            limits["max_tokens"] = 50
        made |= {
            f"{name}_text": ask(model, system, question),
            f"{name}_bare": ask(model, question),
            f"{name}_sampling": ask(model, question, **limits),
            f"{name}_turns": ask(model, *turns),
            f"{name}_several": ask(model, system, several),
            f"{name}_tools": with_tools(model, asked),
            f"{name}_results": with_tools(model, asked, called, told),
            f"{name}_image": ask(
                model, HumanMessage([m.text("What is this?"), picture])
            ),
            f"{name}_block": ask(model, HumanMessage([m.text("What is this?"), block])),
            f"{name}_structured": form(model),
            f"{name}_stream": stream(model),
            f"{name}_error": ask(model, HumanMessage(m.ERROR)),
        }
    return made
