"""Decides what token counts prove of a row. Pure: a function of the tally alone.

A case is `equal` if recorded and replayed counts are, `different` from
`least_difference` tokens on, and `near` between. It is `named` instead of `different`
if something is missing and its snapshot said that such a thing could not be seen. Two
things are taken off before:

- the noise of the count itself, measured where the control was asked twice;
- a constant offset of a model, as a gateway or a hidden prompt makes it. It is learnt
  from rows that recordings vouch for alone, and only if services or routes that have
  different prompts show the same number: a lost system prompt is as constant as its
  service, and must not pass for one.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from replayd.config import WitnessConfig
from replayd.stats.intervals import Interval, log_threshold
from replayd.stats.proportion import log_e_above, share_interval
from replayd.witness.row import Row
from replayd.witness.tally import RowTally, Seen, named

Word = Literal["verified", "differs", "open", "standing_doubt"]
WORDS: Final[tuple[Word, ...]] = ("verified", "differs", "open", "standing_doubt")
MOST_NOISE: Final = 8  # tokens; counts that vary by more are no witness
NOISY_SHARE: Final = 0.05  # of the doubly asked cases that may vary by more
OFFSET_CASES, OFFSET_PLACES, OFFSET_SHARE = 20, 3, 0.8
WORST_NAMED: Final = 8
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


class Model(NamedTuple):
    """Whose counts are alike: a served model, with or without tools."""

    name: str
    tools: bool


class Calibration(NamedTuple):
    """Offset taken off a model's differences."""

    offset: int = 0
    noise: int = 0
    usable: bool = True


class WorstCase(Struct, frozen=True, kw_only=True):
    """One case whose counts differ."""

    snapshot_id: str
    model: str
    recorded: int
    replayed: int


class Standing(Struct, frozen=True, kw_only=True):
    """Standing of one row by its counts."""

    row: Row
    word: Word
    cases: int  # distinct ones that compare
    equal: int
    near: int
    different: int
    named: int  # something is missing, as the snapshot said might be
    alpha: float  # error of the decision and of `share`
    quantiles: tuple[int, ...] = ()  # of the differences: 0, 5, 50, 95, 100 %
    offsets: dict[str, int] = {}  # model -> constant difference taken off
    worst: tuple[WorstCase, ...] = ()
    none: dict[str, int] = {}  # why counts did not compare -> pairs

    @property
    def share(self) -> Interval:
        """Shares of equal cases that are not ruled out, at every look at once."""
        return share_interval(self.equal, self.cases, self.alpha)

    @property
    def verified_by_tokens(self) -> bool:
        """Whether calls that were unverified may gate here."""
        return self.word == "verified" and self.row.settleable

    @property
    def lowered(self) -> bool:
        """Whether calls that may have gated must not any more."""
        return self.word == "differs"


class Decisions(NamedTuple):
    """Rows whose calls may gate after all, and rows whose calls must not any more."""

    verified: frozenset[Row] = frozenset()
    lowered: frozenset[Row] = frozenset()

    @classmethod
    def of(cls, found: Mapping[Row, Standing]) -> "Decisions":
        """Return what standings decide."""
        return cls(
            frozenset(row for row, it in found.items() if it.verified_by_tokens),
            frozenset(row for row, it in found.items() if it.lowered),
        )


def standings(
    rows: Mapping[Row, RowTally], settings: WitnessConfig
) -> dict[Row, Standing]:
    """Return every row's standing."""
    calibrations = _calibrated(rows)
    return {
        row: _standing(row, tally, calibrations, settings)
        for row, tally in rows.items()
    }


