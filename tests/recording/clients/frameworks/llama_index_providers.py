"""LlamaIndex's models of further providers, and its agents."""

import importlib
from collections.abc import Callable
from typing import Any

from recording.clients import material as m

# provider -> module, class and arguments; `{url}` stands for the stand-in.
_MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "anthropic": (
        "llama_index.llms.anthropic",
        "Anthropic",
        {
            "model": "claude-sonnet-4-5",
            "base_url": "{url}",
            "api_key": "none",
            "max_retries": 0,
        },
    ),
    "bedrock": (
        "llama_index.llms.bedrock_converse",
        "BedrockConverse",
        {
            "model": "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "region_name": "us-east-1",
            "endpoint_url": "{url}",
            "aws_access_key_id": "none",
            "aws_secret_access_key": "none",
            "max_retries": 1,
        },
    ),
    "mistral": (
        "llama_index.llms.mistralai",
        "MistralAI",
        {
            "model": "mistral-large-latest",
            "endpoint": "{url}",
            "api_key": "none",
            "max_retries": 0,
        },
    ),
    "ollama": (
        "llama_index.llms.ollama",
        "Ollama",
        {"model": "llama3.2", "base_url": "{url}", "context_window": 4096},
    ),
    "like": (
        "llama_index.llms.openai_like",
        "OpenAILike",
        {
            "model": "qwen3",
            "api_base": "{url}/v1",
            "api_key": "none",
            "is_chat_model": True,
            "is_function_calling_model": True,
            "max_retries": 0,
        },
    ),
    "azure": (
        "llama_index.llms.azure_openai",
        "AzureOpenAI",
        {
            "engine": "my-gpt",
            "model": "gpt-4o-mini",
            "azure_endpoint": "{url}",
            "api_key": "none",
            "api_version": "2024-10-21",
            "max_retries": 0,
        },
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through LlamaIndex."""
    from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
    from llama_index.core.tools import FunctionTool

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    tool = FunctionTool.from_defaults(weather)
    system = ChatMessage(role="system", content=m.SYSTEM)
    question = ChatMessage(role="user", content=m.QUESTION)
    turns = [
        ChatMessage(role="user", content=m.ODD),
        ChatMessage(role="assistant", content="777 km"),
        ChatMessage(role="user", content="Die Loire?"),
    ]
    picture = ImageBlock(image=m.PNG, image_mimetype="image/png")
    seen = ChatMessage(role="user", blocks=[TextBlock(text="What is this?"), picture])
    error = ChatMessage(role="user", content=m.ERROR)

    def agent(model: Any) -> Callable[[], Any]:
        async def run() -> Any:
            from llama_index.core.agent.workflow import FunctionAgent

            made = FunctionAgent(tools=[tool], llm=model, system_prompt=m.SYSTEM)
            return await made.run(m.ASKED)

        return run

    made: dict[str, Callable[[], Any]] = {}
    for name, (module, kind, given) in _MODELS.items():
        try:
            maker = getattr(importlib.import_module(module), kind)
        except (ImportError, AttributeError):
            continue
        args = {
            key: value.replace("{url}", url) if isinstance(value, str) else value
            for key, value in given.items()
        }

        def model(maker: Any = maker, args: Any = args, **more: Any) -> Any:
            return maker(**args, **more)

        def ask(*messages: Any, to: Any = model, **more: Any) -> Callable[[], Any]:
            return lambda: to(**more).chat(list(messages))

        made |= {
            f"{name}_text": ask(system, question),
            f"{name}_sampling": ask(question, temperature=0.3),
            f"{name}_complete": lambda to=model: to().complete(m.QUESTION),
            f"{name}_turns": ask(*turns),
            f"{name}_tools": lambda to=model: to().chat_with_tools(
                [tool], user_msg=m.ASKED
            ),
            f"{name}_image": ask(seen),
            f"{name}_stream": lambda to=model: m.used_up(
                to().stream_chat([system, question])
            ),
            f"{name}_agent": agent(model()),
            f"{name}_error": ask(error),
        }
    return made
