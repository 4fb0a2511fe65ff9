"""Cost accounting of pairs: reserved before sending, settled afterwards.

One object for all canaries of a replayd: budgets, prices and the control's rate are
shared by all senders.
"""

import asyncio
from collections.abc import Iterable, Mapping

from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import WINDOWS, Amount, Budgets, Prices
from replayd.config import BudgetConfig
from replayd.errors import BudgetSpentError
from replayd.model import (
    ArmAnswer,
    ArmOutcome,
    Case,
    Charged,
    Lost,
    Outcome,
    PairAnswers,
    PairResult,
    Planned,
)
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.model import Usage

MINUTE_NS, DAY_NS = WINDOWS["minute"], WINDOWS["day"]
# Said before a model ran: no tokens are charged where none are reported.
FREE: frozenset[Outcome] = frozenset(
    {"rate_limited", "bad_request", "unsupported_modality", "context_too_long"}
)
VERDICT_TOKENS = 600  # of a judge model's answer, as reserved
Turn = tuple[int, ...]  # when, for each request to the control that was counted
SOON_NS = 10 * 10**9  # within which whoever is started should get its turn
UNTIL_MORE_TRAFFIC_SECONDS = 5.0  # between two looks at the production calls observed


class SpendingAccount:
    """Budgets, prices and the control's rate under one clock."""

    def __init__(
        self,
        budgets: Budgets,
        prices: Prices,
        rate: ControlRate,
        clock: Clock,
        *,
        judge: Budgets | None = None,
        judge_model: str = "",
    ) -> None:
        self.budgets, self.prices, self.rate = budgets, prices, rate
        self.judge = judge or Budgets(BudgetConfig(), {})  # the judge model's own
        self._judge_model = judge_model  # "" where there is none
        self._clock = clock
        self._control_turn = asyncio.Lock()
        self._turns_wanted = 0
        self._counted: set[str] = set()  # epochs whose earlier spending is counted

    def estimate(self, case: Case, models: tuple[str, ...]) -> Amount:
        """Return the estimated cost of sending a case to `models`."""
        output = max(case.tokens - case.input_tokens, 0)
        usage = Usage(input_tokens=case.input_tokens, output_tokens=output)
        return Amount(
            requests=len(models),
            tokens=case.tokens * len(models),
            money=sum(self.prices.cost(model, usage) for model in models),
        )

    def reserve(self, modality: str, amount: Amount) -> None:
        """Reserve `amount` in every budget concerned.

        Raises:
            BudgetSpentError: nothing was taken; says until when to wait.
        """
        self.budgets.reserve(modality, amount, self._clock.now_ns())

    def carry(self, planned: Planned, reserved_at_ns: int) -> int:
        """Count a reservation in the windows in which the pair is sent; return when.

        Raises:
            BudgetSpentError: it may not be sent yet; says until when to wait.
        """
        now_ns, modality = self._clock.now_ns(), planned.case.modality
        if self.budgets.concern(modality):
            self.budgets.carry(modality, reserved(planned), reserved_at_ns, now_ns)
        return now_ns

    def seconds_until(self, error: BudgetSpentError) -> float:
        """Return the remaining time of the exhausted budget's window."""
        return max((error.until_ns - self._clock.now_ns()) / 1e9, 0.01)

    def release(self, modality: str, amount: Amount, since_ns: int) -> None:
        """Return a reservation made at `since_ns` of which nothing was spent."""
        now_ns = self._clock.now_ns()
        self.budgets.settle(modality, amount, Amount(), now_ns, since_ns=since_ns)

    def reserve_again(self, planned: Planned) -> int:
        """Reserve a retry's cost, settled as spent; return when it was taken.

        Raises:
            BudgetSpentError: the pair is not sent again.
        """
        self.reserve(planned.case.modality, reserved(planned))
        return self._clock.now_ns()

    def settle(self, planned: Planned, answers: PairAnswers, since_ns: int) -> Charged:
        """Replace the pair's reservation, made at `since_ns`, by the actual cost."""
        arms = [answers.canary, answers.control, answers.second_control]
        asked = [arm for arm in arms if arm is not None]
        each = planned.reserved_tokens // len(asked)
        requests, tokens, tries, money = 0, 0, 0, 0.0
        for arm in asked:  # not a sum for each: this runs for every pair
            requests += arm.attempts
            tokens += _tokens(arm, each)
            money += arm.money
            tries = max(tries, arm.attempts)
        charged = Charged(
            requests=requests,
            tokens=tokens,
            money=money,
            control_calls=requests - answers.canary.attempts,
        )
        if self.budgets.concern(modality := planned.case.modality):
            held, spent = _amount(planned_charge(planned, tries)), _amount(charged)
            now_ns = self._clock.now_ns()
            self.budgets.settle(modality, held, spent, now_ns, since_ns=since_ns)
        return charged

    def forget(self) -> None:
        """Reset all counts; a new leader counts again."""
        self._counted.clear()
        self.budgets.reset()
        self.judge.reset()
        self.rate.reset()

    def recount_lost(self, epoch: str, lost: Iterable[Lost]) -> None:
        """Count what an epoch may have spent without a result, where it matters.

        Before `recount`, and like it once for each epoch.
        """
        if epoch in self._counted:
            return
        now_ns = self._clock.now_ns()
        for each in sorted(lost, key=lambda one: one.at_ns):
            for modality, charged in each.spent:
                amount = _amount(charged)
                self.budgets.count(modality, amount, each.at_ns, now_ns)
                for _ in range(charged.control_calls):
                    self.rate.sent(min(each.at_ns, now_ns))

    def hold_judge(self, planned: Planned) -> None:
        """Count what a crashed leader may have spent on judging a pair.

        Nobody knows whether it asked, so it is spent: a budget holds through kills.
        """
        if not self._judge_model:
            return
        case = planned.case
        output = max(case.tokens - case.input_tokens, 0)
        # Request, recording and two answers, in both orders, and two verdicts.
        usage = Usage(
            input_tokens=2 * (case.input_tokens + 3 * output),
            output_tokens=2 * VERDICT_TOKENS,
        )
        amount = Amount(
            requests=2,
            tokens=(usage.input_tokens or 0) + (usage.output_tokens or 0),
            money=self.prices.cost(self._judge_model, usage),
        )
        self.judge.settle("", Amount(), amount, self._clock.now_ns())

    def recount(self, epoch: str, spent: "SpendingReader") -> None:
        """Count an epoch's spending before this replica led, where still relevant.

        Once for each epoch: what is spent while leading is counted as it is sent.
        """
        if epoch in self._counted:
            return
        self._counted.add(epoch)
        now_ns = self._clock.now_ns()
        for (minute_ns, modality), amount in sorted(spent.minutes.items()):
            self.budgets.count(modality, amount, minute_ns, now_ns)
        for minute_ns, amount in sorted(spent.judge.items()):
            self.judge.count("", amount, minute_ns, now_ns)
        for minute_ns, calls in sorted(spent.control.items()):
            for _ in range(calls):
                # At its end, because the exact time in that minute is unknown.
                self.rate.sent(min(minute_ns + MINUTE_NS, now_ns))

    def cost(self, model: str, usage: Usage) -> float:
        """Return the price of one call."""
        return self.prices.cost(model, usage)

    def control_wait_seconds(self, planned: Planned) -> float | None:
        """Return how long to wait for the control; None: until more traffic."""
        now_ns = self._clock.now_ns()
        calls = 2 if planned.second_control else 1
        at_ns = self.rate.allowed_at_ns(now_ns, calls)
        return None if at_ns is None else max(at_ns - now_ns, 0) / 1e9

    def control_room(self, enough: int) -> int:
        """Return how many more pairs may ask the control soon; `enough` at most."""
        wanted, now_ns = self._turns_wanted, self._clock.now_ns()
        return max(self.rate.room(now_ns, SOON_NS, enough + wanted) - wanted, 0)

    async def take_control_turn(self, planned: Planned) -> Turn:
        """Wait for a slot to call the control, first come first served; count it."""
        if not self._turns_wanted and self.control_wait_seconds(planned) == 0.0:
            return self._turn_taken(planned)  # nobody waits, nor has to
        self._turns_wanted += 1
        try:
            async with self._control_turn:
                while (wait := self.control_wait_seconds(planned)) != 0.0:
                    seconds = UNTIL_MORE_TRAFFIC_SECONDS if wait is None else wait
                    await asyncio.sleep(min(seconds, UNTIL_MORE_TRAFFIC_SECONDS))
                return self._turn_taken(planned)
        finally:
            self._turns_wanted -= 1

    def _turn_taken(self, planned: Planned) -> Turn:
        turn = (self._clock.now_ns(),) * (2 if planned.second_control else 1)
        for at_ns in turn:
            self.rate.sent(at_ns)
        return turn

    def carry_turn(self, turn: Turn) -> Turn:
        """Count a turn when its requests are really sent; return that turn."""
        self.give_back_control_turn(turn)
        sent = (self._clock.now_ns(),) * len(turn)
        for at_ns in sent:
            self.rate.sent(at_ns)
        return sent

    def give_back_control_turn(self, turn: Turn) -> None:
        """Return an unused slot of the control."""
        for at_ns in turn:
            self.rate.unsent(at_ns)

    def lend(self, planned: Planned, turn: Turn) -> "Lent":
        """Hand a pair to somebody who sends it at a time that is not known here."""
        self.rate.lend(turn)
        return Lent(self, planned.case.modality, reserved(planned), len(turn))

    def lend_lost(self, lost: Lost) -> list["Lent"]:
        """Count as lent what an earlier leadership handed out and may still be sent."""
        found = []
        for modality, charged in lost.spent:
            calls = charged.control_calls
            self.rate.lend([lost.at_ns] * calls)
            found.append(Lent(self, modality, _amount(charged), calls))
        return found

    def control_learnt(
        self, headers: Mapping[str, str], latency_seconds: float, modality: str
    ) -> None:
        """Update the control's rate from an answer."""
        self.rate.learnt(headers, latency_seconds, modality)