def _standing(
    row: Row,
    tally: RowTally,
    calibrations: Mapping[Model, Calibration],
    settings: WitnessConfig,
) -> Standing:
    counts, beyond = Counter[str](), list[tuple[int, str, Seen]]()
    none, offsets = dict(tally.none), dict[str, int]()
    for snapshot_id, seen in named(tally.cases):
        known = calibrations[_model(seen)]
        if not known.usable:
            none["count_varies"] = none.get("count_varies", 0) + 1
            continue
        difference = seen.difference - known.offset
        beyond.append((difference, snapshot_id, seen))
        counts[_class(difference, known.noise, seen, settings)] += 1
        if known.offset:
            offsets[seen.model] = known.offset
    cases = len(beyond)
    worst = sorted(beyond, key=lambda each: (-abs(each[0]), each[1]))[:WORST_NAMED]
    return Standing(
        row=row,
        word=_word(row, cases, counts, settings),
        cases=cases,
        equal=counts["equal"],
        near=counts["near"],
        different=counts["different"],
        named=counts["named"],
        alpha=settings.alpha,
        quantiles=_quantiles(sorted(difference for difference, _, _ in beyond)),
        offsets=offsets,
        worst=tuple(
            WorstCase(
                snapshot_id=snapshot_id,
                model=seen.model,
                recorded=seen.recorded,
                replayed=seen.counted,
            )
            for difference, snapshot_id, seen in worst
            if abs(difference) >= settings.least_difference
        ),
        none=none,
    )


def _class(
    difference: int, noise: int, seen: Seen, settings: WitnessConfig
) -> Literal["equal", "near", "different", "named"]:
    if abs(difference) <= noise:
        return "equal"
    if abs(difference) < settings.least_difference:
        return "near"
    return "named" if seen.named and difference > 0 else "different"


def _word(
    row: Row, cases: int, counts: Mapping[str, int], settings: WitnessConfig
) -> Word:
    threshold = log_threshold(settings.alpha)
    silent, named = counts["different"], counts["named"]
    if (
        log_e_above(silent, cases, settings.tolerated) >= threshold
        or log_e_above(silent + named, cases, settings.tolerated_named) >= threshold
    ):
        return "differs"
    equal, whole = counts["equal"], counts["equal"] + counts["near"]
    if (
        log_e_above(equal, cases, settings.share) < threshold
        or log_e_above(whole, cases, settings.whole) < threshold
    ):
        return "open"
    return "verified" if row.settleable or not row.doubt else "standing_doubt"


def _calibrated(rows: Mapping[Row, RowTally]) -> dict[Model, Calibration]:
    """Return what is taken off, per model; from all rows, as they share its counter."""
    again: dict[Model, list[int]] = defaultdict(list)
    vouched: dict[Model, list[Seen]] = defaultdict(list)
    for row, tally in rows.items():
        for seen in tally.cases.values():
            model = _model(seen)
            again[model] += [abs(seen.again - seen.counted)] if seen.again else []
            vouched[model] += [] if row.doubt else [seen]
    found = {}
    for model, seen_by in vouched.items():
        steady = sorted(d for d in again[model] if d <= MOST_NOISE)
        varied = len(again[model]) - len(steady)
        found[model] = Calibration(
            offset=_offset(seen_by),
            noise=max(steady, default=0),
            usable=varied <= NOISY_SHARE * len(again[model]),
        )
    return found


def _offset(cases: list[Seen]) -> int:
    """Return the constant difference of a model, 0 if there is none."""
    places: dict[int, set[str]] = defaultdict(set)
    for seen in cases:
        places[seen.difference].add(seen.place)
    counts = Counter(seen.difference for seen in cases)
    if not counts:
        return 0
    (difference, most), *_ = counts.most_common(1)
    constant = most >= max(OFFSET_CASES, OFFSET_SHARE * len(cases))
    return difference if constant and len(places[difference]) >= OFFSET_PLACES else 0


def _model(seen: Seen) -> Model:
    return Model(seen.model, seen.tools)


def _quantiles(ordered: list[int]) -> tuple[int, ...]:
    if not ordered:
        return ()
    last = len(ordered) - 1
    return tuple(ordered[math.floor(share * last + 0.5)] for share in _QUANTILES)
