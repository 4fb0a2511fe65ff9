"""The installation's token evidence: all epochs' tallies, read and kept as one.

Of an epoch that is led now the live fold counts; of every other, its newest checkpoint
and the results after it. Either is what folding all its results anew would give.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from replayd.config import WitnessConfig
from replayd.errors import DamagedResultError
from replayd.evidence.epoch_fold import WitnessState
from replayd.ledger.ledger import Ledger, every_epoch
from replayd.witness.row import Row
from replayd.witness.standing import Decisions, Standing, standings
from replayd.witness.tally import WitnessTally, merged
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

EPOCHS_READ = 64  # the newest: their libraries' versions are those in use


async def epoch_tally(
    store: Store, clock: Clock, epoch: str, *, refold: bool = False
) -> WitnessTally:
    """Return one epoch's tally; with `refold` from its results alone.

    Raises:
        DamagedResultError: results cannot be read; nothing is known of the epoch.
    """
    ledger = Ledger(store, epoch, clock)
    tally, number = WitnessTally(), 0
    checkpoint = None if refold else await ledger.newest_checkpoint()
    if checkpoint is not None:
        try:
            state = msgspec.msgpack.decode(checkpoint.fold, type=WitnessState)
            tally, number = WitnessTally.decode(state.witness), state.next_number
        except msgspec.MsgspecError:
            pass  # slower, and the same in the end
    async for run in ledger.runs(number):
        for result in run.results:
            if result.number >= number:
                tally.fold(result)
    return tally


async def tallies(
    store: Store, clock: Clock, but: Collection[str] = ()
) -> dict[str, WitnessTally]:
    """Return every epoch's tally; an epoch that cannot be read is left out.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    found: dict[str, WitnessTally] = {}
    epochs = sorted(await every_epoch(store), key=lambda epoch: -epoch.started_at_ns)
    for epoch in epochs[:EPOCHS_READ]:
        if epoch.epoch in but:
            continue
        try:
            found[epoch.epoch] = await epoch_tally(store, clock, epoch.epoch)
        except (DamagedResultError, MissingObjectError) as error:
            log.warning("no token counts of an epoch", extra={"why": str(error)})
    return found


async def installation(
    store: Store, clock: Clock, settings: WitnessConfig
) -> dict[Row, Standing]:
    """Return what all stored results prove, as a leader would decide it now.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    known = await tallies(store, clock)
    return standings(merged(known.values()).rows, settings)


class TokenEvidence:
    """Standings of all rows, while this replica leads."""

    def __init__(self, store: Store, clock: Clock, settings: WitnessConfig) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._stored: dict[str, WitnessTally] = {}  # by epoch
        self._led: dict[str, _Led] = {}  # by canary
        self._reviewed: dict[str, int] = {}  # epoch -> pairs at the last review
        self.standings: dict[Row, Standing] = {}
        # Called with every new set of decisions, before the caller goes on.
        self.on_decided: Callable[[Decisions], None] = lambda _decisions: None
        self.decided = Decisions()

    def forget(self) -> None:
        """Start anew: another replica may have led since."""
        self._stored.clear()
        self._led.clear()

    async def follow(
        self, canary: str, epoch: str, live: Callable[[], WitnessTally | None]
    ) -> None:
        """Read what the store has, count an epoch that begins now, and decide.

        Until `live` has caught up, what was stored of the epoch stands for it.

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        before = self._led.pop(canary, None)
        for grown in {epoch, before.epoch if before else epoch}:
            self._stored.pop(grown, None)
        self._stored |= await tallies(self._store, self._clock, but=self._stored)
        self._led[canary] = _Led(epoch, live)
        await self.review()

    async def review(self) -> None:
        """Decide every row anew if pairs came; the counting is done beside the loop."""
        now = dict(self._stored)
        for led in self._led.values():
            if (tally := led.live()) is not None:
                now[led.epoch] = tally
        state = {epoch: tally.pairs for epoch, tally in now.items()}
        if state == self._reviewed:
            return
        self._reviewed = state
        rows = merged(now.values()).rows
        self.standings = await asyncio.to_thread(standings, rows, self._settings)
        decided = Decisions.of(self.standings)
        if decided != self.decided:
            self.decided = decided
            self.on_decided(decided)


class _Led(NamedTuple):
    epoch: str
    live: Callable[[], WitnessTally | None]
