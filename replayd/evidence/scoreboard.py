"""One canary's verdicts: a fold over its results, in dispatch order.

Folding the same results in the same order leaves the same bytes, so that a leader
that comes back, or another one, knows exactly what its predecessor knew. Nothing is
read here but `PairResult`s and a judge's decisions; no clock, no I/O.
"""

from collections.abc import Mapping

from replayd.adjudication.decisions import Decisions
from replayd.errors import DamagedResultError
from replayd.evidence.aa_test import AaTest
from replayd.evidence.differences import difference, is_valued, scores_of, worst_of
from replayd.evidence.judge_queue import JudgeQueue
from replayd.evidence.settings import (
    ADJUDICATION,
    ASSERTIONS,
    JUDGE,
    BoardSettings,
    deciders,
    gating_set,
    stream_settings,
)
from replayd.evidence.state import AwaitedPair, BoardState, decode, encode
from replayd.evidence.tallies import ModalityTally, StreamTally, is_unscorable
from replayd.evidence.watched_slices import FLAG_EVERY, SliceWatch
from replayd.model import STREAMS, Epoch, PairResult, StreamScore
from replayd.stats import (
    DamagedStateError,
    StreamFold,
    StreamState,
    StreamVerdict,
    StreamWord,
)

MOST_WAITING = 5_000  # pairs of a modality; then the oldest is given up, counted


