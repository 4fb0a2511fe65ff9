"""HTTP/2 header blocks, for client and server. No I/O.

Source: RFC 7541 (HPACK). The tables of the static entries and of Huffman's code are the
library's, `hpack`; reading is ours, because each request of a client whose headers
change a little (a deadline in microseconds, say) pays for it.
"""

import functools
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from hpack import HPACKError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from collector.net.h2_frames import COMPRESSION_ERROR, ENHANCE_YOUR_CALM, ProtocolError

Field = tuple[bytes, bytes]  # name and value, as they were sent
Meaning = TypeVar("Meaning")

TABLE_BYTES: Final = 4096  # the peer's dynamic table, unless it announces less
MAX_LIST_BYTES: Final = 65_536

_STATIC: Final[tuple[Field, ...]] = tuple(
    (bytes(name), bytes(value)) for name, value in HeaderTable.STATIC_TABLE
)
_FIELD_OVERHEAD: Final = 32  # of an entry's size, RFC 7541, 4.1
# What is remembered of a connection's blocks, as sent and as read: a block of a few
# bytes may stand for many kilobytes.
_KNOWN_BYTES: Final = 65_536
_KNOWN_BLOCK_BYTES: Final = 4096
_BYTES_A_FIELD: Final = 64  # of a block: costs about as much as one more field


def header_field(name: bytes, value: bytes) -> bytes:
    """Encode a header without reference to any connection's dynamic table.

    Never indexed: no table on either side remembers it, which suits secrets and lets
    blocks be put together from parts. RFC 7541, 6.2.3.
    """
    return b"\x10" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    size = len(text)
    if size < 127:
        return bytes((size,)) + text
    encoded = bytearray((127,))
    size -= 127
    while size > 127:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    encoded.append(size)
    return bytes(encoded) + text


class TooManyHeadersError(ProtocolError):
    """A block of more than `MAX_LIST_BYTES`, read to its end: the tables agree."""

    def __init__(self) -> None:
        super().__init__("more headers than anybody needs", ENHANCE_YOUR_CALM)


class HeaderReader(Generic[Meaning]):
    """Decodes the header blocks of one connection, in order.

    A block seen before means the same again while the table that both sides keep is
    what it was then. Nearly all clients send the same few blocks, so most are looked
    up and not read.
    """

    def __init__(
        self, understand: Callable[[list[Field]], Meaning], table_bytes: int
    ) -> None:
        """Turn the fields of a block into what `understand` makes of them.

        `table_bytes` is what the other side was allowed to have remembered.
        """
        self._understand = understand
        self._table = _Table(table_bytes)
        self._known: dict[bytes, Meaning] = {}
        self._known_bytes = 0
        self.work = 0  # fields and table updates read since the owner last set it to 0

    def read(self, block: bytes) -> Meaning:
        """Return the parsed meaning of a block.

        Raises:
            ProtocolError: not a header block.
            TooManyHeadersError: its stream may be refused alone.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        changes = self._table.changes
        meaning = self._understand(self.fields(block))
        size = len(block) + self._table.list_bytes
        if self._table.changes == changes and size <= _KNOWN_BLOCK_BYTES:
            if self._known_bytes + size > _KNOWN_BYTES:
                self._forget()
            self._known[block] = meaning
            self._known_bytes += size
        return meaning

    def _forget(self) -> None:
        self._known.clear()
        self._known_bytes = 0

    def fields(self, block: bytes) -> list[Field]:
        """Return the fields of a block in order, and update the dynamic table.

        Raises:
            ProtocolError: not a header block.
            TooManyHeadersError: as `read`.
        """
        changes = self._table.changes
        try:
            found = self._table.decode(block)
        except (IndexError, HPACKError):
            raise ProtocolError("not a header block", COMPRESSION_ERROR) from None
        finally:
            # Huffman's code costs by the byte; what is cheap to send must not be free.
            self.work += self._table.rounds + len(block) // _BYTES_A_FIELD
            if self._table.changes != changes:
                self._forget()
        if self._table.list_bytes > MAX_LIST_BYTES:
            raise TooManyHeadersError
        return found


class _Table:
    """The entries that the other side made us remember, and how blocks use them."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = self._limit_bytes = most_bytes
        self._entries: deque[Field] = deque()  # the newest first
        self._bytes = 0
        self.changes = 0
        self.list_bytes = 0  # of the block read last, as RFC 9113, 10.5.1 counts
        self.rounds = 0  # instructions of the block read last

    def decode(self, block: bytes) -> list[Field]:
        """Return the fields of a block; IndexError or HPACKError if it is malformed."""
        fields: list[Field] = []
        at, end, size = 0, len(block), 0
        self.rounds = 0
        while at < end:
            self.rounds += 1
            first = block[at]
            if first & 0x80:  # an entry of the table
                index, at = _integer(block, at, 0x7F)
                field = self._at(index)
            elif first & 0x40:  # a literal to remember
                field, at = self._literal(block, at, 0x3F)
                self._add(field)
            elif first & 0x20:
                if fields:
                    raise IndexError("a table is resized before the first field only")
                limit, at = _integer(block, at, 0x1F)
                self._resize(limit)
                continue
            else:
                field, at = self._literal(block, at, 0x0F)
            size += len(field[0]) + len(field[1]) + _FIELD_OVERHEAD
            if size <= MAX_LIST_BYTES:  # read on: later blocks build on the table
                fields.append(field)
        self.list_bytes = size
        return fields

    def _at(self, index: int) -> Field:
        if index > len(_STATIC):
            return self._entries[index - len(_STATIC) - 1]
        if index == 0:
            raise IndexError("no entry has the number 0")
        return _STATIC[index - 1]

    def _literal(self, block: bytes, at: int, mask: int) -> tuple[Field, int]:
        index, at = _integer(block, at, mask)
        if index:
            name = self._at(index)[0]
        else:
            name, at = _text(block, at)
        value, at = _text(block, at)
        return (name, value), at

    def _add(self, field: Field) -> None:
        self.changes += 1
        self._entries.appendleft(field)
        self._bytes += len(field[0]) + len(field[1]) + _FIELD_OVERHEAD
        self._shrink()

    def _resize(self, limit_bytes: int) -> None:
        if limit_bytes > self._most_bytes:
            raise IndexError("a larger table than was allowed")
        self.changes += 1
        self._limit_bytes = limit_bytes
        self._shrink()

    def _shrink(self) -> None:
        while self._bytes > self._limit_bytes:
            name, value = self._entries.pop()
            self._bytes -= len(name) + len(value) + _FIELD_OVERHEAD


def _integer(block: bytes, at: int, mask: int) -> tuple[int, int]:
    """Read an integer whose first bits stand in the byte at `at`. RFC 7541, 5.1."""
    number = block[at] & mask
    at += 1
    if number < mask:
        return number, at
    shift = 0
    while True:
        byte = block[at]
        at += 1
        number += (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 28:
            raise IndexError("an integer beyond 32 bits")


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    is_huffman = block[at] & 0x80
    size, at = _integer(block, at, 0x7F)
    end = at + size
    if end > len(block):
        raise IndexError("a string beyond its block")
    text = block[at:end]
    return (_from_huffman(text) if is_huffman else text), end


@functools.lru_cache(maxsize=512)
def _remembered(text: bytes) -> bytes:
    return bytes(decode_huffman(text))


def _from_huffman(text: bytes) -> bytes:
    # The short ones come again and again: names, hosts, methods.
    return _remembered(text) if len(text) <= 64 else bytes(decode_huffman(text))
