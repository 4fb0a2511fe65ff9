"""One canary under continuous evaluation: its epochs, one after another.

Leads while the lease is held; opens a new epoch when what is held fixed has changed;
starts again, with a pause, when the store or a defect ended a leadership.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from replayd.adjudication.decisions import Decisions
from replayd.arms.arm import Arm, applies, concerns
from replayd.arms.availability import Availability
from replayd.arms.model_change import ServedModelWatch
from replayd.budget.accounting import SpendingAccount
from replayd.cases.eligibility import Eligibility
from replayd.cases.loader import CaseLoader
from replayd.cases.schedule import Schedule, ScheduleSettings, case_key, slices_of
from replayd.config import ReplaydConfig
from replayd.drills.known import KnownSensitivity
from replayd.evaluation import epochs
from replayd.evaluation.caught_pairs import CaughtPairs, Side
from replayd.evaluation.committer import Committer
from replayd.evaluation.counts import EpochRunnerSettings
from replayd.evaluation.epochs import DeclaredRevision
from replayd.evaluation.pair import PairReplay
from replayd.evaluation.runner import EpochRunner, Judge
from replayd.evaluation.sender import Finish, Sender, Senders, as_it_is
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import (
    JUDGE,
    JudgeKey,
    judge_key,
    of_epoch,
    settings_of,
)
from replayd.evidence.token_witness import TokenEvidence
from replayd.ledger.ledger import Ledger
from replayd.model import Case, Epoch, PairResult
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import ArmView, CanaryView, LiveTraffic
from replayd.witness.tally import WitnessTally
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

HANDED_AT_ONCE = 200  # cases, before the loop may turn
DECIDED = frozenset({"pass", "pass_with_drop", "regressed", "changed"})


class EvaluationContext(Struct, frozen=True, kw_only=True):
    """Objects that all canaries of one replayd share."""

    config: ReplaydConfig
    store: Store
    content: CaseLoader
    spending: SpendingAccount
    clock: Clock
    rng: random.Random
    leader: str  # this replica's id
    judge: Judge
    finish: Finish = as_it_is
    senders: Senders | None = None  # None: pairs are sent by this process
    # What an epoch holds fixed of the judge model, after the epoch before.
    judge_key: Callable[[JudgeKey | None], Awaitable[JudgeKey]] | None = None
    live: Callable[[Epoch | None], LiveTraffic]
    drilled: Callable[[], KnownSensitivity] = KnownSensitivity
    eligibility: Eligibility
    tokens: TokenEvidence
    on_committed: Callable[[str, Sequence[PairResult]], None] = lambda _c, _r: None
    on_fault: Callable[[str, str], None] = lambda _canary, _where: None
    is_awaited: Callable[[], bool] = lambda: True  # whether a gate waits for verdicts


class CanaryEvaluation:
    """One canary arm and its present epoch."""

    def __init__(
        self, tools: EvaluationContext, canary: Arm, control: Arm | None
    ) -> None:
        self.name, self._tools = canary.name, tools
        self._canary, self._control = canary, control
        self._cases: dict[str, Case] = {}
        self._thresholds: dict[str, int] = {}
        self._declared: DeclaredRevision | None = None
        self._restart = asyncio.Event()  # the epoch has to change
        self._served = ""  # what answers said since it last changed
        self._served_watch = ServedModelWatch()
        self._offered = asyncio.Event()
        self.not_applicable = 0
        self.epoch: Epoch | None = None
        self.lead: EpochRunner | None = None
        self.schedule: Schedule | None = None
        self._board: VerdictComputation | None = None
        self._view: CanaryView | None = None
        self._decisions: tuple[str, Decisions] = "", Decisions()  # of which epoch
        self._drawn_by = tools.eligibility.decided  # decisions behind the schedule

    @property
    def decisions(self) -> str:
        """Where a judge's decisions come from, "" if there is none."""
        return self._canary.config.decisions

    @property
    def availability(self) -> dict[Side, Availability]:
        """Whether the arms answer anybody."""
        found: dict[Side, Availability] = {"canary": self._canary.endpoint.availability}
        if self._control is not None:
            found["control"] = self._control.endpoint.availability
        return found

    def applies_to(self, service: str) -> bool:
        """Return whether a service's traffic concerns this canary at all."""
        return concerns(self._canary.config, service)

    def offer(self, cases: Iterable[Case], thresholds: dict[str, int]) -> None:
        """Take in what intake found; kept for the next epoch too."""
        fresh = []
        for case in cases:
            if applies(self._canary.config, case):
                fresh.append(case)
            else:
                self.not_applicable += 1
        self._thresholds = dict(thresholds)
        self._cases |= {case_key(case): case for case in fresh}
        limit = self._tools.config.schedule.case_limit
        while len(self._cases) > limit:
            del self._cases[next(iter(self._cases))]
        if self.schedule is not None:
            self._hand_over(self.schedule, fresh)
        if self._cases:
            self._offered.set()
        if fresh and self.lead is not None:
            self.lead.fresh.set()

    def newest_cases(self) -> Iterable[Case]:
        """Return the cases that apply, as they may be drawn, the newest first."""
        return self._offered_now(reversed(self._cases.values()))

    def _offered_now(self, cases: Iterable[Case]) -> Iterable[Case]:
        left_out = () if self.epoch is None else self.epoch.left_out
        return (self._tools.eligibility.offered(case, left_out) for case in cases)

    def declare(self, declared: DeclaredRevision) -> None:
        """Judge another revision or model from now on; a new epoch opens."""
        if declared != self._declared:
            self._declared = declared
            self._restart.set()

    def judge_changed(self, key_now: Callable[[JudgeKey | None], JudgeKey]) -> None:
        """Open another epoch if the judge is another than the present one's."""
        if self.epoch is not None:
            before = judge_key(self.epoch)
            if key_now(before) != before:
                self._restart.set()

    @property
    def draws_by_older_decisions(self) -> bool:
        """Whether rows were verified or lowered since the schedule was filled."""
        now = self._tools.eligibility.decided
        return self.schedule is not None and self._drawn_by != now

    def reconsider(self) -> None:
        """Lead the present epoch anew: other calls may be drawn from now on."""
        self._restart.set()

    def decide(self, epoch: str, decisions: Decisions) -> None:
        """Take all decisions of a judge about one epoch; a later one starts anew."""
        self._decisions = epoch, decisions
        current = self.epoch is not None and self.epoch.epoch == epoch
        if self._board is not None and current:
            self._board.decide(decisions)

    def view(self) -> CanaryView | None:
        """Return the present verdicts; None before the fold has caught up."""
        if self._board is None or self.lead is None:
            return None
        if self.lead.caught_up.is_set():
            now_ns, live = self._tools.clock.now_ns(), self._tools.live(self.epoch)
            counts = self.lead.counts
            self._view = replace(
                self._board.view(now_ns, live, self._tools.drilled()),
                arms=self._arms_shown(self.lead),
                waiting=counts.waiting,
                budget=counts.budget,
                slowed=self._tools.spending.rate.slowed if self._control else None,
            )
        return self._view

    def _arms_shown(self, lead: EpochRunner) -> tuple[ArmView, ...]:
        arms = [arm for arm in (self._canary, self._control) if arm is not None]
        known = [(arm.name, arm.endpoint.availability) for arm in arms]
        return tuple(
            ArmView(
                arm=name,
                state=there.state,
                share=there.share(),
                limit=there.limit,
                waiting=lead.held if there.away else 0,
                why=there.last_failure if there.away else "",
            )
            for name, there in known
        )

    def decided(self) -> frozenset[str]:
        """Return the modalities whose last computed verdict stands."""
        if self._view is None:
            return frozenset()
        shown = self._view.modalities.items()
        return frozenset(name for name, view in shown if view.verdict in DECIDED)

    async def run(self, stop: asyncio.Event) -> None:
        """Lead epoch after epoch until `stop`.

        Raises:
            LostLeadError, DamagedResultError, StoreUnavailableError: this leadership
                ended; what to do is the caller's business.
        """
        tools = self._tools
        while not stop.is_set():
            await _first(self._offered, stop)
            if stop.is_set():
                return
            self._restart.clear()
            epoch = await self._epoch()
            earlier = await epochs.spent_before(tools.store, tools.clock, epoch)
            for name, spent in earlier.items():
                tools.spending.recount(name, spent)
            # What may be drawn has to be known before the schedule is filled.
            await tools.tokens.follow(self.name, epoch.epoch, self._live_tally)
            sender = await self._prepare(epoch)
            assert self.lead is not None
            ending = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                waiter = group.create_task(_set_after(ending, stop, self._restart))
                try:
                    await self.lead.run(ending)
                finally:
                    sender.ended()
                waiter.cancel()

    def _live_tally(self) -> WitnessTally | None:
        """Return the present epoch's token counts; None while it is folded."""
        lead = self.lead
        return lead.fold.witness if lead and lead.caught_up.is_set() else None

    def step_down(self) -> None:
        """Show nothing any more: somebody else leads."""
        self.lead = self.schedule = self._board = self._view = None

    async def _epoch(self) -> Epoch:
        tools = self._tools
        arm = epochs.with_declared(self._canary.config, self._declared)
        settings = settings_of(tools.config, self.name)
        seen = {case.modality for case in self._cases.values()}
        modalities = sorted({*seen, *settings.required_modalities})
        pinned = sorted({c.modality for c in self._cases.values() if c.asserted})
        wanted = epochs.wanted_epoch(tools.config, self.name, arm, tuple(modalities))
        wanted = replace(wanted, pinned=tuple(pinned))
        before = await epochs.current(tools.store, self.name)
        # What is served is known only from answers: silence means no change.
        served = self._served or (before.key.get("served", "") if before else "")
        if served:
            wanted = replace(wanted, key={**wanted.key, "served": served})
        if tools.judge_key is not None:
            fixed = await tools.judge_key(None if before is None else judge_key(before))
            wanted = replace(wanted, key={**wanted.key, JUDGE: fixed.text()})
        if before is not None and epochs.same(before, wanted):
            return before
        wanted = await epochs.without_needless(tools.store, tools.config, wanted)
        epoch = await epochs.begin(
            tools.store, tools.clock, wanted, before, settings, rng=tools.rng
        )
        log.info("epoch opened", extra={"canary": self.name, "epoch": epoch.epoch})
        return epoch

    def _sender(self, canary: Arm, epoch: Epoch) -> Sender:
        """Return whoever sends this epoch's pairs."""
        tools, control = self._tools, self._control
        if tools.senders is not None:
            return tools.senders(canary, control, epoch.epoch)
        replay = PairReplay(canary, control, tools.spending, tools.rng)
        return Sender(replay=replay, in_flight=tools.config.concurrency)

    async def _prepare(self, epoch: Epoch) -> Sender:
        """Build what leads this epoch; return what sends its pairs."""
        tools, config = self._tools, self._tools.config
        arm = epochs.with_declared(self._canary.config, self._declared)
        canary = Arm(self.name, arm, self._canary.endpoint)
        settings = replace(
            of_epoch(settings_of(config, self.name), epoch),
            expected_discordance=epoch.expected_discordance,
        )

        def new_board() -> Scoreboard:
            decided_epoch, decisions = self._decisions
            board = Scoreboard(
                epoch,
                settings,
                carried=frozenset(epoch.carried),
                decisions=decisions if decided_epoch == epoch.epoch else None,
            )
            self._board = VerdictComputation(board)
            return board

        ledger = Ledger(tools.store, epoch.epoch, tools.clock, tools.leader)
        schedule = Schedule(schedule_settings(config, epoch.epoch))
        arms = [canary] if self._control is None else [canary, self._control]
        # The schedule is there for cases that come while it takes in what is known.
        self.epoch, self.schedule = epoch, schedule
        self._drawn_by = tools.eligibility.decided
        known = list(self._cases.values())
        for first in range(0, len(known), HANDED_AT_ONCE):
            self._hand_over(schedule, known[first : first + HANDED_AT_ONCE])
            await asyncio.sleep(0)
        self._served_watch = ServedModelWatch()
        sender = self._sender(canary, epoch)
        self.lead = EpochRunner(
            ledger=ledger,
            schedule=schedule,
            replay=CaughtPairs(sender.replay, self.availability, tools.spending),
            content=tools.content,
            spending=tools.spending,
            committer=Committer(
                ledger,
                Fold(new_board),
                in_flight=sender.in_flight,
                keep_answers=config.keep_answers,
                is_awaited=tools.is_awaited,
                on_committed=partial(self._on_committed, sender),
            ),
            judge=tools.judge,
            finish=tools.finish,
            on_taken_over=sender.taken_over,
            settings=EpochRunnerSettings(
                in_flight=sender.in_flight,
                block=config.schedule.block,
                poll_seconds=config.schedule.poll,
                drain_seconds=config.drain,
                models=tuple(arm.config.model for arm in arms),
            ),
            clock=tools.clock,
            decided=self.decided,
            on_fault=partial(tools.on_fault, self.name),
        )
        return sender

    def _on_committed(self, sender: Sender, results: Sequence[PairResult]) -> None:
        sender.committed(results)
        self._tools.on_committed(self.name, results)
        for result in results:
            served = self._served_watch.saw(result)
            if served and served != self._served:
                log.warning("served model changed", extra={"canary": self.name})
                self._served = served
                self._restart.set()

    def _hand_over(self, schedule: Schedule, cases: Iterable[Case]) -> None:
        schedule.offer(self._offered_now(cases))
        for modality, rank in self._thresholds.items():
            schedule.set_threshold(modality, rank)


def schedule_settings(config: ReplaydConfig, seed: str) -> ScheduleSettings:
    """Return what a schedule draws, from the configuration."""
    schedule = config.schedule
    return ScheduleSettings(
        seed=seed,
        lookback_ns=int(schedule.lookback * 1e9),
        age_limit_ns=int(schedule.age_limit * 1e9),
        shares=dict(schedule.shares),
        slices=slices_of(config.slices),
        pin_share=schedule.pin_share,
        quota_share=schedule.quota_share,
        second_control_share=schedule.second_control_share,
        case_limit=schedule.case_limit,
    )


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of the events is set."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def _set_after(target: asyncio.Event, *events: asyncio.Event) -> None:
    await _first(*events)
    target.set()
