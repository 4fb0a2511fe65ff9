"""From a scoreboard to what people and gates are told."""

from collections.abc import Sequence

from msgspec import structs

from replayd.adjudication.decisions import Decisions
from replayd.drills.known import KnownSensitivity
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import JUDGE, deciders
from replayd.evidence.tallies import ModalityTally
from replayd.model import STREAMS
from replayd.stats import (
    Agreement,
    Circumstances,
    ModalityVerdict,
    StreamVerdict,
    decide_quality,
    judge_gate,
    judge_modality,
)
from replayd.verdicts.stream_view import stream_view
from replayd.verdicts.views import (
    CanaryView,
    JudgeView,
    LiveModality,
    LiveTraffic,
    ModalityView,
    PeopleView,
    StreamView,
    Why,
)

NANOSECONDS = 1_000_000_000
MOST_SLICES_SHOWN = 240


class VerdictComputation:
    """Computes a canary's view; keeps verdicts of streams that have not moved."""

    def __init__(self, board: Scoreboard) -> None:
        self._board = board
        self._kept: dict[tuple[str, str], tuple[int, StreamVerdict]] = {}
        self._drilled = KnownSensitivity()

    def decide(self, decisions: Decisions) -> None:
        """Take all decisions of a judge known by now."""
        self._board.decide(decisions)

    def view(
        self,
        now_ns: int,
        live: LiveTraffic,
        drilled: KnownSensitivity | None = None,
    ) -> CanaryView:
        """Return everything known at `now_ns`; tens of milliseconds: on a timer."""
        board = self._board
        self._drilled = drilled or KnownSensitivity()
        names = dict.fromkeys(
            (
                *board.modalities,
                *board.settings.required_modalities,
                *sorted(live.modalities),
            )
        )
        judged = {m: self._judge(m, live.modalities.get(m), now_ns) for m in names}
        epoch = board.epoch
        return CanaryView(
            gate=judge_gate(
                [verdict for verdict, _ in judged.values()],
                strict=board.settings.strict,
            ),
            revision=epoch.revision,
            epoch=epoch.epoch,
            epochs_tried=epoch.sequence + 1,
            intent=board.settings.intent,
            control=epoch.control,
            started_at_ns=epoch.started_at_ns,
            computed_at_ns=now_ns,
            number=board.next_number,
            noise_alarm=board.noise.alarmed,
            modalities={m: shown for m, (_, shown) in judged.items()},
            slices=tuple(board.watch.shown()[:MOST_SLICES_SHOWN]),
            slices_untracked=board.watch.state.untracked,
            waiting_decisions=len(board.waiting_decisions),
            unjudged=board.unjudged,
        )

    def carries(self) -> frozenset[str]:
        """Return the modalities that the next epoch inherits as regressed."""
        found = {"regressed", "regressed_previous_epoch"}
        return frozenset(
            m for m, verdict in self.found().items() if verdict.word in found
        )

    def found(self) -> dict[str, ModalityVerdict]:
        """Return what the evidence says by modality, whatever traffic is like today."""
        board = self._board
        return {
            modality: judge_modality(
                modality,
                self._streams(modality),
                # Coverage is about today's traffic; a finding outlives it.
                Circumstances(
                    coverage=1.0,
                    coverage_limit=0.0,
                    noise_alarm=bool(board.noise.alarmed),
                    unsupported=bool(board.tally(modality).unsupported),
                    regressed_previously=modality in board.carried,
                ),
                self._protected(modality),
            )
            for modality in board.modalities
        }

    def _judge(
        self, modality: str, live: LiveModality | None, now_ns: int
    ) -> tuple[ModalityVerdict, ModalityView]:
        board, settings = self._board, self._board.settings
        tally = board.tally(modality)
        withheld = tally.withheld_because()
        verdict = judge_modality(
            modality,
            self._streams(modality),
            Circumstances(
                coverage=live.replayable_share if live else None,
                coverage_limit=settings.coverage_limit,
                scored=tally.scored_share(self._judged(modality)),
                scored_limit=settings.scored_limit,
                unscored_slices=frozenset(self._unscored_slices(modality)),
                insensitive=bool(self._insensitive_to(modality)),
                noise_alarm=bool(board.noise.alarmed),
                unsupported=bool(tally.unsupported),
                pass_withheld=bool(withheld),
                regressed_previously=modality in board.carried,
            ),
            self._protected(modality),
        )
        reason: Why = verdict.reason
        stale = now_ns - tally.newest_committed_ns > settings.pass_expires_ns
        if stale and verdict.word in {"pass", "pass_with_drop"}:
            verdict = structs.replace(verdict, word="undecided")
            reason = "expired"
        return verdict, self._shown(verdict, reason, withheld, live, now_ns)

    def _insensitive_to(self, modality: str) -> tuple[str, ...]:
        """Return the required faults that the pairs so far are not known to show."""
        required = self._board.settings.required_sensitivity.get(modality, ())
        if not required:
            return ()
        pairs = self._board.tally(modality).pairs
        return self._drilled.unseen(modality, required, pairs)

    def _streams(self, modality: str) -> tuple[StreamVerdict, ...]:
        answered, invariants, agreement = (
            self._stream(modality, stream) for stream in STREAMS
        )
        settings = self._board.settings
        quality = decide_quality(
            agreement,
            self._deciders(modality),
            settings.intent,
            self._stream(modality, JUDGE) if settings.judge_gates else None,
        )
        return answered, invariants, quality

    def _deciders(self, modality: str) -> Sequence[StreamVerdict]:
        return [
            self._stream(modality, name)
            for name in deciders(self._board.settings, modality)
            if name != JUDGE
        ]

    def _protected(self, modality: str) -> tuple[StreamVerdict, ...]:
        return tuple(
            self._stream(modality, f"slice:{name}")
            for name in self._board.epoch.slices.get(modality, ())
        )

    def _judged(self, modality: str) -> int:
        """Return how many pairs a judge that gates valued, and no scorer did."""
        board = self._board
        gates = board.settings.judge_gates
        return board.judged.state(modality).unscored if gates else 0

    def _judge_shown(self, modality: str) -> JudgeView | None:
        board, key = self._board, self._board.settings.judge
        if key is None:
            return None
        state = board.judged.state(modality)
        people = _people(board.judged.agreement(modality))
        rubrics = board.judged.agreement_by_rubric(modality)
        return JudgeView(
            standing=key.standing,
            asked=state.asked,
            unscored=state.unscored,
            away=dict(state.away),
            waiting_labels=sum(pair.labelled for pair in state.waiting),
            labelled=people.labelled,
            same=people.same,
            kappa=people.kappa,
            kappa_interval=people.kappa_interval,
            rubrics={name: _people(each) for name, each in rubrics.items()},
            closed=state.closed,
        )

    def _unscored_slices(self, modality: str) -> tuple[str, ...]:
        """Return the protected slices whose quality was hardly ever valued."""
        board = self._board
        shares = {
            name: board.slice_tally(modality, name).scored_share
            for name in board.epoch.slices.get(modality, ())
        }
        limit = board.settings.scored_limit
        return tuple(n for n, share in shares.items() if (share or 0.0) < limit)

    def _stream(self, modality: str, stream: str) -> StreamVerdict:
        number = self._board.evidence_number(modality, stream)
        kept = self._kept.get((modality, stream))
        if kept is None or kept[0] != number:
            kept = number, self._board.verdict(modality, stream)
            self._kept[modality, stream] = kept
        return kept[1]

    def _shown(
        self,
        verdict: ModalityVerdict,
        reason: Why,
        withheld: tuple[str, ...],
        live: LiveModality | None,
        now_ns: int,
    ) -> ModalityView:
        board, modality = self._board, verdict.modality
        tally, judged = board.tally(modality), self._judged(modality)
        streams: dict[str, StreamView] = {
            name: stream_view(
                stream, tally.streams.get(name), board.word_since_ns(modality, name)
            )
            for name, stream in zip(STREAMS, verdict.streams, strict=True)
        }
        protected = self._protected_shown(modality, verdict.protected)
        deciding = _deciding_name(verdict)
        decided = {**streams, **{f"slice:{k}": v for k, v in protected.items()}}
        quality = streams["quality"]
        share = live.replayable_share if live else None
        covered = share is not None and share >= board.settings.coverage_limit
        return ModalityView(
            verdict=verdict.word,
            reason=reason,
            deciding=deciding,
            outcome=_outcome(deciding, reason, decided),
            replays=verdict.replays,
            difference=verdict.difference,
            interval=(verdict.interval.low, verdict.interval.high),
            replays_needed=verdict.replays_needed,
            coverage=_coverage(live, tally.scored_share(judged)),
            streams=streams,
            protected=protected,
            deciders=self._deciders_shown(modality, tally),
            withheld_because=withheld,
            pairs=tally.pairs,
            unscored=tally.unscored,
            scored=tally.scored(judged),
            scored_share=tally.scored_share(judged),
            judge=self._judge_shown(modality),
            scored_limit=board.settings.scored_limit,
            unscored_slices=self._unscored_slices(modality),
            excluded=dict(tally.excluded),
            canary_outcomes=dict(tally.canary_outcomes),
            control_outcomes=dict(tally.control_outcomes),
            canary_score=quality.canary_score,
            control_score=quality.control_score,
            noise_floor=board.noise.floor(modality),
            mean_age_seconds=_mean_age(tally, now_ns),
            oldest_age_seconds=_age(tally.oldest_recorded_ns, now_ns),
            last_replay_age_seconds=_age(tally.newest_committed_ns, now_ns),
            last_replay_at_ns=tally.newest_committed_ns,
            seen=live.seen if live else 0,
            replayable=live.replayable if live else 0,
            replayable_share=live.replayable_share if live else None,
            not_replayable=dict(live.reasons) if live else {},
            waiting_decisions=len(board.waiting_in(modality)),
            smallest_drop=quality.smallest_drop,
            blind_to=self._drilled.blind_to(modality),
            insensitive_to=self._insensitive_to(modality) if covered else (),
            drilled_at_ns=self._drilled.made_at_ns,
            since_ns=decided[deciding].since_ns if deciding in decided else 0,
        )

    def _protected_shown(
        self, modality: str, protected: Sequence[StreamVerdict]
    ) -> dict[str, StreamView]:
        """Return the protected slices; one that is unscored is not shown as passed."""
        unscored = self._unscored_slices(modality)
        shown: dict[str, StreamView] = {}
        for stream in protected:
            name = stream.stream.removeprefix("slice:")
            counts = self._board.slice_tally(modality, name)
            since_ns = self._board.word_since_ns(modality, stream.stream)
            view = stream_view(stream, counts, since_ns)
            if name in unscored and view.verdict in {"pass", "pass_with_drop"}:
                view = structs.replace(view, verdict="undecided", cause="unscored")
            shown[name] = view
        return shown

    def _deciders_shown(
        self, modality: str, tally: ModalityTally
    ) -> dict[str, StreamView]:
        """Return what `quality` was decided from, where it was not agreement alone."""
        beside = list(self._deciders(modality))
        if self._board.settings.judge is not None:
            beside.append(self._stream(modality, JUDGE))
        if not beside:
            return {}
        agreement = self._stream(modality, "quality")
        shown = {"agreement": stream_view(agreement, tally.streams.get("quality"))}
        shown.update((verdict.stream, stream_view(verdict, None)) for verdict in beside)
        return shown


