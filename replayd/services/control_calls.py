"""Calls to the control outside of any epoch: a budget of their own, and its rate."""

from collections.abc import Callable, Mapping

from replayd.arms.arm import Arm
from replayd.budget.accounting import SpendingAccount, estimated
from replayd.budget.limits import Amount, Budgets
from replayd.budget.minutes import Spent
from replayd.config import BudgetConfig
from replayd.errors import BudgetSpentError
from replayd.model import ArmAnswer, Case, Planned
from replayd.offline.oneshot import Answered, answer_once, arm_answer
from replayd.providers.contract import Refusal
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.model import Snapshot

PATIENCE_SECONDS = 10.0  # for the control's next turn; later ones wait for a look


class ControlCalls:
    """Asks the control for a purpose that is no verdict, one call at a time."""

    def __init__(
        self,
        budget: BudgetConfig,
        spending: SpendingAccount,
        clock: Clock,
        *,
        lane: str,
        on_spent: Callable[[Case, int, Amount], None],
    ) -> None:
        """Prepare; `on_spent` is told the case, when, and what a call cost."""
        self._budgets, self._spending = Budgets(budget, {}), spending
        self._clock, self._lane, self._on_spent = clock, lane, on_spent

    def reset(self) -> None:
        """Forget all counts: somebody else led, and counted on."""
        self._budgets.reset()

    def count(self, modality: str, spent: tuple[Spent, ...]) -> None:
        """Count what was spent before this replica led."""
        now_ns = self._clock.now_ns()
        for each in spent:
            self._budgets.count(modality, each.amount, each.minute_ns, now_ns)

    async def ask(
        self, arm: Arm, case: Case, snapshot: Snapshot, media: Mapping[int, bytes]
    ) -> ArmAnswer | Refusal | None:
        """Send one request; None if nothing may be sent now."""
        since_ns = self._clock.now_ns()
        if (held := self._taken(arm, case)) is None:
            return None
        turn = await self._spending.take_control_turn(self._planned(case))
        found = await answer_once(arm, snapshot, dict(media))
        if not isinstance(found, Answered):
            self._give_back(case, held)
            self._spending.give_back_control_turn(turn)
            return found
        answer = self._answer(arm, case, found)
        self._settle(case, held, answer, since_ns)
        return answer

    def estimate(self, case: Case, models: tuple[str, ...]) -> Amount:
        """Return the estimated cost of sending a case to `models`."""
        return self._spending.estimate(case, models)

    def may_ask(self, arm: Arm, case: Case) -> bool:
        """Whether a request could be sent now; takes nothing."""
        if (held := self._taken(arm, case)) is None:
            return False
        self._give_back(case, held)
        return True

    def _taken(self, arm: Arm, case: Case) -> Amount | None:
        """Reserve one call; None if the budget or the control's rate has no room."""
        held = self._spending.estimate(case, (arm.config.model,))
        try:
            self._budgets.reserve(case.modality, held, self._clock.now_ns())
        except BudgetSpentError:
            return None
        seconds = self._spending.control_wait_seconds(self._planned(case))
        if seconds is None or seconds > PATIENCE_SECONDS:
            self._give_back(case, held)
            return None
        return held

    def _give_back(self, case: Case, held: Amount) -> None:
        self._budgets.settle(case.modality, held, Amount(), self._clock.now_ns())

    def _planned(self, case: Case) -> Planned:
        return Planned(number=0, case=case, lane=self._lane)

    def _answer(self, arm: Arm, case: Case, found: Answered) -> ArmAnswer:
        attempt = found.attempt
        seconds = attempt.latency_ms / 1000
        self._spending.control_learnt(attempt.quota, seconds, case.modality)
        usage = attempt.reading.answer.usage
        counted = usage if usage.input_tokens is not None else estimated(case)
        money = self._spending.cost(arm.config.model, counted)
        return arm_answer(found, money=money)

    def _settle(
        self, case: Case, held: Amount, answer: ArmAnswer, since_ns: int
    ) -> None:
        usage, now_ns = answer.usage, self._clock.now_ns()
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        spent = Amount(
            requests=answer.attempts, tokens=tokens or held.tokens, money=answer.money
        )
        self._budgets.settle(case.modality, held, spent, now_ns, since_ns=since_ns)
        self._on_spent(case, now_ns, spent)
