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
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from replayd.arms import Arm
from replayd.endpoint import Attempt
from replayd.errors import BudgetSpentError
from replayd.outcomes import RULES
from replayd.providers.contract import ProviderRequest, Refusal
from replayd.records import ArmAnswer, PairAnswers, Planned
from replayd.spending import Spending
from snaptrace.snapshots.model import Answer, Snapshot, Usage

Place = Literal["canary", "control", "second_control"]
Cost = Callable[[Place, Usage], float]
MOST_ATTEMPTS = 5
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.5, 30.0
KEPT_LATENCIES = 500  # of the control, for its p99
DEADLINE_FACTOR = 3.0  # times that p99


class PairRequests(Struct, frozen=True):
    """The requests of one pair; control is None where there is no such arm."""

    canary: ProviderRequest
    control: ProviderRequest | None


class Patience:
    """How long a pair may take: the arms' timeout, or thrice the control's p99."""

    def __init__(self, *timeouts: float) -> None:
        self._least = max(timeouts)
        self._latencies: deque[float] = deque()
        self._ranked: list[float] = []  # the same, in order

    def learnt(self, latency_seconds: float) -> None:
        """Take in one answered call of the control."""
        self._latencies.append(latency_seconds)
        insort(self._ranked, latency_seconds)
        if len(self._latencies) > KEPT_LATENCIES:
            oldest = self._latencies.popleft()
            del self._ranked[bisect_left(self._ranked, oldest)]

    def seconds(self) -> float:
        """Return the deadline of a pair, equal for both arms."""
        if not (ranked := self._ranked):
            return self._least
        p99 = ranked[min(int(0.99 * len(ranked)), len(ranked) - 1)]
        return max(self._least, DEADLINE_FACTOR * p99)


