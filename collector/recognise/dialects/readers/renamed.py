"""OpenInference's attributes under names of their own, as traceAI writes them.

It keeps that convention's trees (`….0.message.role`) and puts them below `gen_ai.`,
where others keep JSON texts of another form. Early releases renamed the span's kind
alone.
"""

import re

import msgspec

from collector.recognise.record import Record, Value

_KINDS = ("gen_ai.span.kind", "fi.span.kind")
# What no other convention has beside such a kind.
_OWN = ("input.value", "input.mime_type", "gen_ai.request.parameters")
_NAMES = {
    **dict.fromkeys(_KINDS, "openinference.span.kind"),
    "gen_ai.request.parameters": "llm.invocation_parameters",
    "gen_ai.request.model": "llm.model_name",
    "gen_ai.response.model": "llm.response.model_name",
}
_TREES = {
    "gen_ai.input.messages.": "llm.input_messages.",
    "gen_ai.output.messages.": "llm.output_messages.",
    "gen_ai.tool.definitions.": "llm.tools.",
}
_MEDIUM = re.compile(r"\.message_content\.(image|audio|video)$")


def is_renamed(record: Record) -> bool:
    """Return whether the record is of the convention, under other names."""
    attributes = record.attributes
    return (
        not attributes.keys().isdisjoint(_KINDS)
        and not attributes.keys().isdisjoint(_OWN)
        and "gen_ai.operation.name" not in attributes
    )


def in_openinference(record: Record) -> Record:
    """Return the record under OpenInference's names."""
    found: dict[str, Value] = {}
    for key, value in record.attributes.items():
        if key == "input.value" and not _is_object(value):
            continue  # the text of one message, which need not be the last
        name = _name(key)
        if medium := _MEDIUM.search(name):
            if not _is_address(value):
                continue  # bytes in base64, of a format that nothing names
            name = f"{name}.{medium[1]}.url"
        found[name] = value
    return msgspec.structs.replace(record, attributes=found)


def _name(key: str) -> str:
    if (named := _NAMES.get(key)) is not None:
        return named
    for before, after in _TREES.items():
        if key.startswith(before):
            return after + key.removeprefix(before)
    return key


def _is_address(value: Value) -> bool:
    return isinstance(value, str) and value.startswith(("data:", "http:", "https:"))


def _is_object(value: Value) -> bool:
    return isinstance(value, str) and value.startswith("{")
