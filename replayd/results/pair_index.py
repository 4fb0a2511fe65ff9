"""Every committed pair of an epoch in columns: what the page's filters read.

Numbers, ids and words from bounded sets; no content. 100,000 pairs take about 20 MB.
"""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from msgspec import Struct

from replayd.model import STREAMS, PairResult, StreamScore
from replayd.results.open_pairs import is_open
from replayd.results.pair_columns import Coded, Column, Numbers

NEVER: Final = math.nan  # a score that does not apply


class PairRow(Struct, frozen=True, kw_only=True):
    """One pair in a list."""

    number: int
    snapshot_id: str
    modality: str
    task: str
    lane: str
    stream: str  # the worst gating stream, the best if none fell; "": none scored
    difference: float | None  # there
    scorer: str
    canary_score: float | None
    control_score: float | None
    reason: str
    outcome: str  # of the canary
    control_outcome: str
    service: str
    route: str
    slices: tuple[str, ...]
    recorded_at_ns: int
    committed_at_ns: int
    excluded: str


class StreamColumns:
    """One gating stream's scores."""

    def __init__(self) -> None:
        self.canary, self.control = Column(np.float64), Column(np.float64)
        self.scorer, self.reason = Coded[str](), Coded[str]()

    def append(self, score: StreamScore | None) -> None:
        """Add a row; None where the stream does not apply."""
        self.canary.append(_number(score.canary if score else None))
        self.control.append(_number(score.control if score else None))
        self.scorer.append(score.scorer if score else "")
        self.reason.append(score.reason if score else "")

    @property
    def differences(self) -> Numbers:
        """Canary minus control; NaN where either was not scored."""
        return self.canary.values - self.control.values


class PairIndex:
    """An epoch's pairs as columns. A row is a pair's number: numbers have no gaps."""

    def __init__(self) -> None:
        self.snapshot_ids: list[str] = []
        self.modality, self.lane = Coded[str](), Coded[str]()
        self.task, self.excluded = Coded[str](), Coded[str]()
        self.service, self.route = Coded[str](), Coded[str]()
        self.outcome, self.control_outcome = Coded[str](), Coded[str]()
        self.slices = Coded[tuple[str, ...]]()
        self.attributes = Coded[tuple[tuple[str, str], ...]]()
        # Names of all rules that valued the pair, and of those with the canary below.
        self.rules, self.rules_worse = (
            Coded[tuple[str, ...]](),
            Coded[tuple[str, ...]](),
        )
        self.streams: dict[str, StreamColumns] = {n: StreamColumns() for n in STREAMS}
        # The stream that a list tells of a pair: its worst, or its best if none fell.
        self.told_stream, self.told = Coded[str](), Column(np.float64)
        self.open = Column(np.bool_)  # for people to decide
        self.recorded_at, self.committed_at = Column(np.int64), Column(np.int64)

    def __len__(self) -> int:
        return len(self.snapshot_ids)

    def add(self, results: Iterable[PairResult]) -> None:
        """Add results in order; known ones are ignored."""
        for result in results:
            if result.number == len(self):
                self._add(result)

    def row(self, number: int) -> PairRow:
        """Return one pair as it stands in a list."""
        stream = self.told_stream.at(number)
        scores = self.streams.get(stream)
        return PairRow(
            number=number,
            snapshot_id=self.snapshot_ids[number],
            modality=self.modality.at(number),
            task=self.task.at(number),
            lane=self.lane.at(number),
            stream=stream,
            difference=_known(self.told.values[number]),
            scorer=scores.scorer.at(number) if scores else "",
            canary_score=_known(scores.canary.values[number]) if scores else None,
            control_score=_known(scores.control.values[number]) if scores else None,
            reason=scores.reason.at(number) if scores else "",
            outcome=self.outcome.at(number),
            control_outcome=self.control_outcome.at(number),
            service=self.service.at(number),
            route=self.route.at(number),
            slices=self.slices.at(number),
            recorded_at_ns=int(self.recorded_at.values[number]),
            committed_at_ns=int(self.committed_at.values[number]),
            excluded=self.excluded.at(number),
        )

    def _add(self, result: PairResult) -> None:
        self.snapshot_ids.append(result.snapshot_id)
        self.modality.append(result.modality)
        self.lane.append(result.lane)
        self.task.append(result.task)
        self.excluded.append(result.excluded)
        self.service.append(result.service)
        self.route.append(result.route)
        self.outcome.append(result.canary.outcome if result.canary else "")
        self.control_outcome.append(result.control.outcome if result.control else "")
        self.slices.append(result.slices)
        self.attributes.append(tuple(sorted(result.attributes.items())))
        self._add_rules(result)
        for name, columns in self.streams.items():
            columns.append(result.streams.get(name))
        stream, difference = _told(result)
        self.told_stream.append(stream)
        self.told.append(difference)
        self.open.append(is_open(result))
        self.recorded_at.append(result.recorded_at_ns)
        self.committed_at.append(result.committed_at_ns)

    def _add_rules(self, result: PairResult) -> None:
        valued = (*result.streams.values(), *result.diagnostics.values())
        self.rules.append(tuple(sorted({score.scorer for score in valued})))
        worse = {score.scorer for score in valued if _difference(score) < 0}
        self.rules_worse.append(tuple(sorted(worse)))


def _told(result: PairResult) -> tuple[str, float]:
    found = {
        name: difference
        for name in STREAMS
        if not math.isnan(difference := _difference(result.streams.get(name)))
    }
    if not found:
        return "", NEVER
    worst = min(found, key=found.__getitem__)
    told = worst if found[worst] < 0 else max(found, key=found.__getitem__)
    return told, found[told]


def _difference(score: StreamScore | None) -> float:
    if score is None or score.canary is None or score.control is None:
        return NEVER
    return score.canary - score.control


def _number(value: float | None) -> float:
    return NEVER if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
