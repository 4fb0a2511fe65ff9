"""Drills a small share of the recorded calls all the time, by asking the control.

Untouched twice and once under each of a few faults, within a budget of its own and the
control's rate. What comes of it is a certificate: no verdict's fold ever reads it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import SpendingAccount
from replayd.budget.limits import Amount
from replayd.budget.minutes import Spent, with_spent
from replayd.cases.loader import CaseLoader, Loaded
from replayd.cases.schedule import slices_of
from replayd.config import ReplaydConfig
from replayd.drills.certificate import certificates, store_certificate
from replayd.drills.dependence import dependence, route_dependence
from replayd.drills.injuring import DrillPair, score_versions
from replayd.drills.offline import certified, give_way
from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.requests.contract import Asked
from replayd.drills.sensitivity import Orders
from replayd.drills.share import (
    DrilledCase,
    ShareState,
    changed_requests,
    is_drawn,
    store_share,
    stored_share,
    with_case,
)
from replayd.errors import ReplaydError
from replayd.model import ArmAnswer, Case
from replayd.services.control_calls import ControlCalls
from replayd.services.drills import JudgeBeside
from replayd.telemetry.drill_metrics import DrillMetrics
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 30.0
MOST_WAITING = 1_000  # calls of the share that nobody asked yet; the oldest leave
OTHERS_KEPT = 4  # newest calls, whose media are swapped in
UNTOUCHED = 2  # calls per case without a fault: the second is the noise
FEWEST_CASES = 20  # new ones, before another certificate


class DrillShare:
    """Part that drills while this replica leads."""

    name = "drill share"

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        content: CaseLoader,
        clock: Clock,
        *,
        control: Callable[[], Arm | None],
        spending: SpendingAccount,
        judge: JudgeBeside,
        metrics: DrillMetrics,
        leading: Callable[[], bool],
    ) -> None:
        self._config, self._store, self._content = config, store, content
        self._clock, self._control, self._judge = clock, control, judge
        self._metrics, self._leading = metrics, leading
        self._calls = ControlCalls(
            config.drills.share_budget,
            spending,
            clock,
            lane="drill",
            on_spent=self._spent,
        )
        self._waiting: deque[Case] = deque(maxlen=MOST_WAITING)
        self._others: deque[Loaded] = deque(maxlen=OTHERS_KEPT)
        self._state: ShareState | None = None
        self._certified_at_ns = 0

    def offer(self, cases: Sequence[Case]) -> None:
        """Take new calls; those of the share are drilled, the oldest first."""
        for case in cases:
            is_ours = is_drawn(case, self._config.drills.share)
            if case.stands_for_traffic and is_ours:
                self._waiting.append(case)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Drill until `stop`."""
        ready()
        while not stop.is_set():
            try:
                await self.look(stop)
            except (SnapshotError, ReplaydError) as error:
                log.warning("drill share waits", extra={"why": str(error)})
                self._state = None
            await wait(stop, LOOK_EVERY_SECONDS)

    async def look(self, stop: asyncio.Event) -> None:
        """Drill what waits, as far as the budget goes; certify if that is due.

        Raises:
            SnapshotError: the store does not answer; the look is repeated.
        """
        arm = self._control()
        if arm is None or not self._leading():
            self._state = None
            return
        if self._state is None:
            await self._load(arm)
        drilled = 0
        while self._waiting and self._leading() and not stop.is_set():
            if not await self._drill(arm, self._waiting[0]):
                break
            self._waiting.popleft()
            drilled += 1
        if drilled:
            await self._keep()
        await self._certify()

    async def _load(self, arm: Arm) -> None:
        self._calls.reset()
        state = await stored_share(self._store)
        if state is None:
            state = ShareState(control=arm.name)
        spent = dict(state.spent)
        for modality, lost in state.sending.items():
            known = spent.get(modality, ())
            spent[modality] = with_spent(known, lost.minute_ns, lost.amount)
        for modality, minutes in spent.items():
            self._calls.count(modality, minutes)
        if state.control != arm.name:
            state = ShareState(control=arm.name)
        state = replace(state, spent=spent, sending={})
        made = await certificates(self._store, "share")
        self._certified_at_ns = max((each.made_at_ns for each in made), default=0)
        self._state = state

    async def _keep(self) -> None:
        if self._state is not None:
            await store_share(self._store, self._state)

    async def _drill(self, arm: Arm, case: Case) -> bool:
        """Drill one case; false if nothing may be sent now: it waits."""
        assert self._state is not None
        if any(each.snapshot_id == case.snapshot_id for each in self._state.drilled):
            return True  # before a restart
        loaded = await self._content.load(case)
        if not isinstance(loaded, Loaded):
            return True
        if not self._calls.may_ask(arm, case):
            return False
        others = [each for each in self._others if each.media != loaded.media]
        requests, untried = await asyncio.to_thread(
            changed_requests, case, loaded, others
        )
        await self._announce(arm, case, UNTOUCHED + len(requests))
        untouched = Asked(loaded.snapshot, loaded.media)
        first = await self._calls.ask(arm, case, loaded.snapshot, loaded.media)
        if first is None:
            return False  # another part was faster
        if loaded.media:
            self._others.appendleft(loaded)
        if not isinstance(first, ArmAnswer) or not RULES[first.outcome].scored:
            return True
        answers: dict[str, ArmAnswer] = {}
        for name, asked in {"": untouched, **requests}.items():
            found = await self._calls.ask(arm, case, asked.snapshot, asked.media)
            if isinstance(found, ArmAnswer) and RULES[found.outcome].scored:
                answers[name] = found
        again = answers.pop("", None)
        pair = DrillPair(
            case=case,
            recorded=loaded.recorded,
            answer=first,
            again=again,
            slices=tuple(
                each.name for each in slices_of(self._config.slices) if each.holds(case)
            ),
            untried=untried | (requests.keys() - answers.keys()),
        )
        await self._count(pair, answers)
        return True

    async def _announce(self, arm: Arm, case: Case, calls: int) -> None:
        """Write what a case may cost before anything of it is sent."""
        assert self._state is not None
        amount = self._calls.estimate(case, (arm.config.model,) * calls)
        sending = Spent(
            minute_ns=self._clock.now_ns(),
            requests=amount.requests,
            tokens=amount.tokens,
            money=amount.money,
        )
        self._state = replace(self._state, sending={case.modality: sending})
        await self._keep()
        self._state = replace(self._state, sending={})

    async def _count(self, pair: DrillPair, answers: Mapping[str, ArmAnswer]) -> None:
        assert self._state is not None
        for measured in await score_versions([pair], [answers], self._judge):
            new = DrilledCase(
                snapshot_id=pair.case.snapshot_id,
                at_ns=self._clock.now_ns(),
                measured=measured,
            )
            self._state = with_case(self._state, new, self._config.drills.pairs)

    async def _certify(self) -> None:
        assert self._state is not None
        now_ns, state = self._clock.now_ns(), self._state
        age_ns = now_ns - self._certified_at_ns
        if state.since < FEWEST_CASES or age_ns < self._config.drills.every * 1e9:
            return
        measured = [each.measured for each in state.drilled]
        made = await certified(
            measured,
            tuple(REQUEST_FAULTS.values()),
            self._config,
            orders=Orders(),
            pause=give_way,
            kind="share",
            source="request",
            epoch=None,
            made_at_ns=now_ns,
        )
        made = replace(
            made,
            control=state.control,
            dependence=dependence(measured),
            routes=route_dependence(measured),
        )
        await store_certificate(self._store, made)
        self._certified_at_ns, self._state = now_ns, replace(state, since=0)
        await self._keep()
        log.info("drilled a share of the calls", extra={"cases": len(measured)})

    def _spent(self, case: Case, at_ns: int, amount: Amount) -> None:
        self._metrics.share_calls.labels(case.modality).inc(amount.requests)
        if self._state is not None:
            known = self._state.spent.get(case.modality, ())
            spent = {case.modality: with_spent(known, at_ns, amount)}
            self._state = replace(self._state, spent={**self._state.spent, **spent})