class Scoreboard:
    """The evidence of one epoch. Not safe for threads.

    `carried` are modalities that regressed in the epoch before and were not decided
    since. `decisions` come from adjudication and may be replaced by `decide`.
    """

    def __init__(
        self,
        epoch: Epoch,
        settings: BoardSettings,
        *,
        carried: frozenset[str] = frozenset(),
        decisions: Decisions | None = None,
    ) -> None:
        self.epoch, self.settings, self.carried = epoch, settings, carried
        self._decisions = decisions or Decisions()
        self._state = BoardState(epoch=epoch.epoch)
        self._folds: dict[str, StreamFold] = {}
        self._open()

    # -- folding

    @property
    def next_number(self) -> int:
        """The number that `fold` takes next."""
        return self._state.next_number

    def fold(self, result: PairResult) -> None:
        """Take the next result.

        Raises:
            DamagedResultError: not the next number, or a score out of range; nothing
                was changed, and no verdict may rest on what follows.
        """
        self._check(result)
        self._state.folded_at_ns = result.committed_at_ns
        if (tally := self._state.tallies.get(result.modality)) is None:
            tally = self._state.tallies[result.modality] = ModalityTally()
        if result.excluded:
            tally.excluded[result.excluded] = tally.excluded.get(result.excluded, 0) + 1
            if is_unscorable(result.excluded):
                for name in self._slices_fed(result):
                    self._slice_counts(result.modality, name).see(None)
        else:
            self._fold_judged(result, tally)
        self._state.next_number += 1
        if self._state.next_number % FLAG_EVERY == 0:
            self._watch.evaluate()

    def decide(self, decisions: Decisions) -> None:
        """Take all decisions known by now and count what they free."""
        self._decisions = decisions
        for modality in self._state.waiting:
            self._settle(modality)
        for modality in self._state.judge:
            self._settle_judged(modality)

    # -- its state

    def checkpoint(self) -> bytes:
        """Return the state as bytes; the same for the same results."""
        self._state.streams = {key: fold.state for key, fold in self._folds.items()}
        self._state.noise, self._state.watch = self._noise.states, self._watch.state
        return encode(self._state)

    def restore(self, data: bytes) -> None:
        """Go on from a checkpoint of this epoch.

        Raises:
            DamagedResultError: fold the results anew; nothing was changed.
        """
        before = self._state, self._folds
        self._state, self._folds = decode(data, self.epoch.epoch), {}
        try:
            self._open()
        except (DamagedStateError, KeyError) as error:
            self._state, self._folds = before
            self._open()
            raise DamagedResultError("checkpoint", str(error)) from None

    def _open(self) -> None:
        gating = gating_set(self.epoch, self.settings)
        for modality in self._state.later:
            gating = gating.with_later(modality)
        self._gating = gating
        self._noise = AaTest(self.settings.eps, self._state.noise)
        self._watch = SliceWatch(self.settings.eps, self._state.watch)
        self.judged = JudgeQueue(
            self.epoch.epoch, self.settings.judge, self._state.judge
        )
        self._folds = {
            key: self._new_fold(key, state)
            for key, state in self._state.streams.items()
        }

    # -- what is known

    @property
    def noise(self) -> AaTest:
        """The A/A streams."""
        return self._noise

    @property
    def watch(self) -> SliceWatch:
        """The watched slices."""
        return self._watch

    @property
    def modalities(self) -> tuple[str, ...]:
        """Those of the epoch's start, then those that came later."""
        return tuple(dict.fromkeys((*self.epoch.modalities, *self._state.tallies)))

    @property
    def unjudged(self) -> int:
        """Discordant pairs given up because no judge came."""
        return self._state.unjudged

    @property
    def waiting_decisions(self) -> tuple[int, ...]:
        """Numbers of pairs that wait for a person's decision, oldest first."""
        modalities = {*self._state.waiting, *self._state.judge}
        return tuple(sorted(n for m in modalities for n in self.waiting_in(m)))

    def waiting_in(self, modality: str) -> set[int]:
        """Return the numbers of one modality's pairs that wait for a person."""
        known = self._decisions.differences
        queue = self._state.waiting.get(modality, ())
        unknown = {p.number for p in queue if p.discordant and p.number not in known}
        return unknown.union(self.judged.wants(known, modality))

    def tally(self, modality: str) -> ModalityTally:
        """Return a modality's counts; empty ones if it never had a result."""
        return self._state.tallies.get(modality) or ModalityTally()

    def slice_tally(self, modality: str, name: str) -> StreamTally:
        """Return a protected slice's counts."""
        return self._state.slice_tallies.get(f"{modality}/{name}") or StreamTally()

    def evidence_number(self, modality: str, stream: str) -> int:
        """Return the newest number in a stream, -1 if there is none; for caches."""
        fold = self._folds.get(f"{modality}/{stream}")
        return fold.last_number if fold else -1

    def word(self, modality: str, stream: str) -> StreamWord:
        """Return a stream's word as of the last result; cheap."""
        fold = self._folds.get(f"{modality}/{stream}")
        return fold.word if fold else "undecided"

    def word_since_ns(self, modality: str, stream: str) -> int:
        """Return when a stream's word became what it is; 0 if it never changed."""
        return self._state.changed_at_ns.get(f"{modality}/{stream}", 0)

    def verdict(self, modality: str, stream: str) -> StreamVerdict:
        """Return a stream's verdict with its interval; some milliseconds."""
        fold = self._folds.get(f"{modality}/{stream}")
        return (fold or self._new_fold(f"{modality}/{stream}")).verdict()

    # -- inside

    def _fold_judged(self, result: PairResult, tally: ModalityTally) -> None:
        self._noise.add(result)
        self._watch.add(result)
        modality = result.modality
        if not self._gating.knows(modality):
            self._gating = self._gating.with_later(modality)
            self._state.later = self._gating.later
        if result.lane == "traffic":
            tally.count_pair(result)
            for stream in STREAMS:
                if score := result.streams.get(stream):
                    self._feed(result, stream, score, tally)
            if ADJUDICATION in deciders(self.settings, modality):
                self._queue(result)
            if self.settings.judge is not None:
                self.judged.take(result)
                self._settle_judged(modality)
        elif result.lane.startswith("pin:"):
            self._feed_assertions(result)
        for name in self._slices_fed(result):
            self._feed_slice(result, name)

    def _feed(
        self, result: PairResult, stream: str, score: StreamScore, tally: ModalityTally
    ) -> None:
        if (counts := tally.streams.get(stream)) is None:
            counts = tally.streams[stream] = StreamTally()
        if _both(score, counts):
            self._add(result.modality, stream, difference(score), result.number)
            counts.add(score, _cause(stream, score, result), result)

    def _feed_assertions(self, result: PairResult) -> None:
        """Count a pin's assertions where they were declared at the epoch's start."""
        score = result.streams.get("quality")
        if (
            score is not None
            and score.scorer == ASSERTIONS
            and result.modality in self.settings.pinned_modalities
            and score.canary is not None
            and score.control is not None
        ):
            self._add(result.modality, ASSERTIONS, difference(score), result.number)

    def _slices_fed(self, result: PairResult) -> tuple[str, ...]:
        """A slice hears its own lane, and traffic that belongs to it.

        Another slice's lane is no fair sample of it.
        """
        if not (declared := self.epoch.slices.get(result.modality)):
            return ()
        if result.lane.startswith("slice:"):
            own = result.lane.removeprefix("slice:")
            return (own,) if own in declared else ()
        if result.lane != "traffic":
            return ()
        return tuple(name for name in declared if name in result.slices)

    def _feed_slice(self, result: PairResult, name: str) -> None:
        """A slice has one stream: each arm's worst score over those that apply."""
        scores = scores_of(result)
        if not scores:
            return
        counts = self._slice_counts(result.modality, name)
        counts.see(result.streams.get("quality"))
        if not all(_both(score, counts) for score in scores):
            return
        worst = worst_of(scores)
        self._add(result.modality, f"slice:{name}", difference(worst), result.number)
        counts.add(worst, worst.scorer, result)

    def _slice_counts(self, modality: str, name: str) -> StreamTally:
        key = f"{modality}/{name}"
        return self._state.slice_tallies.setdefault(key, StreamTally())

    def _queue(self, result: PairResult) -> None:
        """Line the pair up for adjudication; agreeing arms need no judge."""
        score = result.streams.get("quality")
        if score is None or score.canary is None or score.control is None:
            return
        queue = self._state.waiting.setdefault(result.modality, [])
        queue.append(AwaitedPair(result.number, score.canary != score.control))
        self._settle(result.modality)
        if len(queue) > MOST_WAITING:
            queue.pop(0)
            self._state.unjudged += 1
            self._settle(result.modality)

    def _settle(self, modality: str) -> None:
        """Count pairs in dispatch order up to the first that nobody judged.

        In the order of decisions, what is judged quickly would count first.
        """
        queue = self._state.waiting[modality]
        known: Mapping[int, int] = self._decisions.differences
        done = 0
        for pair in queue:
            value = known.get(pair.number) if pair.discordant else 0
            if value is None:
                break
            self._add(modality, ADJUDICATION, float(value), pair.number)
            done += 1
        del queue[:done]

    def _settle_judged(self, modality: str) -> None:
        labels = self._decisions.differences
        for number, value in self.judged.settle(modality, labels):
            self._add(modality, JUDGE, value, number)

    def _add(self, modality: str, stream: str, value: float, number: int) -> None:
        key = f"{modality}/{stream}"
        if (fold := self._folds.get(key)) is None:
            fold = self._folds[key] = self._new_fold(key)
        before = fold.word
        fold.add(value, number=number)
        if fold.word != before:
            self._state.changed_at_ns[key] = self._state.folded_at_ns

    def _new_fold(self, key: str, state: StreamState | None = None) -> StreamFold:
        modality, stream = key.split("/", 1)
        gating = self._gating.with_later(modality)  # One only shown, never judged.
        return StreamFold(
            stream_settings(self.settings, gating, modality, stream), state
        )

    def _check(self, result: PairResult) -> None:
        if result.number != self._state.next_number:
            raise self._damaged(result, f"expected {self._state.next_number}")
        for scores in (result.streams, result.diagnostics):
            for stream, score in scores.items():
                if not (
                    0.0 <= (score.canary or 0.0) <= 1.0
                    and 0.0 <= (score.control or 0.0) <= 1.0
                    and 0.0 <= (score.second_control or 0.0) <= 1.0
                ):
                    raise self._damaged(result, f"{stream} holds {score!r}")

    def _damaged(self, result: PairResult, why: str) -> DamagedResultError:
        name = f"result {result.number} of epoch {self.epoch.epoch[:12]}"
        return DamagedResultError(name, why)


def _both(score: StreamScore, counts: StreamTally) -> bool:
    """Whether both arms were valued; counts who was not, and why."""
    if is_valued(score):
        return True
    if score.reason == "scorer_fault":
        counts.faults += 1
    else:
        counts.away_canary += score.canary is None
        counts.away_control += score.control is None
    return False


def _cause(stream: str, score: StreamScore, result: PairResult) -> str:
    """Return what a worse pair is put down to, from a bounded set."""
    if stream == "answered":
        return result.canary.outcome if result.canary else "unknown"
    return score.reason if stream == "invariants" else score.scorer