class Lent:
    """A reservation and calls of the control that others may use at any time now.

    Until they are returned they count in every window: whenever the calls reach the
    servers, no window there holds more than the windows here do.
    """

    def __init__(
        self, account: "SpendingAccount", modality: str, amount: Amount, calls: int
    ) -> None:
        self._account, self._modality = account, modality
        self._amount, self._calls = amount, calls
        account.budgets.lend(modality, amount)

    def returned(self, now_ns: int, *, sent: bool = True) -> None:
        """Take it back; what was sent, or may have been, counts from now."""
        self._account.budgets.returned(self._modality, self._amount)
        self._account.rate.returned(self._calls, now_ns if sent else None)


class SpendingReader:
    """A day of committed spending by minute: a fold over results, kept with them."""

    def __init__(self) -> None:
        self.minutes: dict[tuple[int, str], Amount] = {}
        self.control: dict[int, int] = {}
        self.judge: dict[int, Amount] = {}  # of the judge model
        self._newest_ns = 0  # of `minutes`

    def restore(
        self,
        minutes: dict[tuple[int, str], Amount],
        control: dict[int, int],
        judge: dict[int, Amount],
    ) -> None:
        """Resume from saved state."""
        self.minutes, self.control, self.judge = minutes, control, judge
        self._newest_ns = max((minute_ns for minute_ns, _ in minutes), default=0)

    def add(self, result: PairResult) -> None:
        """Count one committed result."""
        if (charged := _charged(result)) is None:
            return
        at_ns = result.committed_at_ns
        self.charge(at_ns, result.modality, charged, result.judge)

    def charge(
        self,
        at_ns: int,
        modality: str,
        charged: Charged,
        judge: ArmOutcome | None = None,
    ) -> None:
        """Count something spent, and what judging it cost."""
        minute_ns = at_ns - at_ns % MINUTE_NS
        before = self.minutes.get((minute_ns, modality), Amount())
        self.minutes[minute_ns, modality] = Amount(
            requests=before.requests + charged.requests,
            tokens=before.tokens + charged.tokens,
            money=before.money + charged.money,
        )
        if charged.control_calls:
            calls = self.control.get(minute_ns, 0) + charged.control_calls
            self.control[minute_ns] = calls
        if judge is not None:
            before = self.judge.get(minute_ns, Amount())
            self.judge[minute_ns] = Amount(
                requests=before.requests + judge.attempts,
                tokens=before.tokens + _of_judge(judge),
                money=before.money + judge.money,
            )
        if minute_ns > self._newest_ns:  # once a minute: there is a day of them
            self._newest_ns = minute_ns
            self._forget(minute_ns - DAY_NS)

    def _forget(self, before_ns: int) -> None:
        for key in [k for k in self.minutes if k[0] < before_ns]:
            del self.minutes[key]
        for minute in [m for m in self.control if m < before_ns]:
            del self.control[minute]
        for minute in [m for m in self.judge if m < before_ns]:
            del self.judge[minute]


