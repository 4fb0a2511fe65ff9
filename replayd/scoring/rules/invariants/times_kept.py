"""Invariant: the times of a transcript are in order, complete and where they were."""

from itertools import pairwise
from statistics import median
from typing import Final

from rapidfuzz.distance import LCSseq

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.cues import Cue, cues_of
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.usability import usable

SHIFTED: Final = 1.0  # seconds, of the median word; segments cut otherwise move it less
STRAYED: Final = 4.0  # seconds, of one word in ten
OUT_OF_ORDER: Final = 0.05  # seconds
LATE: Final = 2.0  # seconds behind the recorded end
LATE_SHARE: Final = 0.05  # of its length, where that is more
SHORTEST_GAP: Final = 1.5  # seconds of recorded words without any
MOST_WORDS: Final = 4_000
FEWEST_SHARED: Final = 3  # words, from which a shift is measured
KINDS: Final = 4  # of faults


class TimesKept:
    """At most .5 for times out of order, past the end, lost or shifted; 0 without any.

    Segments may be cut otherwise: every word has the time of its place in its segment.
    """

    name = "times_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where what was heard was recorded with times."""
        heard = case.snapshot.modality in {"audio", "video"} or (
            case.snapshot.operation == "transcription"
        )
        return heard and bool(cues_of(case.reference.text))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or less the more kinds of faults there are."""
        if said.is_empty:
            return Score(0.0, "empty")
        wanted, got = cues_of(case.reference.text), cues_of(said.answer.text)
        if not got:
            return Score(0.0, "no times")
        faults = [f for f in (*_in_order(wanted, got), *_in_place(wanted, got)) if f]
        return Score(usable(len(faults), KINDS), ", ".join(faults))


def _in_order(wanted: tuple[Cue, ...], got: tuple[Cue, ...]) -> list[str]:
    """Return faults that the answer has by itself, but not those that were recorded."""
    found = []
    if not _sorted(got) and _sorted(wanted):
        found.append("out of order")
    if any(c.end < c.start for c in got) and all(c.end >= c.start for c in wanted):
        found.append("ends before it begins")
    return found[:1]


def _sorted(cues: tuple[Cue, ...]) -> bool:
    return all(b.start >= a.start - OUT_OF_ORDER for a, b in pairwise(cues))


def _in_place(wanted: tuple[Cue, ...], got: tuple[Cue, ...]) -> list[str]:
    first, last = min(c.start for c in wanted), max(c.end for c in wanted)
    late = max(c.end for c in got) - last
    found = []
    if late > max(LATE, LATE_SHARE * (last - first)):
        found.append(f"{late:.1f} s past the end")
    if (at := _lost(wanted, got)) is not None:
        found.append(f"nothing at {at:.1f} s")
    if moved := _shift(wanted, got):
        found.append(f"shifted by {moved:.1f} s")
    return found


def _lost(wanted: tuple[Cue, ...], got: tuple[Cue, ...]) -> float | None:
    """Return where recorded words begin that no segment of the answer covers."""
    for cue in wanted:
        covered = any(o.start < cue.end and o.end > cue.start for o in got)
        if cue.end - cue.start >= SHORTEST_GAP and cue.text and not covered:
            return cue.start
    return None


def _shift(wanted: tuple[Cue, ...], got: tuple[Cue, ...]) -> float:
    """Return by how many seconds words moved, 0 within what cutting otherwise does."""
    one, other = _timed(wanted), _timed(got)
    blocks = LCSseq.opcodes([w for w, _ in one], [w for w, _ in other])
    moved = [
        other[b.dest_start + i][1] - one[b.src_start + i][1]
        for b in blocks
        if b.tag == "equal"
        for i in range(b.src_end - b.src_start)
    ]
    if len(moved) < FEWEST_SHARED:
        return 0.0
    middle = median(moved)
    if abs(middle) > SHIFTED:
        return middle
    ninth = sorted(map(abs, moved))[int(0.9 * (len(moved) - 1))]
    return ninth if ninth > STRAYED else 0.0


def _timed(cues: tuple[Cue, ...]) -> list[tuple[str, float]]:
    """Return words with their times, spread evenly over their segment."""
    found: list[tuple[str, float]] = []
    for cue in cues:
        words = marked_words(cue.text)
        for at, word in enumerate(words):
            share = (at + 0.5) / len(words)
            found.append((word, cue.start + share * (cue.end - cue.start)))
    return found[:MOST_WORDS]
