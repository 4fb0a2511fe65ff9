"""Filters over a pair index, as the page's addresses and the API spell them."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

import numpy as np
from msgspec import Struct

from replayd.model import STREAMS
from replayd.results.pair_columns import Coded, Flags, Numbers
from replayd.results.pair_index import PairIndex

Change = Literal["", "worse", "better", "different", "same", "unscored"]
Order = Literal["worst", "newest", "oldest", "best"]
CHANGES: Final[tuple[Change, ...]] = get_args(Change)
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
NANOSECONDS: Final = 1_000_000_000
_PLACES: Final = ("service", "route", "lane")
LONGEST_VALUE: Final = 200  # characters of one value


class PairFilter(Struct, frozen=True, kw_only=True):
    """Pairs to list; empty fields ask for nothing. All must hold."""

    modality: str = ""
    slice: str = ""  # a protected slice, or a watched one as `service=checkout`
    task: str = ""
    stream: str = ""  # a gating stream; `change` and the order are then about it
    scorer: str = ""  # any rule that valued the pair
    outcome: str = ""  # of the canary
    control_outcome: str = ""
    service: str = ""
    route: str = ""
    lane: str = ""
    excluded: str = ""  # a reason, or `any`
    change: Change = ""  # of the canary against the control
    since: int = 0  # committed then or later, Unix seconds
    until: int = 0  # committed before, Unix seconds
    text: str = ""  # words that stand in the pair's ids and words
    order: Order = "worst"

    @property
    def asked(self) -> dict[str, str]:
        """The fields that are set, as an address holds them."""
        return {
            name: str(value)
            for name in self.__struct_fields__
            if (value := getattr(self, name)) and (name, value) != ("order", "worst")
        }


class FilterError(ValueError):
    """A field of an address that makes no sense: `field` names it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


def parse(query: Mapping[str, str]) -> PairFilter:
    """Return the filter of an address's query; fields it does not know are ignored.

    Raises:
        FilterError: a value outside its closed set, or too long.
    """
    found = {n: query[n].strip() for n in PairFilter.__struct_fields__ if query.get(n)}
    for name, value in found.items():
        if len(value) > LONGEST_VALUE:
            raise FilterError(name, f"longer than {LONGEST_VALUE} characters")
    for name, known in (("change", CHANGES), ("order", ORDERS), ("stream", STREAMS)):
        if name in found and found[name] not in known:
            raise FilterError(name, f"one of {', '.join(filter(None, known))}")
    times = {name: _seconds(name, found.pop(name, "")) for name in ("since", "until")}
    return PairFilter(**found, **times)  # type: ignore[arg-type] # checked above


def _seconds(name: str, text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 13:
        raise FilterError(name, "Unix seconds or milliseconds are wanted")
    value = int(text)
    return value // 1000 if value >= 10**11 else value  # Grafana writes milliseconds


def find(index: PairIndex, wanted: PairFilter) -> list[int]:
    """Return the numbers of the pairs that meet the filter, in its order."""
    numbers = np.flatnonzero(matching(index, wanted))
    if wanted.order in {"newest", "oldest"}:
        ordered = numbers[::-1] if wanted.order == "newest" else numbers
        return list(map(int, ordered))
    differences = _differences(index, wanted)[numbers]
    quality = index.streams["quality"].canary.values[numbers]
    if wanted.order == "best":
        differences, quality = -differences, -quality
    # The last key is the first that counts; what is not scored comes last.
    keys = (-numbers, np.nan_to_num(quality, nan=1.0), differences)
    return list(map(int, numbers[np.lexsort(keys)]))


def matching(index: PairIndex, wanted: PairFilter) -> Flags:
    """Return which pairs meet the filter."""
    flags = np.ones(len(index), np.bool_)
    for name in ("modality", "task", "outcome", "control_outcome", *_PLACES):
        if value := getattr(wanted, name):
            column: Coded[str] = getattr(index, name)
            flags &= column.equal(value)
    if wanted.since:
        flags &= index.committed_at.values >= wanted.since * NANOSECONDS
    if wanted.until:
        flags &= index.committed_at.values < wanted.until * NANOSECONDS
    if wanted.stream:
        flags &= ~index.streams[wanted.stream].scorer.equal("")
    for value, test in (
        (wanted.excluded, _excluded),
        (wanted.slice, _in_slice),
        (wanted.scorer, lambda index, name: _holds(index.rules, name)),
        *((word, _says) for word in wanted.text.casefold().split()),
    ):
        if value:
            flags &= test(index, value)
    return flags & _changed(index, wanted) if wanted.change else flags


def _excluded(index: PairIndex, why: str) -> Flags:
    return ~index.excluded.equal("") if why == "any" else index.excluded.equal(why)


def _changed(index: PairIndex, wanted: PairFilter) -> Flags:
    """Return the pairs that changed as wanted; excluded ones feed no verdict."""
    if wanted.scorer and not wanted.stream and wanted.change == "worse":
        return _holds(index.rules_worse, wanted.scorer)
    differences = _differences(index, wanted)
    counted = index.excluded.equal("")
    tests: dict[Change, Callable[[Numbers], Flags]] = {
        "worse": lambda d: d < 0,
        "better": lambda d: d > 0,
        "different": lambda d: (d != 0) & ~np.isnan(d),
        "same": lambda d: d == 0,
        "unscored": np.isnan,
    }
    return tests[wanted.change](differences) & counted


def _differences(index: PairIndex, wanted: PairFilter) -> Numbers:
    if wanted.stream:
        return index.streams[wanted.stream].differences
    return index.told.values


def _holds(column: Coded[tuple[str, ...]], word: str) -> Flags:
    return column.where([word in each for each in column.words])


def _in_slice(index: PairIndex, name: str) -> Flags:
    """Return the pairs of a protected slice, or of a watched one (`kind=value`)."""
    kind, named, value = name.partition("=")
    found = _holds(index.slices, name) | index.lane.equal(f"slice:{name}")
    if named:
        wanted = [(kind, value) in each for each in index.attributes.words]
        found |= index.attributes.where(wanted)
    if kind == "service":
        found |= index.service.equal(value)
    elif kind == "route":
        found |= index.route.equal(value)
    elif kind == "scorer":
        found |= index.streams["quality"].scorer.equal(value)
    return found


def _says(index: PairIndex, word: str) -> Flags:
    """Return the pairs in whose ids and words `word` stands."""
    flags = np.zeros(len(index), np.bool_)
    columns = [
        *(index.modality, index.task, index.service, index.route, index.outcome),
        *(index.lane, index.excluded),
        *(part for s in index.streams.values() for part in (s.scorer, s.reason)),
    ]
    for column in columns:
        if any(found := [word in each.casefold() for each in column.words]):
            flags |= column.where(found)
    spelt = [" ".join(f"{k}={v}" for k, v in e) for e in index.attributes.words]
    flags |= index.attributes.where([word in each.casefold() for each in spelt])
    flags |= index.slices.where(
        [any(word in name.casefold() for name in each) for each in index.slices.words]
    )
    if len(word) >= 6 and not word.strip("0123456789abcdef"):
        ids = index.snapshot_ids
        flags |= np.fromiter((i.startswith(word) for i in ids), np.bool_, len(ids))
    return flags
