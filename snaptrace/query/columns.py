"""Facts of an hour's snapshots as columns: what an index object holds.

A closed hour has one index object, built from its segments and named after its
catalogue. Columns of few values are codes into a list of them, so that a condition is
looked at once a value and not once a row. Words of texts are kept by segment: they say
where a text may stand, and the segment itself says whether it does.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard
from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.snapshot.errors import CorruptSnapshotError

MAGIC: Final = b"\x89STX\x01"
_DIGEST_BYTES: Final = 16
LARGEST_BYTES: Final = 1 << 30  # of one column, decompressed
LEVEL: Final = 3
_WORD = re.compile(r"[^\W_]{2,}")
# Everything but letters and digits becomes a blank: five times as fast as the pattern.
_ASCII_WORDS: Final = bytes(
    c if chr(c).isalnum() and c < 128 else 32 for c in range(256)
)

Codes = npt.NDArray[np.uint32]

# Columns of codes: facts that repeat, joined where they are read together.
CODED: Final[dict[str, Callable[[Facts], Any]]] = {
    **{
        name: attrgetter(name)
        for name in (
            *("service", "route", "model", "modality", "operation", "outcome", "api"),
            *("provider", "dialect", "fidelity", "language", "window_start_ns"),
            *("upstream_probability", "tools", "media", "strata"),
        )
    },
    "attributes": lambda f: tuple(sorted(f.attributes.items())),
    "retried": attrgetter("retried"),
}
# Columns that indexes of earlier releases lack, each with the value of every row.
LATER: Final[dict[str, Any]] = {"retried": False}
NUMBERS: Final = {  # numpy's type of each
    "at_ns": "<i8",
    "turn": "<i4",
    "input_tokens": "<i8",
    "output_tokens": "<i8",
    "rank": "<u8",
    "span_rank": "<u8",
}
UNKNOWN: Final = -1  # tokens that were not reported
IDS: Final[dict[str, int]] = {"snapshot_id": 16, "trace_id": 16, "span_id": 8}


class Column(Struct, frozen=True):
    """Where a column lies in an object, and its values if it has codes."""

    offset: int
    size: int
    kind: str  # numpy's name of the type, or `ids`, `words`
    values: tuple[Any, ...] = ()


class Contents(Struct, frozen=True, kw_only=True):
    """Head of an index object."""

    rows: int
    segments: tuple[str, ...]  # names
    collectors: tuple[str, ...]  # of each segment
    columns: dict[str, Column]


class Builder:
    """Collects an hour's facts; `packed` gives the object. Bounded by the hour."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[Any, int]] = {name: {} for name in CODED}
        self._coded: dict[str, list[int]] = {name: [] for name in CODED}
        self._numbers: dict[str, list[int]] = {name: [] for name in NUMBERS}
        self._ids: dict[str, list[str]] = {name: [] for name in IDS}
        self._subjects: list[str] = []  # session and user, for erasures
        self._segments: list[str] = []
        self._collectors: list[str] = []
        self._places: list[tuple[int, int]] = []
        self._words: dict[str, list[int]] = {}

    def add_segment(
        self,
        name: str,
        collector: str,
        rows: Sequence[tuple[Facts, str]],
        texts: Iterable[str],
    ) -> None:
        """Add a segment's rows, each with its keyed subjects, and its texts."""
        number = len(self._segments)
        self._segments.append(name)
        self._collectors.append(collector)
        every = [facts for facts, _ in rows]
        self._places += [(number, index) for index in range(len(every))]
        self._subjects += [subjects for _, subjects in rows]
        # A column at a time: the same work over and over is quicker by half.
        for key, read in CODED.items():
            code = self._codes[key].setdefault
            known = self._codes[key]
            self._coded[key] += [code(v, len(known)) for v in map(read, every)]
        for key in NUMBERS:
            self._numbers[key] += [
                UNKNOWN if v is None else v for v in map(attrgetter(key), every)
            ]
        for key in IDS:
            self._ids[key] += map(attrgetter(key), every)
        for word in words_of(texts):
            self._words.setdefault(word, []).append(number)

    def packed(self) -> bytes:
        """Return the object's bytes."""
        blocks: list[bytes] = []
        columns: dict[str, Column] = {}
        compress = zstandard.ZstdCompressor(level=LEVEL).compress

        def put(name: str, data: bytes, kind: str, values: Sequence[Any] = ()) -> None:
            block = compress(data)
            columns[name] = Column(
                sum(map(len, blocks)), len(block), kind, tuple(values)
            )
            blocks.append(block)

        for name, codes in self._codes.items():
            data = np.array(self._coded[name], dtype="<u4").tobytes()
            put(name, data, "<u4", list(codes))
        for name, kind in NUMBERS.items():
            put(name, np.array(self._numbers[name], dtype=kind).tobytes(), kind)
        places = np.array(self._places, dtype="<u4").reshape(-1, 2)
        put("segment", places[:, 0].tobytes(), "<u4")
        put("index", places[:, 1].tobytes(), "<u4")
        for name in IDS:
            put(name, "\n".join(self._ids[name]).encode(), "ids")
        put("subjects", "\n".join(self._subjects).encode(), "ids")
        words = sorted(self._words)
        put("words", "\n".join(words).encode(), "ids")
        put(
            "places", msgspec.msgpack.encode([self._words[w] for w in words]), "msgpack"
        )
        head = msgspec.msgpack.encode(
            Contents(
                rows=len(self._places),
                segments=tuple(self._segments),
                collectors=tuple(self._collectors),
                columns=columns,
            )
        )
        body = len(head).to_bytes(4, "big") + head + b"".join(blocks)
        return MAGIC + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the words of texts, case-folded: runs of letters and digits."""
    joined = "\n".join(texts).casefold()
    if not joined.isascii():
        return set(_WORD.findall(joined))
    words = set(joined.encode().translate(_ASCII_WORDS).split())
    return {word.decode() for word in words if len(word) > 1}


class Index:
    """An index object, its columns decompressed when they are asked for."""

    def __init__(self, data: bytes, name: str) -> None:
        start = len(MAGIC) + _DIGEST_BYTES
        body = memoryview(data)[start:]
        digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()
        if not data.startswith(MAGIC) or data[len(MAGIC) : start] != digest:
            raise CorruptSnapshotError(name, 0, "no whole index")
        length = int.from_bytes(body[:4], "big")
        try:
            self.head = msgspec.msgpack.decode(body[4 : 4 + length], type=Contents)
        except msgspec.MsgspecError as error:
            raise CorruptSnapshotError(name, start, str(error)) from None
        self._blocks, self._name = body[4 + length :], name

    def _block(self, name: str) -> bytes:
        column = self.head.columns[name]
        block = self._blocks[column.offset : column.offset + column.size]
        if not 0 <= zstandard.frame_content_size(block) <= LARGEST_BYTES:
            raise CorruptSnapshotError(self._name, column.offset, "too large")
        return zstandard.ZstdDecompressor().decompress(block)

    def values(self, name: str) -> tuple[Any, ...]:
        """Return the distinct values of a column of codes."""
        if name in LATER and name not in self.head.columns:
            return (LATER[name],)
        return self.head.columns[name].values

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """Return a column of numbers or codes, a row each."""
        if name in LATER and name not in self.head.columns:
            return np.zeros(self.head.rows, dtype="<u4")
        return np.frombuffer(self._block(name), dtype=self.head.columns[name].kind)

    def texts(self, name: str) -> list[str]:
        """Return a column of ids, a row each."""
        return self._block(name).decode().split("\n") if self.head.rows else []

    def begins(self, name: str, prefix: str) -> npt.NDArray[np.bool_] | None:
        """Return which ids begin so; None where they are not all of one length."""
        block, wanted = self._block(name) + b"\n", prefix.encode()
        width = len(block) // max(self.head.rows, 1)
        ends = np.frombuffer(block, dtype="u1")
        if len(block) != width * self.head.rows or len(wanted) >= width:
            return None
        letters = ends.reshape(-1, width)
        if not (letters[:, -1] == ord("\n")).all():
            return None
        found: npt.NDArray[np.bool_]
        found = (letters[:, : len(wanted)] == np.frombuffer(wanted, "u1")).all(axis=1)
        return found

    def segments_with(self, phrase: str) -> npt.NDArray[np.bool_]:
        """Return which segments may hold a phrase; false is certain.

        Each run of letters in the phrase must be part of some word of the segment.
        """
        kept = np.ones(len(self.head.segments), dtype=bool)
        parts = _WORD.findall(phrase.casefold())
        if not parts:
            return kept
        known = "\n" + self._block("words").decode() + "\n"
        if not all(part in known for part in parts):
            return np.zeros_like(kept)
        words = known[1:-1].split("\n")
        places = msgspec.msgpack.decode(self._block("places"), type=list[list[int]])
        for part in parts:
            here = np.zeros_like(kept)
            for number, word in enumerate(words):
                if part in word:
                    here[places[number]] = True
            kept &= here
        return kept
