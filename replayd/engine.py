"""Engine: arms, canaries, intake and leadership, wired from one configuration.

The servers stand apart (`app.py`): they go on answering while a reload puts another
engine in the place of this one.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from replayd.adjudication.opinions import OpinionBook
from replayd.arms.arm import Arm, open_arms
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases import intake as intaking
from replayd.cases.eligibility import Eligibility
from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader, Gone
from replayd.config import ReplaydConfig
from replayd.evaluation import revisions as declarations
from replayd.evaluation.canary import CanaryEvaluation, EvaluationContext
from replayd.evaluation.epochs import DeclaredRevision, control_of
from replayd.evaluation.runner import Judge
from replayd.evidence.token_witness import TokenEvidence
from replayd.judge_model import setup as judge_setup
from replayd.judge_model.anchors import load_anchors
from replayd.judge_model.model import Judgement
from replayd.judge_model.pair import PairJudge
from replayd.judge_model.rounds import JudgeRounds
from replayd.ledger.lease import Lease
from replayd.model import JudgedPair, PairAnswers, PairResult, Planned
from replayd.scoring.own.settings import OwnScorers
from replayd.scoring.pool import ScoringPool
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import RedactionSettings, bare
from replayd.services import gauges
from replayd.services.adjudication import AdjudicationFeed
from replayd.services.askers import askers
from replayd.services.control_asker import ControlAsker, Surroundings
from replayd.services.drills import OfflineDrills
from replayd.services.leader import LeaderElection
from replayd.services.retirement import RetirementNotice
from replayd.services.store_follower import StoreFollower
from replayd.services.token_review import TokenReview
from replayd.services.verdict_refresh import live_traffic
from replayd.telemetry.metrics import EngineMetrics
from replayd.traits.measurer import measurer
from replayd.workers.leading import senders, worker_queue
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.lifecycle import Part, run_parts
from snaptrace.snapshot.codec import unpack_snapshot
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from replayd.telemetry.otlp_exporter import OtlpExporter

REPLICA_ID = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}"
DRAIN_MARGIN_SECONDS = 5.0  # beyond the drain of what is in flight


class Engine:
    """Everything that evaluates, made from one configuration; replaced by a reload."""

    name = "engine"

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        key: FleetKey,
        clock: Clock,
        rng: random.Random,
        *,
        metrics: EngineMetrics | None = None,
        key_files: tuple[str, ...] = (),
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> None:
        self.config, self._store = config, store
        self._is_awaited = is_awaited
        self._clock, self._rng = clock, rng
        self._content = CaseLoader(store, key, measurer(wanted=config.traits))
        self.metrics = metrics or EngineMetrics(CollectorRegistry())
        self._leading: LeaderElection | None = None
        self.arms: dict[str, Arm] = {}
        self.shadows: dict[str, CanaryEvaluation] = {}
        schedule = config.schedule
        allowed = {tool for arm in config.arms.values() for tool in arm.allowed_tools}
        self.eligibility = Eligibility(diagnose=config.fidelity == "unverified")
        self.tokens = TokenEvidence(store, clock, config.witness)
        self.tokens.on_decided = self.eligibility.decide
        self.intake = Intake(
            store,
            since_ns=intaking.since(
                clock.now_ns(), schedule.lookback, schedule.age_limit
            ),
            lookback_ns=int(schedule.lookback * 1e9),
            allowed_tools=tuple(sorted(allowed)),
            eligibility=self.eligibility,
            is_erased=self._content.is_erased,
        )
        self._telling = self._made_telling()
        self.spending = SpendingAccount(
            Budgets(config.budget, config.budgets),
            Prices(config.prices),
            ControlRate(config.control_rate, schedule.lookback),
            clock,
            judge=Budgets(config.judge.budget, {}),
            judge_model=config.judge.model if config.judge.url else "",
        )
        # By workers, where there are any.
        self._queue = worker_queue(config.workers, store, self.metrics, REPLICA_ID)
        self._senders = senders(
            self._queue, config, key, spending=self.spending, clock=clock, rng=rng
        )
        self._pair_judge: PairJudge | None = None
        self._judge_rounds: JudgeRounds | None = None
        self.judging = ScoringPool(
            clock,
            RedactionSettings(config.privacy, key.handed_over(), key_files),
            in_process=config.judge_process,
            log_level=config.log_level,
            on_lost=self.metrics.judging_lost.inc,
            own=OwnScorers(config.scorers, key_files),
            prose_model=(config.prose_model, config.prose_model_prefix),
            on_prose_model=self.metrics.prose_model.set,
        )
        self.drills = OfflineDrills(
            config,
            store,
            key,
            clock,
            judging=self.judging,
            metrics=self.metrics.drills,
            leading=lambda: self.leading,
            replayable=self.intake.sample.replayable,
        )
        self.reading = StoreFollower(
            store=store,
            content=self._content,
            intake=self.intake,
            spending=self.spending,
            metrics=self.metrics,
            clock=clock,
            shadows=self.shadows,
            poll_seconds=schedule.poll,
        )
        notice = RetirementNotice(config, clock, self.metrics)
        self.reading.listeners.append(notice.saw)

    def _made_askers(self) -> list[ControlAsker]:
        """Return what asks the control outside of any epoch, where there is one."""
        control = control_of(self.config)
        if control is None:
            return []
        around = Surroundings(
            config=self.config,
            store=self._store,
            content=self._content,
            clock=self._clock,
            control=lambda: self.arms.get(control),
            spending=self.spending,
            judging=self.judging,
            leading=lambda: self.leading,
        )
        found = askers(around, self.metrics)
        self.reading.listeners += [each.offer for each in found]
        return found

    def _made_telling(self) -> "OtlpExporter | None":
        config = self.config.telemetry
        if not config.url:
            return None
        # Imported only where it is wanted: protobuf costs memory.
        from replayd.telemetry.otlp_exporter import OtlpExporter  # noqa: PLC0415

        return OtlpExporter(config, self.arms, self.metrics, self._clock, self._rng)

    async def open_arms(self, stack: AsyncExitStack, env: Mapping[str, str]) -> None:
        """Open all connections of arms; closed with `stack`."""
        self.arms |= await open_arms(
            stack, self.config.arms, env, self._clock, self._rng
        )
        if self.config.judge.url:
            await self._open_judge(stack, env)
        control = control_of(self.config)
        for name, arm in self.arms.items():
            if arm.config.role == "canary":
                other = None if control is None else self.arms[control]
                self.shadows[name] = CanaryEvaluation(self._tools(name), arm, other)

    async def _open_judge(
        self, stack: AsyncExitStack, environ: Mapping[str, str]
    ) -> None:
        """Open the judge model, and what keeps its labelled cases judged."""
        config, metrics = self.config, self.metrics
        judge = judge_setup.made(
            config, self.spending.judge, environ, self._clock, self._rng
        )
        await stack.enter_async_context(judge.arm.endpoint)
        rounds = self._judge_rounds = JudgeRounds(
            judge, load_anchors(config.judge.labelled), config.judge
        )

        def on_judged(found: Judgement) -> None:
            gauges.count_judgement(metrics, found)
            rounds.saw(found.cost.served_model)

        def on_round(right: int, of: int) -> None:
            gauges.show_judge(metrics, right, of)
            for shadow in self.shadows.values():
                shadow.judge_changed(rounds.key_now)

        rounds.on_round = on_round
        self._pair_judge = PairJudge(judge, self._content, on_judged)

    def _tools(self, canary: str) -> EvaluationContext:
        return EvaluationContext(
            config=self.config,
            store=self._store,
            content=self._content,
            spending=self.spending,
            clock=self._clock,
            rng=self._rng,
            leader=REPLICA_ID,
            judge=(
                self._judged if self._telling is None else self._telling_judge(canary)
            ),
            finish=partial(self._finished, canary),
            senders=self._senders,
            judge_key=self._judge_rounds.key if self._judge_rounds else None,
            live=partial(live_traffic, self.intake),
            drilled=lambda: self.drills.known,
            eligibility=self.eligibility,
            tokens=self.tokens,
            on_committed=self._committed,
            is_awaited=self._is_awaited,
            on_fault=lambda name, at: self.metrics.pair_faults.labels(name, at).inc(),
        )

    async def _judged(
        self, planned: Planned, recorded: Recorded, answers: PairAnswers
    ) -> JudgedPair:
        """Return a pair's scores, and a judge model's verdict where one is wanted.

        Whoever comes after the scoring process sees answers as they are stored.
        """
        found = await self.judging.judge(planned, recorded, answers)
        return await self._adjudicated(planned, recorded, found)

    async def _adjudicated(
        self, planned: Planned, recorded: Recorded, found: JudgedPair
    ) -> JudgedPair:
        """Return a scored pair with a judge model's verdict where one is wanted."""
        if found.answers is None:
            self.metrics.answers_withheld.inc()
            return found
        if self._pair_judge is None:
            return found
        result = await self._pair_judge.judged(
            planned, recorded, found.answers, found.result
        )
        return JudgedPair(result, found.answers)

    async def _finished(
        self, canary: str, planned: Planned, judged: JudgedPair
    ) -> JudgedPair:
        """Do with a pair that a worker judged what only the leader does."""
        if self._pair_judge is None and self._telling is None:
            if judged.answers is None:
                self.metrics.answers_withheld.inc()
            return judged
        loaded = await self._content.load(planned.case)
        if isinstance(loaded, Gone):
            return judged  # erased since the worker had it
        found = await self._adjudicated(planned, loaded.recorded, judged)
        self._tell(canary, planned, loaded.recorded, found)
        return found

    def _telling_judge(self, canary: str) -> Judge:
        """Return the judge that also tells what it found."""

        async def judged(
            planned: Planned, recorded: Recorded, answers: PairAnswers
        ) -> JudgedPair:
            found = await self._judged(planned, recorded, answers)
            told = JudgedPair(found.result, found.answers or bare(answers))
            self._tell(canary, planned, recorded, told)
            return found

        return judged

    def _tell(
        self, canary: str, planned: Planned, recorded: Recorded, found: JudgedPair
    ) -> None:
        epoch = self.shadows[canary].epoch
        if self._telling is None or epoch is None or found.answers is None:
            return
        snapshot = unpack_snapshot(recorded.packed)
        self._telling.pair(epoch, planned, snapshot, found.answers, found.result)

    def _committed(self, canary: str, results: Sequence[PairResult]) -> None:
        control = control_of(self.config) or ""
        gauges.count_results(self.metrics, canary, control, results)

    @property
    def leading(self) -> bool:
        """Return whether this replica holds the lease and leads."""
        return self._leading is not None and self._leading.now

    def not_ready(self) -> str:
        """Return which canaries cannot be led, and why; "" if none."""
        failing = "" if self._leading is None else self._leading.failing()
        if not failing and self._queue is not None and self.leading:
            return self._queue.not_ready()
        return failing

    async def run(
        self,
        stop: asyncio.Event,
        environ: Mapping[str, str],
        *,
        ready: Callable[[], None] = lambda: None,
        keeps_lease: Callable[[], bool] = lambda: False,
    ) -> None:
        """Evaluate until `stop`; what `keeps_lease` says then is asked at the end.

        Raises:
            ConfigError: an arm's key is not there.
            ExceptionGroup: a part failed.
        """
        async with AsyncExitStack() as stack:
            await self.open_arms(stack, environ)
            stack.callback(self._content.close)
            await run_parts(
                self._parts(keeps_lease),
                stop,
                drain_seconds=self.config.drain + DRAIN_MARGIN_SECONDS,
                on_ready=ready,
            )

    def _parts(self, keeps_lease: Callable[[], bool]) -> list[Part]:
        """Return what runs, from source to sink."""
        config = self.config
        self._leading = LeaderElection(
            Lease(self._store, REPLICA_ID, config.lease, self._clock),
            self.shadows,
            self.metrics,
            renew_seconds=config.lease / 3,
            began=self._forget,
            keeps_lease=keeps_lease,
        )
        review = TokenReview(
            self.tokens,
            self.shadows,
            self.metrics,
            self._clock,
            poll_seconds=config.schedule.poll,
            leading=lambda: self.leading,
        )
        parts: list[Part] = [self.reading, self._leading, review, self.judging]
        some = (self._queue, self._telling, self._judge_rounds)
        parts += [self.drills, *self._made_askers()]
        parts += [part for part in some if part is not None]
        book, poll = OpinionBook(self._store), config.schedule.poll
        parts.append(
            AdjudicationFeed(self.shadows, self.metrics, book, poll_seconds=poll)
        )
        return parts

    def _forget(self) -> None:
        """Forget what another replica may have changed while it led."""
        self.spending.forget()
        self.tokens.forget()

    async def declare(self, canary: str, revision: str) -> None:
        """Judge another revision of a canary from now on.

        Raises:
            KeyError: there is no such canary.
        """
        shadow = self.shadows[canary]
        declared = DeclaredRevision(
            revision=revision,
            announced_at_ns=self._clock.now_ns(),
            instead_of=self.config.arms[canary].revision,
        )
        await declarations.declare(self._store, canary, declared)
        shadow.declare(declared)
