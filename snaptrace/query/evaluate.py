"""A filter on the columns of an index: which rows it lets through.

The same conditions as `Query.matches` on single facts, which a test holds it to.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from snaptrace.query.columns import CODED, IDS, NUMBERS, UNKNOWN, Index
from snaptrace.query.facts import Facts
from snaptrace.query.fields import ATTRIBUTE, RETRIED
from snaptrace.query.language import Query, Term, compares, holds
from snaptrace.query.lazy_frame import LazyFrame
from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState

NO_BAR: Final = np.uint64(2**64 - 1)  # no reservoir: above every rank
Mask = npt.NDArray[np.bool_]
# Fields of filters that are named otherwise than their column.
_COLUMN: Final = {"tool": "tools", "stratum": "strata", "time": "at_ns"}
_ID_COLUMN: Final = {"id": "snapshot_id", "trace": "trace_id"}


def rows_that_meet(index: Index, query: Query, frame: LazyFrame) -> Mask:
    """Return which rows meet all conditions; for texts, which may."""
    mask: Mask = np.ones(index.head.rows, dtype=bool)
    for term in query.terms:
        if not mask.any():
            break
        if term.field == "text":
            kept = np.zeros(len(index.head.segments), dtype=bool)
            for phrase in term.values:
                kept |= index.segments_with(phrase)
            mask &= kept[index.numbers("segment")]
        elif term.field in ("probability", "uniform"):
            mask &= _sampled(index, term, frame)
        elif term.field == "outcome":
            mask &= _outcomes(index, term)
        else:
            mask &= _rows(index, term)
    return mask


def _rows(index: Index, term: Term) -> Mask:
    if (column := _ID_COLUMN.get(term.field)) is not None:
        (value,) = term.values if len(term.values) == 1 else ("",)
        if value and "*" not in value[:-1]:
            whole = value.endswith("*") or len(value) == 2 * IDS[column]
            found = index.begins(column, value.rstrip("*")) if whole else None
            if found is not None:
                return found if term.operator == "=" else ~found
        texts = index.texts(column)
        return np.fromiter((holds(term, t) for t in texts), bool, len(texts))
    column = _COLUMN.get(term.field, term.field)
    if column in NUMBERS:
        values = index.numbers(column)
        held = _compared(term, values)
        return held & (values != UNKNOWN) if column.endswith("tokens") else held
    if term.field.startswith(ATTRIBUTE):
        name, column = term.field[len(ATTRIBUTE) :], "attributes"

        def read(value: Any) -> object:  # noqa: ANN401
            return dict(value).get(name, "")
    elif term.field == "language":

        def read(value: Any) -> object:  # noqa: ANN401
            return value or "en"
    else:

        def read(value: Any) -> object:  # noqa: ANN401
            return value

    return _by_code(index, column, lambda value: holds(term, read(value)))


def _outcomes(index: Index, term: Term) -> Mask:
    """Return which rows ended so, or were retried where that is asked for."""
    wanted = replace(term, operator="=")
    found = _by_code(index, "outcome", lambda value: holds(wanted, value))
    if holds(wanted, RETRIED):
        found |= _by_code(index, "retried", bool)
    return found if term.operator == "=" else ~found


def _by_code(index: Index, column: str, test: Callable[[Any], bool]) -> Mask:
    values = index.values(column)
    table = np.fromiter((test(value) for value in values), bool, len(values))
    found: Mask = table[index.numbers(column)]
    return found


def _compared(term: Term, values: npt.NDArray[Any]) -> Mask:
    compare = {
        "=": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }[term.operator]
    found: Mask = compare(values, term.number)
    return found


def _sampled(index: Index, term: Term, frame: LazyFrame) -> Mask:
    """Evaluate a condition on probabilities, like calls together."""
    ranks = index.numbers("rank")
    states, cell = _cell_of_rows(index, frame)
    if term.field == "uniform":
        bars = _matrix(states, [""])[cell, 0]
    else:
        bars = _lowest(index, states)[cell, index.numbers("strata")]
    kept: Mask = (bars != NO_BAR) & ((ranks > bars) | (bars == 0))
    if term.field == "uniform":
        mask = kept if "yes" in term.values else ~kept
    else:
        given = [1.0 if p is None else p for p in index.values("upstream_probability")]
        upstream = np.array(given)[index.numbers("upstream_probability")]
        mask = kept & _compared(term, (1 - bars / RANK_SPAN) * upstream)
    capped = np.array([any(s.span_thresholds for s in c.values()) for c in states])
    if capped.any():
        rows = np.flatnonzero(capped[cell])
        mask[rows] = _one_by_one(index, term, frame, rows)
    return mask


def _cell_of_rows(
    index: Index, frame: LazyFrame
) -> tuple[list[dict[str, ReservoirState]], npt.NDArray[Any]]:
    """Return the reservoirs' states of each cell, and each row's cell."""
    names = ("window_start_ns", "service", "modality")
    collectors = sorted(set(index.head.collectors))
    of_segment = np.array([collectors.index(c) for c in index.head.collectors], "<u4")
    key = of_segment[index.numbers("segment")].astype(np.int64)
    for name in names:
        key = key * len(index.values(name)) + index.numbers(name)
    found, cell = np.unique(key, return_inverse=True)
    parts: list[list[Any]] = []
    rest = found
    for name in reversed(names):
        values = index.values(name)
        rest, places = np.divmod(rest, len(values))
        parts.insert(0, [values[place] for place in places.tolist()])
    owners = [collectors[place] for place in rest.tolist()]
    return list(map(frame.states, owners, *parts)), cell


def _matrix(
    states: Sequence[dict[str, ReservoirState]], strata: Sequence[str]
) -> npt.NDArray[np.uint64]:
    """Return the bar of each cell's reservoir of each stratum, or `NO_BAR`."""
    places = {stratum: place for place, stratum in enumerate(strata)}
    bars = np.full((len(states), len(strata)), NO_BAR, dtype=np.uint64)
    found = [
        (row, places[stratum], max(state.threshold, state.pre_threshold))
        for row, held in enumerate(states)
        for stratum, state in held.items()
        if stratum in places
    ]
    if found:
        rows, columns, values = zip(*found, strict=True)
        bars[rows, columns] = values
    return bars


