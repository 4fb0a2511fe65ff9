"""One number becomes the answers of both arms.

Canary and control are sent together, in an order drawn beforehand, with one deadline.
A retryable failure of either sends both again, so that neither arm gets more chances
than the other. What is still missing at the deadline stays missing: typed, and scored
0 for the arm that lacks it.
"""

import asyncio
import random
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Attempt
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import SpendingAccount, Turn, reserved
from replayd.cases.loader import Gone, Loaded
from replayd.errors import BudgetSpentError
from replayd.evaluation.pair_sending import PairSending, Ready, Unsent, call_of
from replayd.evaluation.tally import Tally
from replayd.model import ArmAnswer, ArmOutcome, JudgedPair, PairAnswers, Planned
from replayd.scoring.recorded import Recorded
from snaptrace.runtime.backoff import Backoff
from snaptrace.snapshot.errors import StoreUnavailableError

Load = Callable[[], Awaitable[Loaded | Gone]]
MOST_ATTEMPTS = 5
RETRIES = Backoff(0.5, 30.0)
KEPT_LATENCIES = 500  # of the control, for its p99
DEADLINE_FACTOR = 3.0  # times that p99
RETRY_SECONDS = 5.0  # while the store does not answer


class Asked(Struct, frozen=True):
    """Result of a pair."""

    recorded: Recorded | None  # None: whoever asked has it, and judged the pair
    answers: PairAnswers
    judged: JudgedPair | None = None  # by whoever asked; None: not yet
    lost_tries: int = 0  # that nobody answered for; they stay spent


def with_costs(judged: JudgedPair, answers: PairAnswers) -> JudgedPair:
    """Return a pair, judged by its last try, with what all tries cost."""
    result = judged.result
    canary = _with_costs(result.canary, answers.canary)
    control = _with_costs(result.control, answers.control)
    if canary is not result.canary or control is not result.control:
        result = replace(result, canary=canary, control=control)
    return JudgedPair(result, None if judged.answers is None else answers)


def _with_costs(arm: ArmOutcome | None, answer: ArmAnswer | None) -> ArmOutcome | None:
    if arm is None or answer is None:
        return arm
    if arm.attempts == answer.attempts and arm.money == answer.money:
        return arm  # one try, as nearly always
    return replace(arm, attempts=answer.attempts, money=answer.money)


class Poisoned(Struct, frozen=True):
    """A pair whose takers never came back, time and again; its tries stay spent."""

    tries: int


class PairDeadline:
    """Deadline of a pair: the arms' timeout, or three times the control's p99."""

    def __init__(self, *timeouts: float) -> None:
        self._least = max(timeouts)
        self._latencies: deque[float] = deque()
        self._ranked: list[float] = []  # the same, in order
        self._seconds = self._least  # asked more often than learnt

    def learnt(self, latency_seconds: float) -> None:
        """Take in one answered call of the control."""
        self._latencies.append(latency_seconds)
        insort(self._ranked, latency_seconds)
        if len(self._latencies) > KEPT_LATENCIES:
            oldest = self._latencies.popleft()
            del self._ranked[bisect_left(self._ranked, oldest)]
        p99 = self._ranked[min(int(0.99 * len(self._ranked)), len(self._ranked) - 1)]
        self._seconds = max(self._least, DEADLINE_FACTOR * p99)

    def seconds(self) -> float:
        """Return the deadline of a pair, equal for both arms."""
        return self._seconds


