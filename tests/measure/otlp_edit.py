"""Edits the content of OTLP exports, wherever it stands: attributes, events, bodies.

JSON inside strings is edited as JSON, and flattened attributes by their names.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest

Kind = Literal[
    "replace",  # a text by another
    "cut",  # a long text to half its length
    "drop_turn",  # the message that holds a text
    "drop_part",  # the part of a message that holds it
    "swap_role",  # of the message that holds it
    "drop_tool",
    "drop_tools",
    "drop_in_tool",
    "drop_key",
    "rename_key",
]
_FLAT = re.compile(r"(?P<list>.*?)\.(?P<index>\d+)(?:\.(?P<rest>.+))?$")
_TOOLS = ("tools", "functions", "definitions", "toolConfig", "functionDeclarations")
_SWAPPED = {"user": "assistant", "system": "user", "developer": "user"}
_NOTHING = object()


class Edit(NamedTuple):
    """One edit: what it looks for, and what stands there afterwards."""

    kind: Kind
    what: str
    by: str = ""


def edited(exports: list[OtlpRequest], edit: Edit) -> list[OtlpRequest] | None:
    """Return the exports after an edit, None if it found nothing to do."""
    changed, result = False, []
    for export in exports:
        message = _decoded(export)
        here = False
        for held in _records(message):
            here = _edit_attributes(held, edit) or here
        changed = changed or here
        body = message.SerializeToString() if here else export.body
        result.append(_with_body(export, body))
    return result if changed else None


def _with_body(export: OtlpRequest, body: bytes) -> OtlpRequest:
    return OtlpRequest(
        signal=export.signal,
        encoding=export.encoding,
        body=body,
        received_at_ns=export.received_at_ns,
    )


def _decoded(export: OtlpRequest) -> Any:
    kinds = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}
    return kinds[export.signal].FromString(export.body)


def _records(message: Any) -> Iterator[Any]:
    for resource in getattr(message, "resource_spans", ()):
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield span
                yield from span.events
    for resource in getattr(message, "resource_logs", ()):
        for scope in resource.scope_logs:
            yield from scope.log_records


def _edit_attributes(held: Any, edit: Edit) -> bool:
    before = {pair.key: _python(pair.value) for pair in held.attributes}
    after = _flat(_value(before, edit), before, edit)
    changed = after != before
    if changed:
        del held.attributes[:]
        for key, value in after.items():
            _fill(held.attributes.add(key=key).value, value)
    if hasattr(held, "body"):
        told = _python(held.body)
        new = _value(told, edit)
        if new != told:
            held.body.Clear()
            _fill(held.body, None if new is _NOTHING else new)
            changed = True
    return changed


def _python(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_python(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _python(pair.value) for pair in value.kvlist_value.values}
    return getattr(value, kind) if kind else None


def _fill(target: Any, value: Any) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            _fill(target.array_value.values.add(), item)
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        for key, item in value.items():
            _fill(target.kvlist_value.values.add(key=key).value, item)


def _holds(value: Any, what: str) -> bool:
    if isinstance(value, dict):
        return any(_holds(inner, what) for inner in value.values())
    if isinstance(value, list):
        return any(_holds(inner, what) for inner in value)
    if not isinstance(value, str):
        return False
    if what in value:
        return True
    inner = _json(value)
    return inner is not None and _holds(inner, what)


def _json(text: str) -> Any:
    if text[:1] not in ("{", "[", '"'):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list | str) else None


def _names(key: str, name: str) -> bool:
    last = key.rsplit(".", 1)[-1]
    return last.replace("_", "").lower() == name.replace("_", "").lower()


def _value(value: Any, edit: Edit) -> Any:
    """Return a value after the edit, `_NOTHING` if it went."""
    if isinstance(value, str):
        return _text(value, edit)
    if isinstance(value, list):
        items = (item for item in value if not _goes(item, edit))
        return [new for item in items if (new := _value(item, edit)) is not _NOTHING]
    if isinstance(value, dict):
        return _object(value, edit)
    return value


def _text(text: str, edit: Edit) -> Any:
    inner = _json(text)
    if inner is not None and not (edit.kind == "cut" and inner == edit.what):
        new = _value(inner, edit)
        same = new == inner
        return text if same else json.dumps(new, ensure_ascii=False)
    if edit.kind == "replace" and edit.what in text:
        return text.replace(edit.what, edit.by)
    if edit.kind == "cut" and edit.what in text:
        return text.replace(edit.what, edit.what[: len(edit.what) // 2])
    return text


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and ("role" in value or "message" in value)


def _nearest(value: dict[str, Any], what: str) -> bool:
    """Return whether no smaller turn or part within a dict holds a text."""
    return not any(
        isinstance(item, dict) and _holds(item, what)
        for inner in value.values()
        for item in (inner if isinstance(inner, list) else [inner])
    )


def _goes(item: Any, edit: Edit) -> bool:
    if not isinstance(item, dict):
        return False
    if edit.kind == "drop_turn":
        return _is_turn(item) and _holds(item, edit.what)
    if edit.kind == "drop_part":
        inner = [x for v in item.values() if isinstance(v, list) for x in v]
        return (
            not any(isinstance(x, dict) and _holds(x, edit.what) for x in inner)
            and _holds(item, edit.what)
            and "messages" not in item
            and not _is_turn(item)
        )
    if edit.kind == "drop_tool":
        own = item.get("function") or item.get("toolSpec") or item
        described = isinstance(own, dict) and not {"arguments", "args"} & own.keys()
        return described and "role" not in item and own.get("name") == edit.what
    return False


def _object(value: dict[str, Any], edit: Edit) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        if edit.kind == "drop_key" and _names(key, edit.what):
            continue
        if edit.kind == "drop_tools" and key.rsplit(".", 1)[-1] in _TOOLS:
            continue
        new = _value(inner, edit)
        if new is not _NOTHING:
            renamed = edit.kind == "rename_key" and _names(key, edit.what)
            kept[f"{key}_value" if renamed else key] = new
    if edit.kind == "swap_role" and _holds_here(value, edit.what):
        kept["role"] = _SWAPPED.get(value["role"], "user")
    if edit.kind == "drop_in_tool" and value.get("name") == edit.what:
        kept.pop("description", None)
    return kept


def _holds_here(value: dict[str, Any], what: str) -> bool:
    return isinstance(value.get("role"), str) and _holds(value, what)


def _flat(value: Any, before: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """Edit what is a list by its attributes' names: `llm.input_messages.0.…`."""
    after: dict[str, Any] = value
    hit = {
        (found["list"], found["index"])
        for key, told in before.items()
        if (found := _FLAT.match(key)) and found["rest"] and _is_hit(key, told, edit)
    }
    for name, index in hit:
        prefix = f"{name}.{index}."
        if edit.kind in ("drop_turn", "drop_tool") or (
            edit.kind == "drop_part" and ".contents." not in prefix
        ):
            after = {k: v for k, v in after.items() if not k.startswith(prefix)}
        elif edit.kind == "swap_role":
            for key in after:
                if key.startswith(prefix) and key.endswith("role"):
                    after[key] = _SWAPPED.get(after[key], "user")
    if edit.kind == "drop_tools":
        after = {k: v for k, v in after.items() if not k.startswith("llm.tools.")}
    return after


def _is_hit(key: str, told: Any, edit: Edit) -> bool:
    if not isinstance(told, str):
        return False
    if edit.kind == "drop_tool":
        return "tools." in key and _holds(told, edit.what)
    return edit.kind in ("drop_turn", "drop_part", "swap_role") and edit.what in told