def _of_judge(judge: ArmOutcome) -> int:
    return judge.input_tokens + judge.output_tokens


def _charged(result: PairResult) -> Charged | None:
    """Return what a pair cost; of an earlier release, as far as its result tells."""
    if result.charged is not None:
        return result.charged
    asked = [a for a in (result.canary, result.control) if a is not None]
    if not asked:
        return None
    return Charged(
        requests=sum(a.attempts for a in asked),
        tokens=sum(a.input_tokens + a.output_tokens for a in asked),
        money=sum(a.money for a in asked),
        control_calls=0 if result.control is None else result.control.attempts,
    )


def planned_charge(planned: Planned, tries: int = 1) -> Charged:
    """Return what so many tries of a pair cost, by its plan."""
    # Of a pair's requests one goes to the canary.
    return Charged(
        requests=planned.reserved_requests * tries,
        tokens=planned.reserved_tokens * tries,
        money=planned.reserved_money * tries,
        control_calls=max(planned.reserved_requests - 1, 0) * tries,
    )


def estimated(case: Case) -> Usage:
    """Return the usage of one call about a case, as far as its recording tells."""
    output = max(case.tokens - case.input_tokens, 0)
    return Usage(input_tokens=case.input_tokens, output_tokens=output)


def _amount(charged: Charged) -> Amount:
    return Amount(requests=charged.requests, tokens=charged.tokens, money=charged.money)


def reserved(planned: Planned) -> Amount:
    """Return the amount that the plan reserves for one attempt of a pair."""
    return Amount(
        requests=planned.reserved_requests,
        tokens=planned.reserved_tokens,
        money=planned.reserved_money,
    )


def _tokens(arm: ArmAnswer, estimate: int) -> int:
    if arm.charged_tokens is not None:
        return arm.charged_tokens
    usage = arm.usage
    if usage.input_tokens is None and usage.output_tokens is None:
        return estimate  # no token counts: the reservation stays spent
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)