def _lowest(
    index: Index, states: Sequence[dict[str, ReservoirState]]
) -> npt.NDArray[np.uint64]:
    """Return the lowest bar of each cell's reservoirs by combination of strata."""
    combinations = index.values("strata")
    strata = ["", *sorted({each for strata in combinations for each in strata})]
    bars = _matrix(states, strata)
    lowest = np.empty((len(states), len(combinations)), dtype=np.uint64)
    for code, held in enumerate(combinations):
        places = [0, *(strata.index(each) for each in held)]
        lowest[:, code] = bars[:, places].min(axis=1)
    return lowest


def _one_by_one(
    index: Index, term: Term, frame: LazyFrame, rows: npt.NDArray[Any]
) -> list[bool]:
    """Evaluate calls of traces above the cap: each has a bar of its own."""
    every, segments = Rows(index), index.numbers("segment")
    found = []
    for row in rows:
        facts, collector = every.facts(int(row)), index.head.collectors[segments[row]]
        if term.field == "uniform":
            is_wanted = "yes" in term.values
            found.append(is_wanted == frame.is_uniform(collector, facts))
        else:
            found.append(compares(term, frame.probability(collector, facts)))
    return found


class Rows:
    """Facts of single rows, put together from the columns."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._codes = {name: index.numbers(name) for name in CODED}
        self._numbers = {name: index.numbers(name) for name in NUMBERS}
        self._ids = {name: index.texts(name) for name in IDS}

    def facts(self, row: int) -> Facts:
        """Return one row's facts."""
        index = self._index
        fields = {n: index.values(n)[codes[row]] for n, codes in self._codes.items()}
        numbers = {n: int(values[row]) for n, values in self._numbers.items()}
        tokens = {
            name: None if numbers[name] == UNKNOWN else numbers[name]
            for name in ("input_tokens", "output_tokens")
        }
        ids = {name: values[row] for name, values in self._ids.items()}
        several = {name: tuple(fields[name]) for name in ("tools", "media", "strata")}
        attributes = dict(fields.pop("attributes"))
        return Facts(
            **{**fields, **numbers, **tokens, **ids, **several}, attributes=attributes
        )
