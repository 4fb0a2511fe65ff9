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
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Literal

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Attempt, CallName, Endpoint
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import FREE, SpendingAccount, Turn, estimated, reserved
from replayd.cases.loader import Gone, Loaded
from replayd.errors import BudgetSpentError
from replayd.model import ArmAnswer, PairAnswers, Planned
from replayd.providers.contract import ProviderRequest, Refusal
from replayd.scoring.recorded import Recorded
from replayd.witness.compare import altered
from snaptrace.runtime.backoff import Backoff
from snaptrace.snapshot.errors import StoreUnavailableError
from snaptrace.snapshot.model import Answer

Place = Literal["canary", "control", "second_control"]
Charge = Callable[[Place, Attempt], tuple[int, float]]
Load = Callable[[], Awaitable[Loaded | Gone]]
MOST_ATTEMPTS = 5
RETRIES = Backoff(0.5, 30.0)
KEPT_LATENCIES = 500  # of the control, for its p99
DEADLINE_FACTOR = 3.0  # times that p99
RETRY_SECONDS = 5.0  # while the store does not answer


class Ready(Struct, frozen=True):
    """A pair as it is sent, and what its answers are judged against."""

    canary: ProviderRequest
    control: ProviderRequest | None  # where there is such an arm
    recorded: Recorded
    subjects: tuple[str, ...]
    altered: str = ""  # why the control's request is not the recorded one, as intended


class Asked(Struct, frozen=True):
    """Result of a pair."""

    recorded: Recorded
    answers: PairAnswers


class Unsent(Struct, frozen=True):
    """The case could be sent to neither arm; nothing was spent."""

    reason: str  # from a bounded set


class PairDeadline:
    """Deadline of a pair: the arms' timeout, or three times the control's p99."""

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


