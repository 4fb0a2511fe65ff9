"""OpenAI Agents SDK's model settings -> fields of a chat completions body."""

from typing import Any

from collector.recognise.dialects.readers.json_values import as_dict, as_text

# Settings that steer the SDK, or another API of its.
_NOT_SENT = (
    "base_url",
    "truncation",
    "include_usage",
    "response_include",
    "retry",
    "timeout",
    "extra_query",
    "extra_headers",
    "context_management",
    "prompt_cache_options",
    "model_impl",
)


def agent_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Return the body fields that a run's model settings turn into."""
    settings = {
        key: value
        for key, value in config.items()
        if value is not None and key not in _NOT_SENT
    }
    reasoning = as_dict(settings.pop("reasoning", None))
    if effort := as_text(reasoning.get("effort")):
        settings["reasoning_effort"] = effort
    choice = settings.get("tool_choice")
    if isinstance(choice, str) and choice not in ("auto", "none", "required"):
        settings["tool_choice"] = {"type": "function", "function": {"name": choice}}
    extra = as_dict(settings.pop("extra_body", None))
    return {**settings, **extra, **as_dict(settings.pop("extra_args", None))}
