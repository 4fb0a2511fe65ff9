"""Pairs that workers ask the arms about: reserved here, before a number is published.

A number is published with one try's reservation and the control's turn, both counted
as used at any time until its reply is here. A try that nobody answers for stays spent,
and the next one is reserved and written down like any retry.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.arms.availability import Call, kind_of
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import Lent, SpendingAccount, Turn, reserved
from replayd.errors import BudgetSpentError, WorkerFaultError
from replayd.evaluation.caught_pairs import together
from replayd.evaluation.pair import (
    MOST_ATTEMPTS,
    RETRIES,
    Asked,
    Load,
    PairDeadline,
    Poisoned,
)
from replayd.evaluation.pair_sending import Unsent, call_of
from replayd.evaluation.sender import Sender, Takeover
from replayd.model import ArmAnswer, JudgedPair, PairAnswers, PairResult, Planned
from replayd.workers.messages import Job, Reply
from replayd.workers.queue import UNSURE, WorkerQueue
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.errors import StoreUnavailableError

MOST_DEATHS = 2  # of whoever took a number; then it is a failure of its own
RETRY_SECONDS = 5.0  # while the store does not answer
DECLINED_SECONDS = 0.5  # before a number is offered again that nobody sent

Side = Literal["canary", "control"]


class RemotePairs:
    """Sends pairs of one canary and its control by workers."""

    def __init__(
        self,
        queue: WorkerQueue,
        canary: Arm,
        control: Arm | None,
        *,
        spending: SpendingAccount,
        clock: Clock,
        rng: random.Random,
        epoch: str,
        settings: str,
        ack_wait_seconds: float,
    ) -> None:
        self._queue, self._canary, self._control = queue, canary, control
        self._spending, self._clock, self._rng = spending, clock, rng
        self._epoch, self._settings = epoch, settings
        self._ack_wait = ack_wait_seconds
        arms = [arm for arm in (canary, control) if arm is not None]
        self._pool = next((a.config.pool for a in arms if a.config.pool), "")
        self._patience = PairDeadline(*(arm.config.timeout for arm in arms))
        self._term = 0
        self._deliveries: dict[int, int] = {}
        self._adopted: dict[int, Reply] = {}
        self.before_try: Callable[[Planned], Awaitable[None]] = _nothing

    def sender(self, in_flight: int) -> Sender:
        """Return this as what sends an epoch's pairs."""
        return Sender(
            replay=self,
            in_flight=in_flight,
            taken_over=self.taken_over,
            committed=self.committed,
            ended=self.ended,
        )

    async def taken_over(self, state: Takeover) -> None:
        """Begin a term: take back what no worker began, adopt what is answered."""
        self._term = state.opened.term
        lent = self._spending.lend_lost(state.lost)
        # What a worker began in an earlier term is sent within the ack wait, or never.
        loop = asyncio.get_running_loop()
        loop.call_later(self._ack_wait, self._end_lent, lent)
        numbers = [item.number for item in state.open_numbers]
        replies = await self._queue.lead(
            self._canary.name, self._epoch, self._pool, numbers
        )
        self._adopted = {n: r for n, r in replies.items() if not _failed(r.answers)}

    def committed(self, results: Sequence[PairResult]) -> None:
        """Forget numbers that are in the store."""
        self._queue.committed(self._epoch, (result.number for result in results))
        for result in results:
            self._deliveries.pop(result.number, None)

    def ended(self) -> None:
        """End the term."""
        self._queue.leave(self._epoch)

    def let_go(self) -> frozenset[int]:
        """Cancel nothing: the next term finds in the queue what waits."""
        return frozenset()

    async def pair(
        self, planned: Planned, reserved_at_ns: int, load: Load, *, again: bool = False
    ) -> Asked | Unsent | Poisoned:
        """Have the pair sent until it is answered, refused for good, or out of time."""
        del load  # a worker loads the case
        adopted = self._adopted.pop(planned.number, None)
        if adopted is not None and adopted.answers and adopted.result:
            return _asked(adopted, adopted.answers, self._clock.now_ns(), 0)
        trying = _Trying(fresh=not again)
        turn = await self._take_turn(planned)
        while True:
            reply = await self._tried(planned, turn, reserved_at_ns, trying)
            if reply is None:
                return Poisoned(trying.lost + trying.tries)
            if reply.end == "failed":
                raise WorkerFaultError(reply.worker, reply.reason)
            if reply.end == "unsent":
                if trying.last is None:
                    return Unsent(reply.reason)
                self._spending.release(
                    planned.case.modality, reserved(planned), reserved_at_ns
                )
                return trying.last
            trying.last = self._took(planned, reply, trying)
            if (wait := self._wait_before_retry(reply, trying)) is None:
                return trying.last
            retry = await self._turn_for_retry(planned, wait, trying.deadline)
            if retry is None:
                return trying.last
            turn, reserved_at_ns = retry

    async def _tried(
        self, planned: Planned, turn: Turn, reserved_at_ns: int, trying: "_Trying"
    ) -> Reply | None:
        """Publish a try until somebody says what became of it; None: it is poison."""
        while True:
            turn = await self._carried(planned, reserved_at_ns, turn)
            reply = await self._delivered(planned, turn, trying)
            if reply.end == "declined":
                await asyncio.sleep(DECLINED_SECONDS)
                turn = await self._take_turn(planned)
                reserved_at_ns = self._clock.now_ns()
            elif reply.end == "lost":
                trying.lost += 1
                trying.deaths += reply.reason != UNSURE
                if trying.deaths >= MOST_DEATHS:
                    return None
                reserved_at_ns = await self._reserved_again(planned)
                turn = await self._take_turn(planned)
            else:
                return reply

    async def _carried(self, planned: Planned, reserved_at_ns: int, turn: Turn) -> Turn:
        """Wait until the budgets in force have room; return the turn to be used."""
        while True:
            try:
                self._spending.carry(planned, reserved_at_ns)
            except BudgetSpentError as error:
                # Turns that were kept meanwhile would all be used in one burst.
                self._spending.give_back_control_turn(turn)
                await asyncio.sleep(self._spending.seconds_until(error))
                turn = await self._take_turn(planned)
            else:
                return turn

    async def _delivered(
        self, planned: Planned, turn: Turn, trying: "_Trying"
    ) -> Reply:
        number = planned.number
        self._deliveries[number] = self._deliveries.get(number, -1) + 1
        lent = self._spending.lend(planned, turn)
        sent = True
        try:
            reply = await self._queue.asked(
                Job(
                    canary=self._canary.name,
                    epoch=self._epoch,
                    term=self._term,
                    delivery=self._deliveries[number],
                    settings=self._settings,
                    model=self._canary.config.model,
                    planned=planned,
                    deadline_seconds=self._seconds_left(trying),
                    fresh=trying.fresh and not trying.tries,
                ),
                self._pool,
            )
            sent = reply.end not in ("unsent", "declined")
            return reply
        finally:
            lent.returned(self._clock.now_ns(), sent=sent)

    def _seconds_left(self, trying: "_Trying") -> float:
        now = asyncio.get_running_loop().time()
        left = min(self._patience.seconds(), trying.deadline - now)
        return float(max(left, 0.0))

    def _took(self, planned: Planned, reply: Reply, trying: "_Trying") -> Asked:
        """Take in one try's answers."""
        answers = reply.answers
        assert answers is not None
        assert reply.result is not None
        now = asyncio.get_running_loop().time()
        call = call_of(planned, fresh=trying.fresh and not trying.tries)
        for side, answer in _places(answers):
            seconds = answer.latency_ms / 1000
            kind = kind_of(answer.outcome, answer.detail)
            arm = self._canary if side == "canary" else self._control
            if side == "control":
                if RULES[answer.outcome].scored:
                    self._patience.learnt(seconds)
                self._spending.control_learnt(
                    reply.quota, seconds, planned.case.modality
                )
            if arm is not None:
                arm.endpoint.availability.saw(
                    Call(call.case, now - seconds, now, kind, call.fresh)
                )
        trying.tries += 1
        trying.deadline = min(
            trying.deadline, now - reply.seconds + self._patience.seconds()
        )
        if trying.last is not None:
            answers = together(trying.last.answers, answers)
        return _asked(reply, answers, self._clock.now_ns(), trying.lost)

    def _wait_before_retry(self, reply: Reply, trying: "_Trying") -> float | None:
        if not _failed(reply.answers) or trying.tries >= MOST_ATTEMPTS:
            return None
        wait = RETRIES.seconds(trying.tries, self._rng)
        return max(wait, reply.retry_after_seconds)

    async def _turn_for_retry(
        self, planned: Planned, wait: float, deadline: float
    ) -> tuple[Turn, int] | None:
        """Wait until the pair may be sent again; None: too late, or too dear."""
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.sleep(wait)
                turn = await self._take_turn(planned)
        except TimeoutError:
            return None
        try:
            reserved_at_ns = self._spending.reserve_again(planned)
        except BudgetSpentError:
            self._spending.give_back_control_turn(turn)
            return None
        try:
            await self.before_try(planned)
        except StoreUnavailableError:
            self._spending.give_back_control_turn(turn)
            self._spending.release(
                planned.case.modality, reserved(planned), reserved_at_ns
            )
            return None
        except BaseException:
            self._spending.give_back_control_turn(turn)
            raise
        return turn, reserved_at_ns

    async def _reserved_again(self, planned: Planned) -> int:
        """Reserve and write down a try in place of one that was lost."""
        while True:
            try:
                reserved_at_ns = self._spending.reserve_again(planned)
                break
            except BudgetSpentError as error:
                await asyncio.sleep(self._spending.seconds_until(error))
        while True:
            try:
                await self.before_try(planned)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return reserved_at_ns

    async def _take_turn(self, planned: Planned) -> Turn:
        if self._control is None:
            return ()
        return await self._spending.take_control_turn(planned)

    def _end_lent(self, lent: Sequence[Lent]) -> None:
        for each in lent:
            each.returned(self._clock.now_ns())


class _Trying:
    """State of one pair over its deliveries."""

    def __init__(self, *, fresh: bool) -> None:
        self.fresh = fresh
        self.tries = 0  # that were answered
        self.lost = 0  # that nobody answered for
        self.deaths = 0  # of them, by whoever took them
        self.deadline = float("inf")  # in the loop's time, once it was sent
        self.last: Asked | None = None


async def _nothing(_planned: Planned) -> None:
    return


def _places(answers: PairAnswers) -> Iterator[tuple[Side, ArmAnswer]]:
    yield "canary", answers.canary
    for answer in (answers.control, answers.second_control):
        if answer is not None:
            yield "control", answer


def _failed(answers: PairAnswers | None) -> bool:
    """Whether a try has to be made again."""
    if answers is None:
        return True
    for answer in (answers.canary, answers.control, answers.second_control):
        if answer is not None and RULES[answer.outcome].retry:
            return True
    return False


def _asked(reply: Reply, answers: PairAnswers, now_ns: int, lost: int) -> Asked:
    """Return a judged pair with what all its tries cost."""
    assert reply.result is not None
    result = replace(reply.result, committed_at_ns=now_ns)
    kept = None if reply.withheld else answers
    return Asked(None, answers, JudgedPair(result, kept), lost)