class PairReplay:
    """Sends pairs of one canary and its control."""

    def __init__(
        self,
        canary: Arm,
        control: Arm | None,
        spending: SpendingAccount,
        rng: random.Random,
    ) -> None:
        self._sending = PairSending(canary, control, self._learn)
        self._spending, self._rng = spending, rng
        self._patience = PairDeadline(self._sending.timeout_seconds)
        self._queued: dict[asyncio.Task[object], int] = {}
        # Awaited before a pair is sent once more than was planned.
        self.before_try: Callable[[Planned], Awaitable[None]] = _nothing

    async def pair(
        self, planned: Planned, reserved_at_ns: int, load: Load, *, again: bool = False
    ) -> Asked | Unsent:
        """Send the pair until it is answered, refused for good, or out of time.

        `again` says that all this was done before, and an outage caught it.

        `load` is called when both arms may be asked, and anew for every retry: a pair
        that waits holds neither media nor requests.
        """
        loop, spending = asyncio.get_running_loop(), self._spending
        tally, last = Tally(planned, self._sending, spending.cost), None
        deadline = float("inf")  # begins when the pair is sent, not while it queues
        turn = await self._first_turn(planned, again=again)
        while True:
            ready = await self._ready(planned, reserved_at_ns, load, turn)
            if isinstance(ready, Unsent):
                if last is None:
                    return ready
                # Gone since it was sent first.
                spending.release(
                    planned.case.modality, reserved(planned), reserved_at_ns
                )
                return last
            deadline = min(deadline, loop.time() + self._patience.seconds())
            call = call_of(planned, fresh=not again and not tally.tries)
            turn = spending.carry_turn(turn)
            found = await self._sending.send(
                planned, ready, deadline, call, partial(spending.carry_turn, turn[1:])
            )
            tally.add(found)
            tally.altered = ready.altered
            last = Asked(ready.recorded, tally.answers(ready.subjects))
            del ready
            if (wait := self._wait_before_retry(tally)) is None:
                return last
            retry = await self._turn_for_retry(planned, wait, deadline)
            if retry is None:
                return last
            turn, reserved_at_ns = retry

    async def _ready(
        self, planned: Planned, reserved_at_ns: int, load: Load, turn: Turn
    ) -> Ready | Unsent:
        """Load the case and build its requests; if they fail the turn is given back."""
        while True:
            try:
                reserved_at_ns = self._spending.carry(planned, reserved_at_ns)
                loaded = await load()
                # Loading may have taken it into another window.
                self._spending.carry(planned, reserved_at_ns)
                ready = self._sending.built(loaded)
                break
            except BudgetSpentError as error:
                wait = self._spending.seconds_until(error)
            except StoreUnavailableError:
                wait = RETRY_SECONDS
            except BaseException:
                self._give_back(turn)
                raise
            # Turns that were kept meanwhile would all be used in one burst.
            self._give_back(turn)
            await asyncio.sleep(wait)
            turn = await self._take_turn(planned)
        if isinstance(ready, Unsent):
            self._give_back(turn)
        return ready

    async def _first_turn(self, planned: Planned, *, again: bool) -> Turn:
        """Take a turn, unless told meanwhile to let go: nothing was sent yet."""
        if again:
            return await self._take_turn(planned)
        task = asyncio.current_task()
        assert task is not None
        self._queued[task] = planned.number
        try:
            return await self._take_turn(planned)
        finally:
            del self._queued[task]

    def let_go(self) -> frozenset[int]:
        """Cancel the pairs of which nothing was sent; return their numbers."""
        for task in self._queued:
            task.cancel()
        return frozenset(self._queued.values())

    async def _take_turn(self, planned: Planned) -> Turn:
        """Take a slot of each arm, then wait until the control may be asked."""
        await self._sending.take_slots()
        if not self._sending.has_control:
            return ()
        try:
            # Asked last, and counted at once: a cap that is checked earlier would
            # let a queue of checked pairs go out in one burst.
            return await self._spending.take_control_turn(planned)
        except asyncio.CancelledError:
            self._sending.give_back_slots()
            raise

    def _learn(self, attempt: Attempt, modality: str) -> None:
        seconds = attempt.latency_ms / 1000
        if RULES[attempt.reading.outcome].scored:
            self._patience.learnt(seconds)
        self._spending.control_learnt(attempt.headers, seconds, modality)

    def _wait_before_retry(self, tally: Tally) -> float | None:
        """Return the seconds to wait before the pair is sent again; None: it is not."""
        failed = [a for a in tally.last.values() if RULES[a.reading.outcome].retry]
        if not failed or tally.tries >= MOST_ATTEMPTS:
            return None
        waits: list[float] = [a.retry_after_seconds for a in failed]
        return max([RETRIES.seconds(tally.tries, self._rng), *waits])

    async def _turn_for_retry(
        self, planned: Planned, wait: float, deadline: float
    ) -> tuple[Turn, int] | None:
        """Wait until the pair may be sent again; None: too late, or too dear.

        Returns the turn, and since when the try's cost is reserved.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.sleep(wait)
                turn = await self._take_turn(planned)
        except TimeoutError:
            return None
        try:
            reserved_at_ns = self._spending.reserve_again(planned)
        except BudgetSpentError:
            self._give_back(turn)
            return None
        try:
            await self.before_try(planned)
        except StoreUnavailableError:
            self._give_back(turn)
            self._spending.release(
                planned.case.modality, reserved(planned), reserved_at_ns
            )
            return None
        except BaseException:
            self._give_back(turn)
            raise
        return turn, reserved_at_ns

    def _give_back(self, turn: Turn) -> None:
        """Undo a turn in which nothing was sent."""
        self._sending.give_back_slots()
        self._spending.give_back_control_turn(turn)


async def _nothing(_planned: Planned) -> None:
    return