class Replay:
    """Sends pairs of one canary and its control."""

    def __init__(
        self,
        canary: Arm,
        control: Arm | None,
        spending: Spending,
        chance: random.Random,
    ) -> None:
        self._canary, self._control = canary, control
        self._spending, self._chance = spending, chance
        timeouts = [arm.config.timeout for arm in (canary, control) if arm is not None]
        self._patience = Patience(*timeouts)

    def requests(
        self, snapshot: Snapshot, media: dict[int, bytes]
    ) -> PairRequests | Refusal:
        """Build what is sent, or say why the case can be sent to neither arm."""
        canary = self._canary.request(snapshot, media)
        if isinstance(canary, Refusal):
            return canary
        if self._control is None:
            return PairRequests(canary, None)
        control = self._control.request(snapshot, media)
        if isinstance(control, Refusal):
            return control
        return PairRequests(canary, control)

    async def pair(
        self, planned: Planned, snapshot_id: str, requests: PairRequests
    ) -> PairAnswers:
        """Send the pair until it is answered, refused for good, or out of time."""
        loop = asyncio.get_running_loop()
        await self._take_turn(planned)
        deadline = loop.time() + self._patience.seconds()
        tally = _Tally()
        while True:
            found = await self._send(planned, requests, deadline)
            tally.add(found, self._cost)
            wait = self._wait_before_retry(found, tally.tries)
            if wait is None or not await self._may_retry(planned, wait, deadline):
                return tally.answers(planned, snapshot_id)

    async def _take_turn(self, planned: Planned) -> None:
        """Take a slot of each arm, then wait until the control may be asked."""
        # Always the canary's first: one order for all pairs cannot deadlock.
        await self._canary.endpoint.take_slot()
        if self._control is None:
            return
        try:
            await self._control.endpoint.take_slot()
        except asyncio.CancelledError:
            self._canary.endpoint.give_back()
            raise
        try:
            # Asked last, and counted at once: a cap that is checked earlier would
            # let a queue of checked pairs go out in one burst.
            await self._spending.take_control_turn(planned)
        except asyncio.CancelledError:
            self._give_back_slots()
            raise

    async def _send(
        self, planned: Planned, requests: PairRequests, deadline: float
    ) -> dict[Place, Attempt]:
        found: dict[Place, Attempt] = {}

        async def canary() -> None:
            found["canary"] = await self._canary.endpoint.attempt(
                requests.canary, deadline
            )

        async def control(place: Place) -> None:
            if self._control is None or requests.control is None:
                return
            if place == "second_control":
                await self._control.endpoint.take_slot()
            attempt = await self._control.endpoint.attempt(requests.control, deadline)
            self._learn(attempt)
            found[place] = attempt

        if requests.control is None:
            await canary()
            return found
        async with asyncio.TaskGroup() as group:
            # What is awaited here begins before the tasks do.
            first, other = canary(), control("control")
            if not planned.canary_first:
                first, other = other, first
            group.create_task(other)
            if planned.second_control:
                group.create_task(control("second_control"))
            await first
        return found

    def _learn(self, attempt: Attempt) -> None:
        seconds = attempt.latency_ms / 1000
        if RULES[attempt.reading.outcome].scored:
            self._patience.learnt(seconds)
        self._spending.control_learnt(attempt.headers, seconds)

    def _wait_before_retry(
        self, found: dict[Place, Attempt], tries: int
    ) -> float | None:
        """Return the seconds to wait before the pair is sent again; None: it is not."""
        failed = [a for a in found.values() if RULES[a.reading.outcome].retry]
        if not failed or tries >= MOST_ATTEMPTS:
            return None
        longest = min(
            FIRST_BACKOFF_SECONDS * 2.0 ** (tries - 1), LONGEST_BACKOFF_SECONDS
        )
        backoff = longest * (0.5 + 0.5 * self._chance.random())
        waits: list[float] = [a.retry_after_seconds for a in failed]
        return max([backoff, *waits])

    async def _may_retry(self, planned: Planned, wait: float, deadline: float) -> bool:
        """Wait until the pair may be sent again and take its slots; false: too late."""
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.sleep(wait)
                await self._take_turn(planned)
        except TimeoutError:
            return False
        try:
            self._spending.reserve_again(planned)
        except BudgetSpentError:
            self._give_back_slots()
            return False
        return True

    def _give_back_slots(self) -> None:
        self._canary.endpoint.give_back()
        if self._control is not None:
            self._control.endpoint.give_back()

    def _cost(self, place: Place, usage: Usage) -> float:
        arm = self._canary if place == "canary" else self._control
        return 0.0 if arm is None else self._spending.cost(arm.config.model, usage)


class _Tally:
    """The last attempt of each place, and what all of them cost together."""

    def __init__(self) -> None:
        self.tries = 0
        self._last: dict[Place, Attempt] = {}
        self._money: dict[Place, float] = {}

    def add(self, found: dict[Place, Attempt], cost: Cost) -> None:
        self.tries += 1
        self._last = found
        for place, attempt in found.items():
            spent = cost(place, attempt.reading.answer.usage)
            self._money[place] = self._money.get(place, 0.0) + spent

    def answers(self, planned: Planned, snapshot_id: str) -> PairAnswers:
        canary = self._arm("canary")
        assert canary is not None
        return PairAnswers(
            number=planned.number,
            snapshot_id=snapshot_id,
            canary=canary,
            control=self._arm("control"),
            second_control=self._arm("second_control"),
        )

    def _arm(self, place: Place) -> ArmAnswer | None:
        if (attempt := self._last.get(place)) is None:
            return None
        reading = attempt.reading
        return ArmAnswer(
            outcome=reading.outcome,
            answer=reading.answer if RULES[reading.outcome].scored else Answer(),
            served_model=reading.served_model,
            fingerprint=reading.fingerprint,
            latency_ms=attempt.latency_ms,
            attempts=self.tries,
            usage=reading.answer.usage,
            money=self._money[place],
            detail=reading.detail,
            blobs=reading.blobs,
            quota=attempt.quota,
        )