class PairReplay:
    """Sends pairs of one canary and its control."""

    def __init__(
        self,
        canary: Arm,
        control: Arm | None,
        spending: SpendingAccount,
        rng: random.Random,
    ) -> None:
        self._canary, self._control = canary, control
        self._spending, self._rng = spending, rng
        timeouts = [arm.config.timeout for arm in (canary, control) if arm is not None]
        self._patience = PairDeadline(*timeouts)
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
        loop = asyncio.get_running_loop()
        tally, last = _Tally(), None
        deadline = float("inf")  # begins when the pair is sent, not while it queues
        turn = await self._take_turn(planned)
        while True:
            ready = await self._ready(planned, reserved_at_ns, load, turn)
            if isinstance(ready, Unsent):
                if last is None:
                    return ready
                # Gone since it was sent first.
                self._spending.release(planned.case.modality, reserved(planned))
                return last
            deadline = min(deadline, loop.time() + self._patience.seconds())
            call = call_of(planned, fresh=not again and not tally.tries)
            turn = self._spending.carry_turn(turn)
            found = await self._send(planned, ready, turn, deadline, call)
            tally.add(found, partial(self._charge, planned))
            tally.altered = ready.altered
            last = Asked(ready.recorded, tally.answers(planned, ready.subjects))
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
                ready = self._built(loaded)
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

    def _built(self, loaded: Loaded | Gone) -> Ready | Unsent:
        if isinstance(loaded, Gone):
            return Unsent(loaded.reason)
        canary = self._canary.request(loaded.snapshot, loaded.media)
        if isinstance(canary, Refusal):
            return Unsent(canary.reason)
        arm, control = self._control, None
        if arm is not None:
            control = arm.request(loaded.snapshot, loaded.media, canary.left_out)
        if isinstance(control, Refusal):
            return Unsent(control.reason)
        if control is not None and control.left_out != canary.left_out:
            # What either model refuses is left out for both, or they would be asked
            # different things.
            left_out = control.left_out
            canary = self._canary.request(loaded.snapshot, loaded.media, left_out)
            if isinstance(canary, Refusal):
                return Unsent(canary.reason)
        api, left_out = loaded.snapshot.request.api, canary.left_out
        why = "" if arm is None else altered(arm.config, api, left_out)
        return Ready(canary, control, loaded.recorded, loaded.subjects, why)

    async def _take_turn(self, planned: Planned) -> Turn:
        """Take a slot of each arm, then wait until the control may be asked."""
        # Always the canary's first: one order for all pairs cannot deadlock.
        await self._canary.endpoint.take_slot()
        if self._control is None:
            return ()
        try:
            await self._control.endpoint.take_slot()
        except asyncio.CancelledError:
            self._canary.endpoint.give_back()
            raise
        try:
            # Asked last, and counted at once: a cap that is checked earlier would
            # let a queue of checked pairs go out in one burst.
            return await self._spending.take_control_turn(planned)
        except asyncio.CancelledError:
            self._give_back_slots()
            raise

    async def _send(
        self,
        planned: Planned,
        ready: Ready,
        turn: Turn,
        deadline: float,
        call: CallName,
    ) -> dict[Place, Attempt]:
        found: dict[Place, Attempt] = {}
        begun: set[Place] = set()

        async def canary() -> None:
            begun.add("canary")
            found["canary"] = await self._canary.endpoint.attempt(
                ready.canary, deadline, call
            )

        async def control(place: Place) -> None:
            if self._control is None or ready.control is None:
                return
            begun.add(place)
            endpoint = self._control.endpoint
            if place == "second_control":
                if not await _slot_by(endpoint, deadline):
                    return
                self._spending.carry_turn(turn[1:])  # it may have waited
            attempt = await endpoint.attempt(ready.control, deadline, call)
            self._learn(attempt, planned.case.modality)
            found[place] = attempt

        if ready.control is None:
            await canary()
            return found
        try:
            async with asyncio.TaskGroup() as group:
                # What is awaited here begins before the tasks do.
                first, other = canary(), control("control")
                if not planned.canary_first:
                    first, other = other, first
                group.create_task(other)
                if planned.second_control:
                    group.create_task(control("second_control"))
                await first
        except asyncio.CancelledError:
            self._give_back_slots(but=begun)  # of a task that never began
            raise
        return found

    def _learn(self, attempt: Attempt, modality: str) -> None:
        seconds = attempt.latency_ms / 1000
        if RULES[attempt.reading.outcome].scored:
            self._patience.learnt(seconds)
        self._spending.control_learnt(attempt.headers, seconds, modality)

    def _wait_before_retry(self, tally: "_Tally") -> float | None:
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
            self._spending.release(planned.case.modality, reserved(planned))
            return None
        except BaseException:
            self._give_back(turn)
            raise
        return turn, reserved_at_ns

    def _give_back(self, turn: Turn) -> None:
        """Undo a turn in which nothing was sent."""
        self._give_back_slots()
        self._spending.give_back_control_turn(turn)

    def _give_back_slots(self, but: Collection[Place] = ()) -> None:
        if "canary" not in but:
            self._canary.endpoint.give_back()
        if self._control is not None and "control" not in but:
            self._control.endpoint.give_back()

    def _charge(
        self, planned: Planned, place: Place, attempt: Attempt
    ) -> tuple[int, float]:
        """Return the tokens and the money of one call, estimated if nobody says."""
        arm = self._canary if place == "canary" else self._control
        usage = attempt.reading.answer.usage
        if not (usage.input_tokens or usage.output_tokens):
            if attempt.reading.outcome in FREE:
                return 0, 0.0
            usage = estimated(planned.case)
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        model = "" if arm is None else arm.config.model
        return tokens, self._spending.cost(model, usage)


async def _nothing(_planned: Planned) -> None:
    return


def call_of(planned: Planned, *, fresh: bool) -> CallName:
    """Return the name by which a pair's calls are told from those of others."""
    return CallName(f"{planned.number}/{planned.case.snapshot_id}", fresh)


async def _slot_by(endpoint: Endpoint, deadline: float) -> bool:
    """Take a slot; false if there was none until `deadline`."""
    try:
        async with asyncio.timeout_at(deadline):
            await endpoint.take_slot()
    except TimeoutError:
        return False
    return True


class _Tally:
    """The last attempt of each place, and what all of them cost together."""

    def __init__(self) -> None:
        self.tries = 0
        self.last: dict[Place, Attempt] = {}
        self._tokens: dict[Place, int] = {}
        self._money: dict[Place, float] = {}
        self.altered = ""

    def add(self, found: dict[Place, Attempt], charge: Charge) -> None:
        self.tries += 1
        self.last = found
        for place, attempt in found.items():
            tokens, money = charge(place, attempt)
            self._tokens[place] = self._tokens.get(place, 0) + tokens
            self._money[place] = self._money.get(place, 0.0) + money

    def answers(self, planned: Planned, subjects: tuple[str, ...]) -> PairAnswers:
        canary = self._arm("canary")
        assert canary is not None
        return PairAnswers(
            number=planned.number,
            snapshot_id=planned.case.snapshot_id,
            subjects=subjects,
            canary=canary,
            control=self._arm("control"),
            second_control=self._arm("second_control"),
        )

    def _arm(self, place: Place) -> ArmAnswer | None:
        if (attempt := self.last.get(place)) is None:
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
            charged_tokens=self._tokens[place],
            altered="" if place == "canary" else self.altered,
        )
