"""Faults in what surrounds the question: system prompt, history, tools, temperature.

Bodies are changed in the shape of their own API; a shape that has no such part has
nothing to change.
"""

from typing import Any, Final

from msgspec.structs import replace

from replayd.drills.requests.contract import Asked, OtherMedia

_SYSTEM_KEYS: Final = ("system", "instructions", "systemInstruction")
_TURNS: Final = ("messages", "input", "contents")
_SYSTEM_ROLES: Final = frozenset({"system", "developer"})
_ASSISTANT_ROLES: Final = frozenset({"assistant", "model"})
_DESCRIBED: Final = ("function", "toolSpec")
HOT: Final = 1.5


def system_dropped(asked: Asked, _other: OtherMedia) -> Asked | None:
    """Leave out the system prompt."""
    body = _body(asked)
    changed = {key: value for key, value in body.items() if key not in _SYSTEM_KEYS}
    for key in _TURNS:
        if isinstance(turns := changed.get(key), list):
            changed[key] = [turn for turn in turns if _role(turn) not in _SYSTEM_ROLES]
    return _with_body(asked, body, changed)


def history_cut(asked: Asked, _other: OtherMedia) -> Asked | None:
    """Leave out everything before the newest user turn but the system prompt."""
    body = _body(asked)
    changed = dict(body)
    for key in _TURNS:
        turns = changed.get(key)
        if not isinstance(turns, list):
            continue
        users = [at for at, turn in enumerate(turns) if _role(turn) == "user"]
        answered = any(_role(turn) in _ASSISTANT_ROLES for turn in turns)
        if users and answered:
            system = [t for t in turns[: users[-1]] if _role(t) in _SYSTEM_ROLES]
            changed[key] = [*system, *turns[users[-1] :]]
    return _with_body(asked, body, changed)


def tool_undescribed(asked: Asked, _other: OtherMedia) -> Asked | None:
    """Remove the description of the first tool that has one."""
    body = _body(asked)
    tools = body.get("tools")
    if not isinstance(tools, list):
        return None
    changed = list(tools)
    for at, tool in enumerate(tools):
        bare = _undescribed(tool)
        if bare != tool:
            changed[at] = bare
            return _with_body(asked, body, {**body, "tools": changed})
    return None


def _undescribed(tool: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(tool, dict):
        return tool
    for key in _DESCRIBED:
        if isinstance(tool.get(key), dict):
            return {**tool, key: _undescribed(tool[key])}
    return {key: value for key, value in tool.items() if key != "description"}


def hot(asked: Asked, _other: OtherMedia) -> Asked | None:
    """Ask at temperature 1.5, where the API allows it at the top of its body."""
    body = _body(asked)
    if asked.snapshot.request.api not in {"openai_chat", "mistral_chat"}:
        return None
    return _with_body(asked, body, {**body, "temperature": HOT})


def _body(asked: Asked) -> dict[str, Any]:
    body = asked.snapshot.request.body
    return dict(body) if isinstance(body, dict) else {}


def _role(turn: Any) -> str:  # noqa: ANN401 - JSON
    return str(turn.get("role", "")) if isinstance(turn, dict) else ""


def _with_body(
    asked: Asked, before: dict[str, Any], after: dict[str, Any]
) -> Asked | None:
    if after == before:
        return None
    request = replace(asked.snapshot.request, body=after)
    return Asked(replace(asked.snapshot, request=request), asked.media)
