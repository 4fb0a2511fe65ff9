"""Leading one canary's epoch: plan, send, judge, commit in order, fold.

    schedule.take -> ledger.plan -> replay.pair -> judge -> ledger.commit -> fold.add

A number is planned before it is sent and committed in dispatch order. Killed anywhere,
the next leader finds planned numbers without results and sends those again: in small
waves that are marked beforehand, so that a case which kills the process twice is known
and becomes a typed failure, alone or with the few of its wave.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from replayd.budget.accounting import SpendingAccount, planned_charge, reserved
from replayd.cases.loader import CaseLoader
from replayd.cases.schedule import Schedule
from replayd.errors import BudgetSpentError, DamagedResultError, LostLeadError
from replayd.evaluation.caught_pairs import Caught, CaughtPairs
from replayd.evaluation.committer import Committer
from replayd.evaluation.counts import EpochRunnerSettings, RunCounts
from replayd.evaluation.drawing import BlockDrawing
from replayd.evaluation.excluded import REFUSED_BY_BOTH, excluded, refused_by_both
from replayd.evaluation.lost_spending import charged_together, lost_spending
from replayd.evaluation.pair import Asked, Poisoned, with_costs
from replayd.evaluation.pair_sending import Unsent
from replayd.evaluation.restoring import restore
from replayd.evaluation.sender import Finish, Takeover, as_it_is, nothing
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.tallies import ARM_UNREACHABLE, PAIR_FAULT
from replayd.ledger.ledger import Ledger, Opened
from replayd.ledger.try_log import TryLog
from replayd.model import JudgedPair, PairAnswers, PairResult, Planned
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import bare
from snaptrace.runtime.clock import Clock

log = logging.getLogger(__name__)

NOT_RESERVED = 0  # since when: never, so that every window is asked before it is sent
WAVES = 16  # in which open numbers are sent again after a crash
MOST_HELD = 1000  # pairs that wait for an arm; then they alone see if it is back
CRASHED_TWICE = "crashed_twice"  # whoever sent it went down with it
AHEAD = 8  # times the pairs in flight that may be held up by a slow number
CONTROL_AGAIN_SECONDS = 2.0  # between two looks for room in its next ten seconds
STARTED_AT_ONCE = 8  # pairs; what starts in a burst is answered in one, too

Judge = Callable[[Planned, Recorded, PairAnswers], Awaitable[JudgedPair]]


class EpochRunner:
    """One leadership of one epoch; `run` once."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        schedule: Schedule,
        replay: CaughtPairs,
        content: CaseLoader,
        spending: SpendingAccount,
        committer: Committer,
        judge: Judge,
        finish: Finish = as_it_is,
        on_taken_over: Callable[[Takeover], Awaitable[None]] = nothing,
        settings: EpochRunnerSettings,
        clock: Clock,
        decided: Callable[[], frozenset[str]] = frozenset,
        counts: RunCounts | None = None,
        on_fault: Callable[[str], None] = lambda _where: None,
    ) -> None:
        self._ledger, self._schedule, self._replay = ledger, schedule, replay
        self._content, self._spending, self._committer = content, spending, committer
        self._judge, self._settings, self._clock = judge, settings, clock
        self._finish, self._on_taken_over = finish, on_taken_over
        self._on_fault = on_fault
        self.counts = counts or RunCounts()
        self.caught_up = asyncio.Event()
        # A place is held until the number is safe: what a crash makes us pay twice
        # is never more than there are places.
        self._places = asyncio.Semaphore(settings.in_flight)
        self._holding: set[int] = set()
        self._let_go: frozenset[int] = frozenset()  # at the end, never sent
        self._may_start = 0  # pairs, before the control's room is asked for again
        self._drawing = BlockDrawing(
            schedule, spending, settings, clock, self.counts, decided
        )
        self.fresh = self._drawing.fresh
        self._unsent = self._drawing.unsent
        committer.on_safe = self._free_place
        replay.on_held = self._free_place  # it may wait for hours; others go on
        replay.on_lonely = committer.changed.set
        tries = TryLog(ledger.mark_tries)
        replay.before_tries(lambda planned: tries.note(planned.number))

    @property
    def held(self) -> int:
        """Number of pairs that wait until an arm is back."""
        return self._replay.held

    @property
    def fold(self) -> Fold:
        """The evidence so far."""
        return self._committer.fold

    async def run(self, stop: asyncio.Event) -> None:
        """Lead until `stop`, then finish what is in flight and end the term.

        Raises:
            ExceptionGroup: of LostLeadError (another process leads; stop), of
                DamagedResultError (the epoch cannot be folded), or of a defect.
        """
        opened = await self._ledger.open()
        open_numbers = await self._catch_up(opened)
        self.caught_up.set()
        closing = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._committer.run(closing))
            try:
                await self._send_until(stop, opened, open_numbers)
            finally:
                unsent = tuple(self._unsent)
                self._release_unsent()
            closing.set()
            self._committer.wake()
        await self._ledger.end(unsent)

    async def _catch_up(self, opened: Opened) -> list[Planned]:
        """Fold what is committed; return what was planned and never committed."""
        fold = self.fold
        saved_at = await restore(fold, self._ledger)
        planned: dict[int, Planned] = {}
        async for block in self._ledger.blocks(fold.next_number):
            planned |= {item.number: item for item in block.planned}
        async for run in self._ledger.runs(fold.next_number):
            for result in run.results:
                if result.number < fold.next_number:
                    continue  # folded by the checkpoint
                if result.number not in planned:
                    raise DamagedResultError(self._ledger.epoch, "a result unplanned")
                fold.add(planned[result.number], result)
        open_numbers = [planned[n] for n in sorted(planned) if n >= fold.next_number]
        self._schedule.resume(fold.drawn, open_numbers)
        lost = lost_spending(open_numbers, opened, self._clock.now_ns())
        if lost.spent:
            await self._ledger.keep_lost(lost)
        known_lost = await self._ledger.lost()
        self._spending.recount_lost(self._ledger.epoch, known_lost)
        self._spending.recount(self._ledger.epoch, fold.spent)
        await self._on_taken_over(Takeover(opened, open_numbers, lost))
        # What was folded without a checkpoint gets one with the next commit.
        self._committer.started_at(saved_at)
        return open_numbers

    async def _send_until(
        self, stop: asyncio.Event, opened: Opened, open_numbers: list[Planned]
    ) -> None:
        drain = self._settings.drain_seconds
        try:
            async with asyncio.timeout(None) as deadline, asyncio.TaskGroup() as pairs:
                sender = pairs.create_task(self._send(pairs, opened, open_numbers))
                await stop.wait()
                sender.cancel()
                self._let_go = self._replay.let_go()
                deadline.reschedule(asyncio.get_running_loop().time() + drain)
        except TimeoutError:
            return  # what did not finish stays planned; the next leader sends it

    async def _send(
        self, pairs: asyncio.TaskGroup, opened: Opened, open_numbers: list[Planned]
    ) -> None:
        number = self.fold.next_number + len(open_numbers)
        await self._send_again(pairs, opened, open_numbers)
        async with asyncio.TaskGroup() as ahead:
            coming = ahead.create_task(self._plan(number))
            while True:
                self._drawing.idle = True
                self._drawing.lacks(*self._drawing.lack)
                block = await coming
                self._drawing.idle = False
                self.counts.waiting = self.counts.budget = ""
                number += len(block)
                for place, item in enumerate(block):
                    if place == len(block) // 2:
                        # Planned while this one is sent; no earlier, for its cost
                        # is reserved and its cases were drawn by what is known now.
                        coming = ahead.create_task(self._plan(number))
                    await self._start(pairs, item)

    async def _plan(self, number: int) -> list[Planned]:
        """Draw a block, and write it down before anything of it is sent."""
        block = await self._drawing.next_block(number)
        await self._ledger.plan(block)
        self._committer.expect(block)
        return block

    async def _send_again(
        self, pairs: asyncio.TaskGroup, opened: Opened, open_numbers: list[Planned]
    ) -> None:
        """Send what was open: all at once after an orderly end, else in waves."""
        self._committer.expect(open_numbers)
        known = await self._committer.adopt_early()
        doomed = opened.doomed - known
        again = [i for i in open_numbers if i.number not in doomed | known]
        for item in again:
            if opened.crashed:
                self._spending.hold_judge(item)
            self._unsent[item.number] = item, NOT_RESERVED
        for item in open_numbers:
            if item.number in doomed:
                self._committer.put(JudgedPair(self._excluded(item, CRASHED_TWICE)))
        width = max(1, len(again) // WAVES) if opened.crashed else max(1, len(again))
        for first in range(0, len(again), width):
            wave = again[first : first + width]
            if opened.crashed:
                await self._ledger.mark_wave([item.number for item in wave])
            tasks = [await self._start(pairs, item) for item in wave]
            if opened.crashed:
                await asyncio.wait(tasks)

    async def _start(
        self, pairs: asyncio.TaskGroup, item: Planned
    ) -> asyncio.Task[None]:
        """Wait for a place, and for both arms to be there; then send one pair."""
        changed = self._committer.changed
        most = AHEAD * self._settings.in_flight
        while self._committer.waiting >= most and not self._replay.wants_company:
            changed.clear()
            await changed.wait()
        if not self._may_start:
            self._may_start = await self._control_soon()
        self._may_start -= 1
        await self._places.acquire()
        self._holding.add(item.number)
        try:
            await self._arms_there()
            reserved_at_ns = await self._budget_open(item)
        except asyncio.CancelledError:
            self._free_place(item.number)
            raise
        self.counts.in_flight += 1
        self.counts.dispatched += 1
        task = pairs.create_task(self._pair(item, reserved_at_ns))
        if not self._may_start:
            await asyncio.sleep(0)  # they take their places in the control's queue
        return task

    async def _control_soon(self) -> int:
        """Wait until the control may be asked soon; return how many pairs may start.

        A pair that is started counts as sent after a crash, even if it only queued: 64
        of them would use up a quarter of an hour of the control's floor.
        """
        if not self._settings.has_control:
            return STARTED_AT_ONCE
        room = self._spending.control_room(STARTED_AT_ONCE)
        while not room:
            await asyncio.sleep(CONTROL_AGAIN_SECONDS)
            room = self._spending.control_room(STARTED_AT_ONCE)
        return STARTED_AT_ONCE if room == STARTED_AT_ONCE else 1

    async def _budget_open(self, item: Planned) -> int:
        """Wait until the budgets in force have room for what was planned earlier.

        Returns since when its cost is reserved in them.
        """
        _, reserved_at_ns = self._unsent[item.number]
        while True:
            try:
                reserved_at_ns = self._spending.carry(item, reserved_at_ns)
            except BudgetSpentError as error:
                self.counts.waiting, self.counts.budget = "budget", error.budget
                await asyncio.sleep(self._spending.seconds_until(error))
                self.counts.waiting = self.counts.budget = ""
            else:
                del self._unsent[item.number]
                return reserved_at_ns

    def _free_place(self, number: int) -> None:
        if number in self._holding:
            self._holding.discard(number)
            self._places.release()

    async def _arms_there(self) -> None:
        """Wait while an arm is away; then, and to see if it is, one pair at a time."""
        pairs = self._replay
        while side := pairs.away:
            self.counts.waiting = f"outage_{side}"
            if self.counts.in_flight <= pairs.held < MOST_HELD:
                return  # this pair knocks
            await pairs.changed()
        if self.counts.waiting.startswith("outage_"):
            self.counts.waiting = ""

    async def _pair(self, item: Planned, reserved_at_ns: int) -> None:
        try:
            judged = await self._replayed(item, reserved_at_ns)
        except asyncio.CancelledError:
            if item.number in self._let_go:
                self._unsent[item.number] = item, reserved_at_ns
                self._free_place(item.number)
            raise
        finally:
            self.counts.in_flight -= 1
        self._committer.put(judged)

    async def _replayed(self, item: Planned, reserved_at_ns: int) -> JudgedPair:
        # Media and requests are gone before the pair waits to be judged.
        try:
            found = await self._answered(item, reserved_at_ns)
        except LostLeadError:
            raise
        except Exception:  # noqa: BLE001 - logged and counted there
            failed = self._faulty(item, "sending", None)
            return JudgedPair(replace(failed, charged=planned_charge(item)))
        if isinstance(found, PairResult):
            return JudgedPair(found)
        charged = self._spending.settle(item, found.answers, reserved_at_ns)
        if isinstance(found, Asked) and found.lost_tries:
            more = planned_charge(item, found.lost_tries)
            charged = charged_together(charged, more)
        judged = await self._judged(item, found)
        slices = self._schedule.slices_fed(judged.result)
        result = replace(judged.result, charged=charged, slices=slices)
        return JudgedPair(result, judged.answers)

    async def _judged(self, item: Planned, found: Asked | Caught) -> JudgedPair:
        answers = found.answers
        if isinstance(found, Caught):
            return self._unjudged(item, ARM_UNREACHABLE, answers)
        if refused_by_both(answers.canary, answers.control):
            return self._unjudged(item, REFUSED_BY_BOTH, answers)
        try:
            if found.judged is not None:
                return await self._finish(item, with_costs(found.judged, answers))
            assert found.recorded is not None
            return await self._judge(item, found.recorded, answers)
        except Exception:  # noqa: BLE001
            numbers = bare(answers)
            return JudgedPair(self._faulty(item, "scoring", numbers), numbers)

    def _unjudged(self, item: Planned, reason: str, answers: PairAnswers) -> JudgedPair:
        # Who is not judged is not redacted either: only numbers are kept of it.
        numbers = bare(answers)
        return JudgedPair(self._excluded(item, reason, numbers), numbers)

    async def _answered(
        self, item: Planned, reserved_at_ns: int
    ) -> PairResult | Asked | Caught:
        """Ask both arms; a result already if that is not possible."""
        case = item.case
        found = await self._replay.pair(
            item, reserved_at_ns, lambda: self._content.load(case)
        )
        if isinstance(found, Unsent):
            return self._not_sent(item, found.reason, reserved_at_ns)
        if isinstance(found, Poisoned):
            spent = planned_charge(item, found.tries)
            return replace(self._excluded(item, CRASHED_TWICE), charged=spent)
        return found

    def _release_unsent(self) -> None:
        """Give back what is held for pairs that this leadership does not send."""
        for item, reserved_at_ns in self._unsent.values():
            if reserved_at_ns != NOT_RESERVED:
                self._spending.release(
                    item.case.modality, reserved(item), reserved_at_ns
                )
        self._unsent.clear()

    def _not_sent(self, item: Planned, reason: str, reserved_at_ns: int) -> PairResult:
        self._spending.release(item.case.modality, reserved(item), reserved_at_ns)
        return self._excluded(item, reason)

    def _excluded(
        self, item: Planned, reason: str, answers: PairAnswers | None = None
    ) -> PairResult:
        self.counts.excluded[reason] = self.counts.excluded.get(reason, 0) + 1
        return excluded(item, reason, self._clock.now_ns(), answers)

    def _faulty(
        self, item: Planned, where: str, answers: PairAnswers | None
    ) -> PairResult:
        """Type a defect of ours that one pair ran into: it stays with that pair.

        What was reserved for it stays spent, because it may have been sent.
        """
        told = {"where": where, "number": item.number}
        log.exception("a pair failed", extra=told)  # noqa: LOG004 - in a handler
        self._on_fault(where)
        return self._excluded(item, PAIR_FAULT, answers)
