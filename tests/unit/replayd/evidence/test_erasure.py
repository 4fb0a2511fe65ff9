"""What erasure takes of an epoch that was judged, and what it must leave."""

from fakes.judged_epoch import AT_NS, KEY, image_pair, store_epoch, text_pair

from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.ledger.ledger import Ledger
from snaptrace.runtime.clock import SystemClock
from snaptrace.snapshot import object_names
from snaptrace.store import erase, hour_index

HOUR_NS = 3_600_000_000_000
PAIRS = [
    text_pair(0, "The total is 42."),
    image_pair(1, "North: 42\nSouth: 3100\nEast: 875"),
    text_pair(2, "It is 43 in total."),
]


async def folded(store, epoch):
    """Return the state of a fold over everything that was committed."""
    ledger = Ledger(store, epoch.epoch, SystemClock(), "reader")
    fold = Fold(lambda: Scoreboard(epoch, BoardSettings()))
    planned = {
        one.number: one async for block in ledger.blocks() for one in block.planned
    }
    async for run in ledger.runs():
        for result in run.results:
            fold.add(planned[result.number], result)
    assert fold.next_number == len(PAIRS)
    return fold.checkpoint()


async def test_verdicts_are_the_same_after_an_erasure_and_the_words_are_gone():
    """Being forgotten would change a verdict, or leave the words behind."""
    store, epoch = await store_epoch(PAIRS)
    await hour_index.close_hours(store, AT_NS + 3 * HOUR_NS)
    before = await folded(store, epoch)
    answers = Ledger(store, epoch.epoch, SystemClock(), "reader").answers
    assert {one.number async for one in answers()} == {0, 1, 2}
    snapshot = PAIRS[1][0]
    done = await erase.erase(store, KEY, "trace", snapshot.trace_id, AT_NS + HOUR_NS)
    assert (done.snapshots, done.answers, done.media) == (1, 1, 1)
    assert await folded(store, epoch) == before
    left = [one async for one in answers()]
    assert "North" not in repr(left)
    async for info in store.list(object_names.MEDIA):
        raise AssertionError(f"{info.name} is left")
