"""Haystack's generators, of further providers and in a retrieval pipeline."""

import os
from collections.abc import Callable
from typing import Any

from recording.clients import material as m
from recording.clients.providers import Table, makers

_GENERATORS = "haystack_integrations.components.generators"
_SET = {
    "ANTHROPIC_API_KEY": "none",
    "ANTHROPIC_BASE_URL": "{url}",
    "GOOGLE_API_KEY": "none",
    "GOOGLE_GEMINI_BASE_URL": "{url}",
    "MISTRAL_API_KEY": "none",
    "AZURE_OPENAI_API_KEY": "none",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
}
_MODELS: Table = {
    "anthropic": (
        f"{_GENERATORS}.anthropic",
        "AnthropicChatGenerator",
        {"model": "claude-sonnet-4-5"},
    ),
    "google": (
        f"{_GENERATORS}.google_genai",
        "GoogleGenAIChatGenerator",
        {"model": "gemini-2.5-flash"},
    ),
    "ollama": (
        f"{_GENERATORS}.ollama",
        "OllamaChatGenerator",
        {"model": "llama3.2", "url": "{url}"},
    ),
    "bedrock": (
        f"{_GENERATORS}.amazon_bedrock",
        "AmazonBedrockChatGenerator",
        {"model": "us.amazon.nova-lite-v1:0"},
    ),
    "mistral": (
        f"{_GENERATORS}.mistral",
        "MistralChatGenerator",
        {"model": "mistral-large-latest", "api_base_url": "{url}/v1"},
    ),
    "responses": (
        "haystack.components.generators.chat",
        "OpenAIResponsesChatGenerator",
        {"model": "gpt-4o-mini", "api_base_url": "{url}/v1"},
    ),
    "azure": (
        "haystack.components.generators.chat",
        "AzureOpenAIChatGenerator",
        {"azure_endpoint": "{url}", "azure_deployment": "my-gpt"},
    ),
}


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through Haystack."""
    os.environ |= {name: value.replace("{url}", url) for name, value in _SET.items()}
    from haystack import Pipeline
    from haystack.dataclasses import ChatMessage, ImageContent
    from haystack.tools import Tool

    tool = Tool(
        name="weather",
        description=m.ABOUT,
        parameters=m.CITY,
        function=lambda city: m.TOLD,
    )
    system = ChatMessage.from_system(m.SYSTEM)
    question = ChatMessage.from_user(m.QUESTION)
    picture = ImageContent(base64_image=m.encoded(m.PNG), mime_type="image/png")
    seen = ChatMessage.from_user(content_parts=["What is this?", picture])
    turns = (
        ChatMessage.from_user(m.ODD),
        ChatMessage.from_assistant("777 km"),
        ChatMessage.from_user("Die Loire?"),
    )

    def ask(model: Any, *messages: Any, **more: Any) -> Callable[[], Any]:
        def run() -> Any:
            pipeline = Pipeline()
            pipeline.add_component("llm", model(**more))
            return pipeline.run({"llm": {"messages": list(messages)}})

        return run

    made: dict[str, Callable[[], Any]] = {}
    for name, model in makers(_MODELS, url):
        made |= {
            f"{name}_text": ask(model, system, question),
            f"{name}_turns": ask(model, *turns),
            f"{name}_tools": ask(model, ChatMessage.from_user(m.ASKED), tools=[tool]),
            f"{name}_image": ask(model, seen),
            f"{name}_stream": ask(
                model, system, question, streaming_callback=lambda _: None
            ),
            f"{name}_error": ask(model, ChatMessage.from_user(m.ERROR)),
        }
    return {**made, "retrieval": _retrieval(url)}


def _retrieval(url: str) -> Callable[[], Any]:
    """Return a question that is answered from documents."""
    from haystack import Document, Pipeline
    from haystack.components.builders import ChatPromptBuilder
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.dataclasses import ChatMessage
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack.utils import Secret

    def run() -> Any:
        store = InMemoryDocumentStore()
        store.write_documents([Document(content="Paris is the capital of France.")])
        prompt = "{% for d in documents %}{{ d.content }}{% endfor %}\n{{ question }}"
        pipeline = Pipeline()
        pipeline.add_component("retriever", InMemoryBM25Retriever(store))
        pipeline.add_component(
            "prompt",
            ChatPromptBuilder(
                template=[ChatMessage.from_user(prompt)], required_variables="*"
            ),
        )
        pipeline.add_component(
            "llm",
            OpenAIChatGenerator(
                api_key=Secret.from_token("none"), api_base_url=f"{url}/v1"
            ),
        )
        pipeline.connect("retriever", "prompt.documents")
        pipeline.connect("prompt.prompt", "llm.messages")
        asked = {"query": m.QUESTION}
        given = {"retriever": asked, "prompt": {"question": m.QUESTION}}
        return pipeline.run(given)

    return run
