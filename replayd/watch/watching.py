"""Turns answers of the production model into pairs, and pairs into a change. Pure."""

import random
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replayd.budget.limits import Amount
from replayd.budget.minutes import with_spent
from replayd.model import Case
from replayd.stats.change import KEPT_PAIRS, Change, ChangeDetector
from replayd.watch.state import (
    WORST_KEPT,
    Anchor,
    Answered,
    Changed,
    WatchedPair,
    WatchState,
)

RECENT = 50  # newest answers, for context


class WatchSettings(Struct, frozen=True, kw_only=True):
    """Settings of the watch; see `WatchConfig`."""

    anchors: int
    baseline: int
    every_ns: int
    run_length: float
    hold_ns: int


class ModalityWatch:
    """The watch on one modality; `state` is what a store keeps."""

    def __init__(self, state: WatchState, settings: WatchSettings) -> None:
        """Go on from `state`.

        Raises:
            DamagedStateError: its detector contradicts itself.
        """
        self._settings = settings
        self._state = state
        self._detector = ChangeDetector(settings.run_length, state.detector)

    @property
    def state(self) -> WatchState:
        """State to store."""
        return self._state

    @property
    def log_evidence(self) -> float:
        """Log evidence of a change; an alarm at `threshold`."""
        return self._detector.log_evidence

    @property
    def threshold(self) -> float:
        """Log of the run length."""
        return self._detector.threshold

    def enrol(self, cases: Iterable[Case], now_ns: int) -> None:
        """Fill free places with calls that are not among the anchors."""
        anchors = list(self._state.anchors)
        if len(anchors) >= self._settings.anchors:
            return
        # By another draw each time, else those that left would be the next to enter.
        drawn = random.Random(f"{self._state.modality}/{now_ns}")  # noqa: S311
        candidates = sorted(cases, key=lambda case: case.rank)
        drawn.shuffle(candidates)
        units = {anchor.case.unit for anchor in anchors}
        baseline = self._settings.baseline
        # With equal banks the first anchors would all leave at the same time.
        staggered = not self._state.next_number
        for case in candidates:
            if len(anchors) >= self._settings.anchors:
                break
            if case.unit in units or case.modality != self._state.modality:
                continue
            units.add(case.unit)
            wanted = 1 + len(anchors) % baseline if staggered else baseline
            entered = Anchor(
                case=case, entered_at_ns=now_ns, next_at_ns=now_ns, wanted=wanted
            )
            anchors.append(entered)
        self._state = replace(self._state, anchors=tuple(anchors))

    def due(self, now_ns: int) -> Iterator[Anchor]:
        """Yield the anchors to be asked now, the longest overdue first."""
        waiting = [each for each in self._state.anchors if each.next_at_ns <= now_ns]
        yield from sorted(waiting, key=lambda anchor: anchor.next_at_ns)

    def drop(self, anchor: Anchor) -> None:
        """Remove an anchor that is gone or cannot be scored."""
        self._put(anchor, None)

    def postpone(self, anchor: Anchor, until_ns: int) -> None:
        """Ask an anchor later: the model did not answer it now."""
        self._put(anchor, replace(anchor, next_at_ns=until_ns))

    def answered(self, anchor: Anchor, answer: Answered) -> WatchedPair | None:
        """Take an answer: into the bank, or as today's half of a pair."""
        self._state = replace(
            self._state, recent=(*self._state.recent, answer)[-RECENT:]
        )
        every = self._settings.every_ns
        if not anchor.filled:
            bank = (*anchor.bank, answer)
            full = len(bank) >= anchor.wanted
            # The answers of a bank come one after the other, without waiting.
            next_ns = answer.at_ns + every if full else answer.at_ns
            grown = replace(anchor, bank=bank, filled=full, next_at_ns=next_ns)
            self._put(anchor, grown)
            return None
        before, *rest = anchor.bank
        later = replace(anchor, bank=tuple(rest), next_at_ns=answer.at_ns + every)
        self._put(anchor, later if rest else None)
        return self._count(anchor, before, answer)

    def charge(self, at_ns: int, amount: Amount) -> None:
        """Count what an answer cost; a day of it is kept."""
        spent = with_spent(self._state.spent, at_ns, amount)
        self._state = replace(self._state, spent=spent)

    def outlive(self, now_ns: int) -> None:
        """Forget a change that has been shown long enough."""
        changed = self._state.changed
        if changed is not None and now_ns - changed.at_ns >= self._settings.hold_ns:
            self._state = replace(self._state, changed=None)

    def _count(self, anchor: Anchor, before: Answered, now: Answered) -> WatchedPair:
        state = self._state
        pair = WatchedPair(
            number=state.next_number,
            snapshot_id=anchor.case.snapshot_id,
            before=before,
            now=now,
        )
        change = self._detector.add(pair.difference, number=pair.number)
        times = (*state.asked_at_ns, now.at_ns)[-KEPT_PAIRS:]
        self._state = replace(
            state,
            detector=self._detector.state,
            asked_at_ns=times,
            worst=_worst((*state.worst, pair)),
            next_number=pair.number + 1,
        )
        if change is not None:
            self._change(change, now.at_ns)
        return pair

    def _change(self, change: Change, now_ns: int) -> None:
        """Show the change, and begin anew: later answers are the normal ones now."""
        state = self._state
        offset = change.raised_at - len(state.asked_at_ns)

        def when(pair: int) -> int:
            return state.asked_at_ns[max(pair - offset, 0)]

        since = state.next_number - change.raised_at + change.start
        changed = Changed(
            at_ns=now_ns,
            since_ns=when(change.start),
            since_low_ns=when(change.start_low),
            since_high_ns=when(change.start_high),
            difference=change.difference,
            pairs=change.raised_at,
            worst=tuple(each for each in state.worst if each.number >= since),
        )
        self._detector = ChangeDetector(self._settings.run_length)
        self._state = replace(
            state,
            anchors=(),
            detector=self._detector.state,
            asked_at_ns=(),
            worst=(),
            changed=changed,
        )

    def _put(self, anchor: Anchor, changed: Anchor | None) -> None:
        """Replace an anchor, or remove it."""
        place = anchor.case.snapshot_id
        kept = [
            changed if each.case.snapshot_id == place else each
            for each in self._state.anchors
        ]
        known = tuple(each for each in kept if each is not None)
        self._state = replace(self._state, anchors=known)


def _worst(pairs: Sequence[WatchedPair]) -> tuple[WatchedPair, ...]:
    ranked = sorted(pairs, key=lambda pair: (pair.difference, -pair.number))
    return tuple(ranked[:WORST_KEPT])
