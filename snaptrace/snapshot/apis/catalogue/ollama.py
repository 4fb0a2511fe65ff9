"""Request fields of Ollama's own API; see the package."""

from snaptrace.snapshot.apis.catalogue.openai import CHAT_TOOLS

_OLLAMA_OPTIONS = tuple(
    f"options.{name}"
    for name in (
        "frequency_penalty",
        "min_p",
        "num_ctx",
        "num_keep",
        "num_predict",
        "presence_penalty",
        "repeat_last_n",
        "repeat_penalty",
        "seed",
        "stop",
        "temperature",
        "tfs_z",
        "top_k",
        "top_p",
        "typical_p",
    )
)
FIELDS: dict[str, tuple[str, ...]] = {
    "ollama_chat": (
        "model",
        "messages.thinking",
        "messages.tool_name",
        "format",
        "keep_alive",
        "logprobs",
        *_OLLAMA_OPTIONS,
        "think",
        *CHAT_TOOLS[:-1],
        "top_logprobs",
    ),
    "ollama_generate": (
        "model",
        "prompt",
        "context",
        "format",
        "images",
        "keep_alive",
        "logprobs",
        *_OLLAMA_OPTIONS,
        "raw",
        "suffix",
        "system",
        "template",
        "think",
        "top_logprobs",
    ),
}
