"""Fields that Mistral's own client adds to the messages that it is given.

It sends an assistant's `prefix` and a tool call's `index` whether or not they were
given, as its models have them by default. Source: `mistralai` 1.9 to 3.7.
"""

from typing import Any

from collector.recognise.dialects.readers.json_values import as_dict, as_list

ADDED = ("messages.prefix", "messages.tool_calls.index")
_OF_TURNS: dict[str, Any] = {"prefix": False}
_OF_CALLS: dict[str, Any] = {"index": 0}


def with_defaults(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body as the client sends it; what was given stays as it is."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    return {**body, "messages": [_message(message) for message in messages]}


def _message(message: Any) -> Any:  # noqa: ANN401 - any JSON
    if as_dict(message).get("role") != "assistant":
        return message
    own = {**_OF_TURNS, **message}
    if calls := as_list(message.get("tool_calls")):
        own["tool_calls"] = [
            {**_OF_CALLS, **call} if isinstance(call, dict) else call for call in calls
        ]
    return own
