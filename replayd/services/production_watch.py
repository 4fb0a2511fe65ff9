"""Asks the anchors again on schedule, within the watch's budget and the control's rate.

One answer at a time: pairs count in the order in which they were asked, whatever came
back sooner.
"""

import asyncio
import logging
from collections.abc import Sequence

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.limits import Amount
from replayd.cases.loader import Loaded
from replayd.model import Case
from replayd.providers.contract import Refusal
from replayd.services.control_asker import Surroundings
from replayd.services.control_calls import ControlCalls
from replayd.stats import StatsError
from replayd.telemetry.watch_metrics import WatchMetrics
from replayd.watch.asking import scored
from replayd.watch.state import Anchor, WatchState, store_state, stored_states
from replayd.watch.watching import ModalityWatch, WatchSettings

log = logging.getLogger(__name__)

CANDIDATES = 5_000  # newest cases that may become anchors, per modality
AWAY_SECONDS = 600.0  # until an anchor is asked again that the model did not answer
STORED_EVERY = 20  # answers; the rest of a round is stored at its end


class ProductionWatch:
    """Purpose of the watch on the control."""

    name = "production watch"
    lane = "watch"

    def __init__(self, around: Surroundings, metrics: WatchMetrics) -> None:
        self._around, self._metrics = around, metrics
        watch = around.config.watch
        self.budget = watch.budget
        self._cases: dict[str, dict[str, Case]] = {}  # modality -> by unit
        self._watches: dict[str, ModalityWatch] = {}
        self._settings = WatchSettings(
            anchors=watch.anchors,
            baseline=watch.baseline,
            every_ns=int(watch.every * 1e9),
            run_length=watch.run_length,
            hold_ns=int(watch.hold * 1e9),
        )

    def take(self, case: Case) -> None:
        """Take a call that may become an anchor."""
        known = self._cases.setdefault(case.modality, {})
        known[case.unit] = case
        while len(known) > CANDIDATES:
            del known[next(iter(known))]

    async def load(self, arm: Arm, calls: ControlCalls) -> None:
        """Go on from the stored states.

        Raises:
            SnapshotError: the store does not answer; safe to repeat.
        """
        self._watches = {}
        for modality, state in (await stored_states(self._around.store)).items():
            if state.control != arm.name:
                continue  # another control: its earlier answers say nothing
            try:
                self._watches[modality] = ModalityWatch(state, self._settings)
                calls.count(modality, state.spent)
            except StatsError as error:
                log.warning("watch begins anew", extra={"why": str(error)})

    async def ask(self, arm: Arm, calls: ControlCalls, stop: asyncio.Event) -> None:
        """Ask every anchor that is due, once; then show and store what came of it.

        Raises:
            SnapshotError: the store does not answer; safe to repeat.
        """
        for modality, cases in self._cases.items():
            if modality not in self._watches:
                fresh = WatchState(modality=modality, control=arm.name)
                self._watches[modality] = ModalityWatch(fresh, self._settings)
            watch = self._watches[modality]
            await self._round(arm, calls, watch, list(cases.values()), stop)
        self._metrics.show(self._watches.values())

    def forget(self) -> None:
        """Drop the states; candidates stay."""
        self._watches = {}

    def spent(self, case: Case, at_ns: int, amount: Amount) -> None:
        """Count what one call cost."""
        if (watch := self._watches.get(case.modality)) is not None:
            watch.charge(at_ns, amount)

    async def _round(
        self,
        arm: Arm,
        calls: ControlCalls,
        watch: ModalityWatch,
        cases: Sequence[Case],
        stop: asyncio.Event,
    ) -> None:
        now_ns = self._around.clock.now_ns()
        watch.outlive(now_ns)
        watch.enrol(cases, now_ns)
        asked = 0
        while not stop.is_set() and self._around.leading():
            anchor = next(watch.due(self._around.clock.now_ns()), None)
            if anchor is None or not await self._ask(arm, calls, watch, anchor):
                break
            asked += 1
            if asked % STORED_EVERY == 0:
                await store_state(self._around.store, watch.state)
        if asked:
            await store_state(self._around.store, watch.state)

    async def _ask(
        self, arm: Arm, calls: ControlCalls, watch: ModalityWatch, anchor: Anchor
    ) -> bool:
        """Ask one anchor; false if nothing may be sent now."""
        loaded = await self._around.content.load(anchor.case)
        if not isinstance(loaded, Loaded):
            watch.drop(anchor)
            return True
        answer = await calls.ask(arm, anchor.case, loaded.snapshot, loaded.media)
        if answer is None:
            return False
        if isinstance(answer, Refusal):
            watch.drop(anchor)  # this arm cannot be asked that
            return True
        if not RULES[answer.outcome].scored:
            watch.postpone(
                anchor, self._around.clock.now_ns() + int(AWAY_SECONDS * 1e9)
            )
            return True
        at_ns = self._around.clock.now_ns()
        numbers = await scored(
            anchor.case, loaded.recorded, answer, self._around.judging.judge, at_ns
        )
        if numbers is None:
            watch.drop(anchor)
            return True
        before = watch.state.changed
        watch.answered(anchor, numbers)
        if watch.state.changed is not before:
            log.warning(
                "production model changed", extra={"modality": anchor.case.modality}
            )
        return True
