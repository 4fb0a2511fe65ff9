"""Request fields of Cohere's Chat API, version 2; see the package."""

from snaptrace.snapshot.apis.catalogue.openai import CHAT_TOOLS

FIELDS: dict[str, tuple[str, ...]] = {
    "cohere_chat": (
        "model",
        "messages.content.image_url.detail",
        "messages.tool_plan",
        "messages.citations",
        "citation_options",
        "documents",
        "frequency_penalty",
        "k",
        "logprobs",
        "max_tokens",
        "p",
        "presence_penalty",
        "priority",
        "raw_prompting",
        "reasoning_effort",
        "response_format.type",
        "response_format.json_schema",
        "response_format.schema",
        "safety_mode",
        "seed",
        "stop_sequences",
        "strict_tools",
        "temperature",
        "thinking",
        "tool_choice",
        *CHAT_TOOLS[:-1],
    ),
}
