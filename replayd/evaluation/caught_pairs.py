"""Pairs that an outage caught are sent again after it: once, both arms.

A failure counts as evidence only if it is the case's own: sent again after the arm had
answered others, the case failed once more, and others were answered meanwhile. A pair
that a second outage caught feeds nothing, for either arm. `docs/statistics.md` says
what this rests on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.availability import Availability, kind_of
from replayd.budget.accounting import SpendingAccount
from replayd.errors import BudgetSpentError
from replayd.evaluation.pair import Asked, Load, Poisoned
from replayd.evaluation.pair_sending import Unsent, call_of
from replayd.model import ArmAnswer, PairAnswers, Planned
from snaptrace.snapshot.errors import StoreUnavailableError

Side = Literal["canary", "control"]
KNOCK_AFTER_SECONDS = 15.0  # without anybody else to show whether the arm is back
RETRY_SECONDS = 5.0  # while the store does not answer
COMPANY_SECONDS = 30.0  # for others to end that were sent beside it
LONGEST_WAIT_SECONDS = 120.0
_ANSWERS = frozenset({"answers"})


class Caught(Struct, frozen=True):
    """A pair that two outages caught; what it cost stays spent."""

    answers: PairAnswers


class Replays(Protocol):
    """Interface that sends a pair; implemented in `replayd.evaluation.pair`."""

    before_try: Callable[[Planned], Awaitable[None]]

    async def pair(
        self, planned: Planned, reserved_at_ns: int, load: Load, *, again: bool = False
    ) -> Asked | Unsent | Poisoned:
        """Send a pair, however often it takes until its deadline."""
        ...

    def let_go(self) -> frozenset[int]:
        """Cancel the pairs of which nothing was sent; return their numbers."""
        ...


class CaughtPairs:
    """Sends pairs through `replay`, those that an outage caught twice."""

    def __init__(
        self,
        replay: Replays,
        availability: Mapping[Side, Availability],
        spending: SpendingAccount,
    ) -> None:
        self._replay, self._spending = replay, spending
        self._availability = availability
        self._changed = asyncio.Event()
        self._waiting: set[asyncio.Task[object]] = set()
        self._sent_again_at: dict[int, float] = {}  # pairs that are being sent again
        self._fresh_sent_at = float("-inf")
        self.on_held: Callable[[int], None] = lambda _number: None
        self.on_lonely: Callable[[], None] = lambda: None
        for each in availability.values():
            self._listen(each)

    def _listen(self, to: Availability) -> None:
        before = to.on_change

        def heard() -> None:
            before()
            self._changed.set()

        to.on_change = heard

    def before_tries(self, note: Callable[[Planned], Awaitable[None]]) -> None:
        """Have `note` awaited before a pair is sent once more than was planned."""
        self._replay.before_try = note

    @property
    def away(self) -> str:
        """Return which arm answers nobody: canary, control or ""."""
        return next((side for side, a in self._availability.items() if a.away), "")

    @property
    def held(self) -> int:
        """Number of pairs that wait for an arm to return."""
        return len(self._waiting)

    @property
    def wants_company(self) -> bool:
        """Return whether a pair is sent again and nobody else was sent since.

        What fails beside others that are answered fails by itself; a pair that is
        waited for by all others has to be given some.
        """
        newest = max(self._sent_again_at.values(), default=float("-inf"))
        return newest > self._fresh_sent_at

    async def changed(self) -> None:
        """Wait until another call came to its end."""
        self._changed.clear()
        await self._changed.wait()

    def let_go(self) -> frozenset[int]:
        """End the waiting of whoever waits; those numbers stay planned.

        Returns the numbers of which nothing was sent.
        """
        for task in self._waiting:
            task.cancel()
        return self._replay.let_go()

    async def pair(
        self, planned: Planned, reserved_at_ns: int, load: Load
    ) -> Asked | Unsent | Caught | Poisoned:
        """Send a pair as `Replay.pair` does, and again if an outage caught it."""
        self._fresh_sent_at = asyncio.get_running_loop().time()
        found = await self._replay.pair(planned, reserved_at_ns, load)
        if isinstance(found, Unsent | Poisoned):
            return found
        if not (sides := self._caught(found.answers)):
            return found
        self.on_held(planned.number)
        wait = KNOCK_AFTER_SECONDS
        while True:
            failed_at = asyncio.get_running_loop().time()
            back = await self._back(sides, failed_at, wait)
            reserved_at_ns = await self._reserved(planned)
            await self._noted(planned)
            began = asyncio.get_running_loop().time()
            again = await self._again(planned, reserved_at_ns, load)
            if isinstance(again, Unsent | Poisoned):
                return Caught(found.answers)  # gone since it was sent first
            answers = together(found.answers, again.answers)
            found = replace(again, answers=answers)
            if not (sides := self._caught(again.answers)):
                return found
            if back:
                own = [await self._is_own(side, planned, began) for side in sides]
                return found if all(own) else Caught(answers)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _again(
        self, planned: Planned, reserved_at_ns: int, load: Load
    ) -> Asked | Unsent | Poisoned:
        self._sent_again_at[planned.number] = asyncio.get_running_loop().time()
        self.on_lonely()
        try:
            return await self._replay.pair(planned, reserved_at_ns, load, again=True)
        finally:
            del self._sent_again_at[planned.number]

    async def _is_own(self, side: Side, planned: Planned, began: float) -> bool:
        """Return whether a failure is the case's, once its neighbours have ended."""
        case, arm = call_of(planned, fresh=False).case, self._availability[side]
        try:
            async with asyncio.timeout(COMPANY_SECONDS):
                while not arm.has_company(case, began):
                    await self.changed()
        except TimeoutError:
            pass  # there may be nobody else to be sent
        return not arm.flaps and arm.answered_neighbours(case, began)

    def _caught(self, answers: PairAnswers) -> list[Side]:
        kinds = {side: kind_of(a.outcome, a.detail) for side, a in _sides(answers)}
        if _ANSWERS.issuperset(kinds.values()):
            return []
        if len(kinds) > 1 and set(kinds.values()) == {"refuses"}:
            return []  # a case that neither takes: nobody is away
        return [
            side
            for side, kind in kinds.items()
            if self._availability[side].caught(kind)
        ]

    async def _back(self, sides: list[Side], since: float, seconds: float) -> bool:
        """Wait until each arm answered a call begun after `since`; false: nobody came.

        Where nobody else is sent, the pair itself has to knock after a while.
        """
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        self._changed.set()
        try:
            async with asyncio.timeout(seconds) as limit:
                while not self._all_answered(sides, since):
                    await self.changed()
                    if self.away:  # others knock, or nobody can
                        at = asyncio.get_running_loop().time() + seconds
                        limit.reschedule(at)
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._waiting.discard(task)

    def _all_answered(self, sides: list[Side], since: float) -> bool:
        return all(self._availability[side].answered_since(since) for side in sides)

    async def _noted(self, planned: Planned) -> None:
        """Have it written down that the pair is sent again, whenever the store can."""
        while True:
            try:
                return await self._replay.before_try(planned)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _reserved(self, planned: Planned) -> int:
        while True:
            try:
                return self._spending.reserve_again(planned)
            except BudgetSpentError as error:
                await asyncio.sleep(self._spending.seconds_until(error))


def _sides(answers: PairAnswers) -> Iterator[tuple[Side, ArmAnswer]]:
    yield "canary", answers.canary
    if answers.control is not None:
        yield "control", answers.control


def together(first: PairAnswers, again: PairAnswers) -> PairAnswers:
    """Return what was answered in the end, with what all tries cost."""
    return replace(
        again,
        canary=_with_cost(first.canary, again.canary),
        control=_both(first.control, again.control),
        second_control=_both(first.second_control, again.second_control),
    )


def _both(first: ArmAnswer | None, again: ArmAnswer | None) -> ArmAnswer | None:
    if first is None or again is None:
        return again or first
    return _with_cost(first, again)


def _with_cost(first: ArmAnswer, again: ArmAnswer) -> ArmAnswer:
    return replace(
        again,
        attempts=first.attempts + again.attempts,
        money=first.money + again.money,
        charged_tokens=(first.charged_tokens or 0) + (again.charged_tokens or 0),
    )
