"""Gemini's tool declarations and tool choice, read and rendered."""

from snaptrace.snapshot.conversation import Tool
from snaptrace.snapshot.json_values import as_text
from snaptrace.snapshot.model import Json

_MODES = {"AUTO": "auto", "NONE": "none", "ANY": "required"}
_MODES_BACK = {word: mode for mode, word in _MODES.items()}


def parse_tools(rest: dict[str, Json]) -> tuple[Tool, ...]:
    """Return the declared tools, taken out of `rest`."""
    tools = rest.pop("tools", None)
    if isinstance(tools, dict):
        tools = [tools]
    found: list[Tool] = []
    for raw in tools if isinstance(tools, list | tuple) else ():
        if not isinstance(raw, dict):
            found.append(Tool(name="", kind="unknown", extra={"value": raw}))
            continue
        own = dict(raw)
        declared = own.pop(
            "functionDeclarations", own.pop("function_declarations", None)
        )
        if isinstance(declared, list | tuple):
            found.extend(_parse_declaration(one) for one in declared)
        own = {key: value for key, value in own.items() if value is not None}
        if own:
            found.append(Tool(name="", kind=next(iter(own)), extra=own))
    return tuple(found)


def _parse_declaration(raw: Json) -> Tool:
    if not isinstance(raw, dict):
        return Tool(name="", kind="unknown", extra={"value": raw})
    rest = {key: value for key, value in raw.items() if value is not None}
    return Tool(
        name=as_text(rest.pop("name", "")),
        description=as_text(rest.pop("description", "")),
        parameters=rest.pop("parameters", None),
        extra=rest,
    )


def _render_tool(tool: Tool) -> Json:
    body: dict[str, Json] = {"name": tool.name}
    if tool.description:
        body["description"] = tool.description
    if tool.parameters is not None:
        body["parameters"] = tool.parameters
    return {**body, **tool.extra}


def parse_choice(rest: dict[str, Json]) -> Json:
    """Return the tool choice, taken out of `rest` where it can be said in full."""
    config = rest.get("toolConfig")
    own = (
        _get(config, "functionCallingConfig", "function_calling_config")
        if isinstance(config, dict)
        else None
    )
    if not isinstance(config, dict) or not isinstance(own, dict) or len(config) > 1:
        return None
    names = _get(own, "allowedFunctionNames", "allowed_function_names")
    mode = own.get("mode")
    found: Json = None
    if mode == "ANY" and isinstance(names, list) and len(names) == 1:
        found = {"name": names[0]}
    elif isinstance(mode, str) and mode in _MODES and not names and len(own) == 1:
        found = _MODES[mode]
    if found is not None:
        del rest["toolConfig"]
    return found


def render_choice(choice: Json) -> Json:
    """Return the `toolConfig` of a body."""
    if isinstance(choice, dict) and set(choice) == {"name"}:
        config = {"mode": "ANY", "allowedFunctionNames": [choice["name"]]}
        return {"functionCallingConfig": config}
    if isinstance(choice, str):
        return {"functionCallingConfig": {"mode": _MODES_BACK.get(choice, "AUTO")}}
    return choice


def render_tools(tools: tuple[Tool, ...]) -> list[Json]:
    """Return the `tools` of a body: declarations first, built-in tools after."""
    declared = [_render_tool(tool) for tool in tools if tool.kind == "function"]
    others: list[Json] = [dict(tool.extra) for tool in tools if tool.kind != "function"]
    return [{"functionDeclarations": declared}, *others] if declared else others


def _get(raw: dict[str, Json], camel: str, snake: str) -> Json:
    found = raw.get(camel)
    return raw.get(snake) if found is None else found
