"""Pieces of a streamed answer put together: texts, tool calls, sound.

Servers number and name the pieces of tool calls in many ways. What tells two calls
apart is, in this order: an id or an index that was seen before; a name that comes with
an id of its own; a name after arguments that are complete.
"""

import io
import re
from base64 import b64encode
from typing import Any

from snaptrace.streams.lenient_json import lenient
from snaptrace.streams.values import (
    as_bytes,
    as_count,
    as_object,
    as_text,
    json_text,
)

MOST_PARTS = 4096  # calls or blocks of one answer; more is an attack
MOST_LOOKS = 64  # at arguments that grow under a name repeated with every piece
_PADDED = re.compile("[^=]+={0,2}")


class JoinedText:
    """A text that grows by pieces, in linear time and without overhead per piece."""

    def __init__(self, start: str = "") -> None:
        self._text = io.StringIO()
        self._text.write(start)

    def add(self, piece: str) -> None:
        """Add a piece at the end."""
        self._text.write(piece)

    def take_whole(self, text: str) -> None:
        """Take a text that may be everything so far once more, or the next piece."""
        if len(text) >= len(self) and text.startswith(self.whole):
            self._text = io.StringIO()
        self._text.write(text)

    @property
    def whole(self) -> str:
        """Everything so far."""
        return self._text.getvalue()

    def __len__(self) -> int:
        """Return how many characters came."""
        return self._text.tell()


class _Call:
    def __init__(self, its_id: str, name: str) -> None:
        self.id, self.name = its_id, name
        self.arguments = JoinedText()
        self._looks = 0

    @property
    def complete(self) -> bool:
        """Return whether the arguments so far are whole JSON."""
        self._looks += 1
        if self._looks > MOST_LOOKS:
            return False
        text = self.arguments.whole
        if not text.rstrip().endswith("}"):
            return False
        return lenient(text.encode("utf-8", "surrogatepass")) is not None

    def as_message(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": self.arguments.whole}
        return {"id": self.id, "function": function}


class JoinedCalls:
    """The tool calls of one answer in OpenAI's shape."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self.too_many = False

    def add(self, piece: dict[str, Any]) -> None:
        """Join a piece to its call, or begin one."""
        function = as_object(piece.get("function"))
        name, its_id = as_text(function.get("name")), as_text(piece.get("id"))
        index = as_count(piece.get("index"))
        given = function.get("arguments")
        arguments = "" if given is None else json_text(given)
        call = self._known(index, its_id)
        if call is None or _is_another(call, its_id, name, arguments):
            call = self._begun(index, its_id, name)
        else:
            call.id = call.id or its_id
            if name != call.name and not call.arguments:
                call.name += name  # a name in pieces; some repeat it with each
        if its_id:
            self._by_id.setdefault(its_id, call)
        held = call.arguments.whole if len(call.arguments) == len("{}") else ""
        if held == "{}" and arguments.startswith("{"):
            call.arguments = JoinedText()  # a place holder
        call.arguments.add(arguments)

    def as_messages(self) -> list[dict[str, Any]]:
        """Return the calls as they began, those without a name left out."""
        return [call.as_message() for call in self._calls if call.name]

    def _known(self, index: int | None, its_id: str) -> _Call | None:
        by_index = None if index is None else self._by_index.get(index)
        if (call := self._by_id.get(its_id)) is not None:
            return call
        if index is None:
            return self._calls[-1] if self._calls else None
        return by_index

    def _begun(self, index: int | None, its_id: str, name: str) -> _Call:
        call = _Call(its_id, name)
        if len(self._calls) >= MOST_PARTS:
            self.too_many = True
            return call
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        return call


def _is_another(call: _Call, its_id: str, name: str, arguments: str) -> bool:
    """Return whether a piece at the place of `call` begins a call of its own."""
    if not name:
        return False  # some give every piece a new id; a call has a name
    if its_id == call.id and its_id:
        return False
    if not call.name:
        return bool(its_id and call.id)
    if its_id and call.id and not call.arguments:
        return True
    if not call.complete:
        return False
    return name != call.name or bool(its_id and call.id) or bool(arguments.strip())


class JoinedSound:
    """Base64 in pieces, each of which may be padded."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._left = ""  # not yet a multiple of four characters

    def add(self, piece: str) -> None:
        """Add the next piece; what is no base64 is left out."""
        text = self._left + piece
        cut = len(text) - len(text) % 4
        self._left = text[cut:]
        for part in _PADDED.findall(text[:cut]):
            self._data += as_bytes(part) or b""

    @property
    def whole(self) -> str:
        """Everything so far as one piece of base64."""
        return b64encode(self._data).decode()
