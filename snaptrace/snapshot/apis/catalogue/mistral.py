"""Request fields of Mistral's chat completions; see the package."""

from snaptrace.snapshot.apis.catalogue.openai import CHAT_TOOLS

FIELDS: dict[str, tuple[str, ...]] = {
    "mistral_chat": (
        "model",
        "messages.name",
        "messages.prefix",
        "messages.content.image_url.detail",
        "messages.content.document_name",
        "frequency_penalty",
        "guardrails",
        "max_tokens",
        "metadata",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_mode",
        "random_seed",
        "reasoning_effort",
        "response_format.type",
        "response_format.json_schema.name",
        "response_format.json_schema.description",
        "response_format.json_schema.schema",
        "response_format.json_schema.strict",
        "safe_prompt",
        "stop",
        "temperature",
        "tool_choice",
        *CHAT_TOOLS,
        "top_p",
    ),
}
