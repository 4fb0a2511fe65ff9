"""Drills a small share of the recorded calls all the time, by asking the control.

Untouched twice and once under each of a few faults, within a budget of its own and the
control's rate. What comes of it is a certificate: no verdict's fold ever reads it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping

from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.limits import Amount
from replayd.budget.minutes import Spent, with_spent
from replayd.cases.loader import Loaded
from replayd.cases.schedule import slices_of
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
from replayd.model import ArmAnswer, Case
from replayd.services.control_asker import Surroundings
from replayd.services.control_calls import ControlCalls
from replayd.services.drills import JudgeBeside
from replayd.telemetry.drill_metrics import DrillMetrics

log = logging.getLogger(__name__)

MOST_WAITING = 1_000  # calls of the share that nobody asked yet; the oldest leave
OTHERS_KEPT = 4  # newest calls, whose media are swapped in
UNTOUCHED = 2  # calls per case without a fault: the second is the noise
FEWEST_CASES = 20  # new ones, before another certificate


class DrillShare:
    """Purpose of the continuous drill."""

    name = "drill share"
    lane = "drill"

    def __init__(self, around: Surroundings, metrics: DrillMetrics) -> None:
        self._around, self._metrics = around, metrics
        self._config = around.config.drills
        self.budget = self._config.share_budget
        self._judge = JudgeBeside(around.judging)
        self._waiting: deque[Case] = deque(maxlen=MOST_WAITING)
        self._others: deque[Loaded] = deque(maxlen=OTHERS_KEPT)
        self._state: ShareState | None = None
        self._certified_at_ns = 0

    def take(self, case: Case) -> None:
        """Take a call if it belongs to the share; the oldest is drilled first."""
        if is_drawn(case, self._config.share):
            self._waiting.append(case)

    async def load(self, arm: Arm, calls: ControlCalls) -> None:
        """Go on from the stored state.

        Raises:
            SnapshotError: the store does not answer; safe to repeat.
        """
        store = self._around.store
        state = await stored_share(store)
        if state is None:
            state = ShareState(control=arm.name)
        spent = dict(state.spent)
        for modality, lost in state.sending.items():
            known = spent.get(modality, ())
            spent[modality] = with_spent(known, lost.minute_ns, lost.amount)
        for modality, minutes in spent.items():
            calls.count(modality, minutes)
        if state.control != arm.name:
            state = ShareState(control=arm.name)
        state = replace(state, spent=spent, sending={})
        made = await certificates(store, "share")
        self._certified_at_ns = max((each.made_at_ns for each in made), default=0)
        self._state = state

    async def ask(self, arm: Arm, calls: ControlCalls, stop: asyncio.Event) -> None:
        """Drill what waits, as far as the budget goes; certify if that is due.

        Raises:
            SnapshotError: the store does not answer; safe to repeat.
        """
        drilled = 0
        while self._waiting and self._around.leading() and not stop.is_set():
            if not await self._drill(arm, calls, self._waiting[0]):
                break
            self._waiting.popleft()
            drilled += 1
        if drilled:
            await self._keep()
        await self._certify()

    def forget(self) -> None:
        """Drop the state; calls that wait stay."""
        self._state = None

    def spent(self, case: Case, at_ns: int, amount: Amount) -> None:
        """Count what one call cost."""
        self._metrics.share_calls.labels(case.modality).inc(amount.requests)
        if self._state is not None:
            known = self._state.spent.get(case.modality, ())
            spent = {case.modality: with_spent(known, at_ns, amount)}
            self._state = replace(self._state, spent={**self._state.spent, **spent})

    async def _keep(self) -> None:
        if self._state is not None:
            await store_share(self._around.store, self._state)

    async def _drill(self, arm: Arm, calls: ControlCalls, case: Case) -> bool:
        """Drill one case; false if nothing may be sent now: it waits."""
        assert self._state is not None
        if any(each.snapshot_id == case.snapshot_id for each in self._state.drilled):
            return True  # before a restart
        loaded = await self._around.content.load(case)
        if not isinstance(loaded, Loaded):
            return True
        if not calls.may_ask(arm, case):
            return False
        others = [each for each in self._others if each.media != loaded.media]
        requests, untried = await asyncio.to_thread(
            changed_requests, case, loaded, others
        )
        # What the case may cost is written before anything of it is sent.
        models = (arm.config.model,) * (UNTOUCHED + len(requests))
        await self._announce(case, calls.estimate(case, models))
        untouched = Asked(loaded.snapshot, loaded.media)
        first = await calls.ask(arm, case, loaded.snapshot, loaded.media)
        if first is None:
            return False  # another part was faster
        if loaded.media:
            self._others.appendleft(loaded)
        if not isinstance(first, ArmAnswer) or not RULES[first.outcome].scored:
            return True
        answers: dict[str, ArmAnswer] = {}
        for name, asked in {"": untouched, **requests}.items():
            found = await calls.ask(arm, case, asked.snapshot, asked.media)
            if isinstance(found, ArmAnswer) and RULES[found.outcome].scored:
                answers[name] = found
        again = answers.pop("", None)
        pair = DrillPair(
            case=case,
            recorded=loaded.recorded,
            answer=first,
            again=again,
            slices=tuple(
                each.name
                for each in slices_of(self._around.config.slices)
                if each.holds(case)
            ),
            untried=untried | (requests.keys() - answers.keys()),
        )
        await self._count(pair, answers)
        return True

    async def _announce(self, case: Case, amount: Amount) -> None:
        assert self._state is not None
        sending = Spent(
            minute_ns=self._around.clock.now_ns(),
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
                at_ns=self._around.clock.now_ns(),
                measured=measured,
            )
            self._state = with_case(self._state, new, self._config.pairs)

    async def _certify(self) -> None:
        assert self._state is not None
        now_ns, state = self._around.clock.now_ns(), self._state
        age_ns = now_ns - self._certified_at_ns
        if state.since < FEWEST_CASES or age_ns < self._config.every * 1e9:
            return
        measured = [each.measured for each in state.drilled]
        made = await certified(
            measured,
            tuple(REQUEST_FAULTS.values()),
            self._around.config,
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
        await store_certificate(self._around.store, made)
        self._certified_at_ns, self._state = now_ns, replace(state, since=0)
        await self._keep()
        log.info("drilled a share of the calls", extra={"cases": len(measured)})