def _people(found: Agreement) -> PeopleView:
    interval = None
    if found.low is not None and found.high is not None:
        interval = found.low, found.high
    return PeopleView(
        labelled=found.labelled,
        same=found.same,
        kappa=found.kappa,
        kappa_interval=interval,
    )


def _coverage(live: LiveModality | None, scored: float | None) -> float | None:
    """Return the share of live calls that could be replayed and was scored.

    Pairs of the traffic lane are drawn with equal probability from the replayable
    calls, so their scored share is an estimate of those calls' share.
    """
    replayable = live.replayable_share if live else None
    return None if replayable is None or scored is None else replayable * scored


def _deciding_name(verdict: ModalityVerdict) -> str:
    """Return the gating stream or slice that decided, whoever spoke for it."""
    deciding = verdict.deciding
    known = {*STREAMS, *(stream.stream for stream in verdict.protected)}
    if deciding and deciding not in known:
        return "quality"  # adjudication or assertions in its place
    return deciding


def _outcome(deciding: str, reason: Why, streams: dict[str, StreamView]) -> str:
    if reason == "unsupported":
        return "unsupported_modality"
    return streams[deciding].cause if deciding in streams else ""


def _mean_age(tally: ModalityTally, now_ns: int) -> float | None:
    if not tally.pairs:
        return None
    mean = tally.recorded_seconds_sum / tally.pairs
    return max(0.0, now_ns / NANOSECONDS - mean)


def _age(then_ns: int, now_ns: int) -> float | None:
    return max(0.0, (now_ns - then_ns) / NANOSECONDS) if then_ns else None
