"""Asks a judge model about one pair: both orders, own budget, own limits.

An answer that does not come, cannot be read or may not be paid for takes the pair out
for both arms; it is never a low score. Two orders that disagree are a tie.
"""

import asyncio
import secrets
from collections.abc import Callable

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import VERDICT_TOKENS
from replayd.budget.limits import Amount, Budgets, Prices
from replayd.errors import BudgetSpentError
from replayd.judge_model import prompt
from replayd.judge_model.addressed import shown
from replayd.judge_model.reading import Reading, read_verdict
from replayd.judge_model.rubrics import Rubric, Rubrics
from replayd.judge_model.tasks import task_of
from replayd.providers.contract import ProviderRequest, Refusal
from replayd.scoring.contract import ScoringCase
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.model import Usage

MOST_TRIES = 2  # of one question
BACKOFF_SECONDS = 1.0
AWAY_IN_A_ROW = 3  # questions without an answer; then none is asked for a while
REST_SECONDS = 30.0
CHARACTERS_PER_TOKEN = 4
TOKENS_PER_MEDIUM = 1_500
ALL = ""  # the judge has one budget for all modalities


class Cost(Struct):
    """Result of judging a pair."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0
    latency_ms: float = 0.0
    served_model: str = ""

    def add(self, other: "Cost") -> None:
        """Add one call."""
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.money += other.money
        self.latency_ms += other.latency_ms
        self.served_model = other.served_model or self.served_model


class Judgement(Struct, frozen=True, kw_only=True):
    """Which of two answers is better. `difference` None: nobody said so."""

    difference: int | None  # of first minus second: 1, 0 or -1
    reason: str  # from a bounded set
    rubric: str  # task@version
    quotes: tuple[str, ...] = ()
    cost: Cost


class JudgeModel:
    """One judge model behind an endpoint. `arm.endpoint` is opened by its owner."""

    def __init__(
        self,
        arm: Arm,
        rubrics: Rubrics,
        budgets: Budgets,
        prices: Prices,
        clock: Clock,
        *,
        new_mark: Callable[[], str] = lambda: secrets.token_hex(8),
        backoff_seconds: float = BACKOFF_SECONDS,
    ) -> None:
        self.arm, self.rubrics, self.budgets = arm, rubrics, budgets
        self._prices, self._clock, self._new_mark = prices, clock, new_mark
        self._backoff_seconds = backoff_seconds
        # Pairs do not queue for a judge that is down: they would hold up the replays.
        self._away_in_a_row, self._rests_until = 0, 0.0

    async def compare(
        self,
        case: ScoringCase,
        first: str,
        second: str,
        media: dict[int, bytes],
        *,
        rubric: Rubric | None = None,
    ) -> Judgement:
        """Return whether the first or the second answer is better."""
        rubric = rubric or self.rubrics.by_task[task_of(case)]
        known = f"{prompt.request_text(case)}\n{prompt.said(case.reference)}"
        one, two = shown(first, known), shown(second, known)
        texts, spoke = (one.text, two.text), (one.addressed, two.addressed)
        cost = Cost()
        readings: list[Reading] = []
        for turned in (False, True):
            order = (1, 0) if turned else (0, 1)
            answers = texts[order[0]], texts[order[1]]
            ask = prompt.build(case, rubric, answers, media, self._new_mark())
            answer = await self._asked(ask, cost)
            if isinstance(answer, Reading):
                return self._nobody(answer.why, rubric, cost)
            reading = read_verdict(
                answer,
                answers,
                prompt.said(case.reference),
                (spoke[order[0]], spoke[order[1]]),
            )
            if reading is None:
                return self._nobody("unreadable", rubric, cost)
            readings.append(_turned(reading) if turned else reading)
        return _agreed(readings[0], readings[1], rubric, cost)

    async def _asked(self, ask: prompt.Ask, cost: Cost) -> str | Reading:
        """Return what the judge said, or a reading whose `why` says why nothing."""
        request = self.arm.request(ask.snapshot, ask.media)
        if isinstance(request, Refusal):
            return Reading("tie", "unsendable")
        loop = asyncio.get_running_loop()
        for last in (False, True):
            if loop.time() < self._rests_until or not await self._took_slot():
                break
            try:
                held = self._reserve(ask)
            except BudgetSpentError:
                self.arm.endpoint.give_back()
                return Reading("tie", "budget")
            text, again = await self._sent(request, held, cost)
            if text is not None:
                self._away_in_a_row = 0
                return text
            if not again or last:
                break
            await asyncio.sleep(self._backoff_seconds)
        self._away_in_a_row += 1
        if self._away_in_a_row >= AWAY_IN_A_ROW:
            self._rests_until = loop.time() + REST_SECONDS
        return Reading("tie", "away")

    async def _took_slot(self) -> bool:
        """Take a slot of the endpoint; false if none came free within its timeout."""
        try:
            async with asyncio.timeout(self.arm.config.timeout):
                await self.arm.endpoint.take_slot()
        except TimeoutError:
            return False
        return True

    async def _sent(
        self, request: ProviderRequest, held: Amount, cost: Cost
    ) -> tuple[str | None, bool]:
        """Send once, in a slot taken before; return the text, or whether to retry."""
        endpoint, spent = self.arm.endpoint, Cost()
        try:
            deadline = asyncio.get_running_loop().time() + self.arm.config.timeout
            attempt = await endpoint.attempt(request, deadline)
            reading = attempt.reading
            usage = reading.answer.usage
            spent = Cost(
                requests=1,
                input_tokens=usage.input_tokens or 0,
                output_tokens=usage.output_tokens or 0,
                money=self._prices.cost(self.arm.config.model, usage),
                latency_ms=attempt.latency_ms,
                served_model=reading.served_model,
            )
        finally:
            self._settle(held, spent)
        cost.add(spent)
        if reading.outcome == "answered" and reading.answer.text:
            return reading.answer.text, False
        return None, RULES[reading.outcome].retry

    def _reserve(self, ask: prompt.Ask) -> Amount:
        tokens = ask.characters // CHARACTERS_PER_TOKEN
        tokens += TOKENS_PER_MEDIUM * len(ask.media)
        usage = Usage(input_tokens=tokens, output_tokens=VERDICT_TOKENS)
        amount = Amount(
            requests=1,
            tokens=tokens + VERDICT_TOKENS,
            money=self._prices.cost(self.arm.config.model, usage),
        )
        self.budgets.reserve(ALL, amount, self._clock.now_ns())
        return amount

    def _settle(self, held: Amount, spent: Cost) -> None:
        tokens = spent.input_tokens + spent.output_tokens
        counted = Amount(
            # What was sent without an answer, or without counting, stays spent.
            requests=1,
            tokens=tokens or held.tokens,
            money=spent.money if tokens else held.money,
        )
        self.budgets.settle(ALL, held, counted, self._clock.now_ns())

    def _nobody(self, why: str, rubric: Rubric, cost: Cost) -> Judgement:
        return Judgement(difference=None, reason=why, rubric=rubric.name, cost=cost)


def _turned(reading: Reading) -> Reading:
    """Return a reading of the turned order, as of the first order."""
    other = {"a": "b", "b": "a", "tie": "tie"}
    return Reading(other[reading.better], reading.why, reading.quotes)  # type: ignore[arg-type] # the same words


def _agreed(one: Reading, two: Reading, rubric: Rubric, cost: Cost) -> Judgement:
    """Return what both orders say together."""
    if one.better != two.better:
        reason, difference = "order", 0
    elif one.better == "tie":
        reason, difference = one.why or two.why or "tie", 0
    else:
        difference = 1 if one.better == "a" else -1
        reason = "better" if difference > 0 else "worse"
    return Judgement(
        difference=difference,
        reason=reason,
        rubric=rubric.name,
        quotes=one.quotes if difference else (),
        cost=cost,
    )
