"""OpenInference's flattened lists: `llm.input_messages.N.message.…` and the like."""

from collections.abc import Mapping
from typing import Any

from collector.recognise.dialects.readers.json_values import as_text, loads
from collector.recognise.dialects.readers.parts import role_of
from collector.recognise.record import Value
from snaptrace.snapshot.apis.bedrock_converse import parse_block
from snaptrace.snapshot.conversation import (
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_INDEX_MAX = 20_000
# Values of exactly such a length, in characters, were most likely cut there.
COMMON_LIMITS = frozenset(
    {128, 250, 255, 256, 500, 512, 1000, 1024, 2000, 2048, 4000, 4095, 4096, 8000}
    | {8191, 8192, 10_000, 12_000, 12_288, 16_000, 16_384, 32_000, 32_766, 32_768}
    | {64_000, 65_535, 65_536, 100_000, 131_072}
)


def limit_of(attributes: Mapping[str, Value]) -> int:
    """Return the length at which JSON values of this record were cut, or 0."""
    for key in ("input.value", "output.value", "llm.invocation_parameters"):
        value = attributes.get(key)
        if isinstance(value, str) and loads(value).broken:
            return len(value)
    return 0


class Flattened:
    """The record's flattened lists, as trees."""

    def __init__(self, attributes: Mapping[str, Value]) -> None:
        self._attributes = attributes
        self._trees: dict[str, dict[int, dict[str, Value]]] = {}
        self.cut = False
        self._limit: int | None = None  # looked for when a text is

    def tree(self, prefix: str) -> dict[int, dict[str, Value]]:
        """Return index -> rest of key -> value, of every key below the prefix."""
        if prefix not in self._trees:
            found: dict[int, dict[str, Value]] = {}
            for key, value in self._attributes.items():
                if not key.startswith(prefix):
                    continue
                index, _, rest = key[len(prefix) :].partition(".")
                if index.isascii() and index.isdigit() and len(index) < 6:
                    found.setdefault(int(index), {})[rest] = value
            self._trees[prefix] = found
        return self._trees[prefix]

    def image(self, message: int, place: int) -> str:
        """Return the flattened URL of one image of one input message."""
        rest = self.tree("llm.input_messages.").get(message, {})
        return as_text(
            rest.get(f"message.contents.{place}.message_content.image.image.url")
        )

    def tools(self) -> list[Any]:
        """Return the offered tools."""
        tree = self.tree("llm.tools.")
        return [
            loads(tree[index].get("tool.json_schema")).value for index in sorted(tree)
        ]

    def embedding_texts(self) -> list[str]:
        """Return the texts that were embedded."""
        tree = self.tree("embedding.embeddings.")
        texts = [as_text(tree[i].get("embedding.text")) for i in sorted(tree)]
        return texts if all(texts) else []

    def messages(self, prefix: str) -> tuple[list[Message], list[str]]:
        """Return the messages, and reasons why they are not all there."""
        tree = self.tree(prefix)
        reasons: list[str] = []
        if not tree:
            return [], reasons
        indices = sorted(tree)
        # One that begins at 1 alone belongs to emitters that leave the first place
        # to instructions; a larger gap is what an attribute limit leaves.
        if indices[0] > 1 or indices != list(range(indices[0], indices[-1] + 1)):
            reasons.append("attributes_dropped")
        found = []
        for index in indices:
            message, complete = self._message(tree[index])
            found.append(message)
            if not complete:
                reasons.append("content_dropped")
        return found, reasons

    def _message(self, own: dict[str, Value]) -> tuple[Message, bool]:
        role = role_of(own.get("message.role"))
        contents = _subtree(own, "message.contents.")
        parts: list[Part] = []
        complete = True
        for index in sorted(contents):
            part = self._part(contents[index])
            if part is not None:
                parts.append(part)
            elif not any(key.startswith("tool_call.") for key in contents[index]):
                complete = False
        if contents and sorted(contents) != list(range(len(contents))):
            complete = False
        text = own.get("message.content")
        if isinstance(text, str) and not parts:
            self._watch(text)
            parts.append(TextPart(text=text))
        calls = _subtree(own, "message.tool_calls.")
        parts.extend(_call(calls[index]) for index in sorted(calls))
        call_id = own.get("message.tool_call_id")
        if isinstance(call_id, str):
            result = ToolResultPart(content=tuple(parts), id=call_id)
            return Message(role="tool", parts=(result,)), complete
        if not parts and (role != "assistant" or "message.content" not in own):
            complete = False
        return (
            Message(
                role=role, parts=tuple(parts), name=as_text(own.get("message.name"))
            ),
            complete,
        )

    def _watch(self, text: str) -> None:
        if self._limit is None:
            self._limit = limit_of(self._attributes)
        if (self._limit and len(text) == self._limit) or (
            len(text) in COMMON_LIMITS and len(text) >= 1000
        ):
            self.cut = True

    def _part(self, own: dict[str, Value]) -> Part | None:
        kind = own.get("message_content.type")
        text = own.get("message_content.text")
        if kind == "reasoning":
            extra = {
                key.rpartition(".")[2]: value
                for key, value in own.items()
                if key in ("message_content.signature", "message_content.id")
            }
            return ReasoningPart(text=as_text(text), extra=extra)
        if isinstance(text, str):
            self._watch(text)
            return _printed_block(text) or TextPart(text=text)
        for key, value in own.items():
            if key.endswith((".image.url", ".audio.url", ".video.url")) and isinstance(
                value, str
            ):
                self._watch(value)
                media: Any = key.rpartition(".")[0].rpartition(".")[2]
                return MediaPart(kind=media, url=value)
        return None


_PRINTED = ('{"image":', '{"document":', '{"video":')


def _printed_block(text: str) -> Part | None:
    """Return a medium of Bedrock's that a processor wrote as JSON text."""
    if not text.startswith(_PRINTED):
        return None
    block = loads(text).value
    return parse_block(block) if isinstance(block, dict) and len(block) == 1 else None


def _subtree(own: dict[str, Value], prefix: str) -> dict[int, dict[str, Value]]:
    found: dict[int, dict[str, Value]] = {}
    for key, value in own.items():
        if key.startswith(prefix):
            index, _, rest = key[len(prefix) :].partition(".")
            if index.isascii() and index.isdigit() and len(index) < 6:
                found.setdefault(int(index), {})[rest] = value
    return found


def _call(own: dict[str, Value]) -> ToolCallPart:
    return ToolCallPart(
        name=as_text(own.get("tool_call.function.name")),
        arguments=as_text(own.get("tool_call.function.arguments")),
        id=as_text(own.get("tool_call.id")),
    )
