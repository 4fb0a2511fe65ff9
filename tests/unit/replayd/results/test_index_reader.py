"""Pair indexes read on as results are committed."""

import pytest
from fakes.leaping_loop import LoopClock
from fakes.pair_results import epoch_of, result_of

from replayd.errors import DamagedResultError
from replayd.ledger.ledger import Ledger
from replayd.results.index_reader import FRESH_SECONDS, MOST_EPOCHS, IndexReader
from replayd.stats import StreamSettings
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store


class SteppedClock(LoopClock):
    """A clock that a test moves."""

    now = 0.0

    def monotonic_seconds(self):
        """Return where the test has put it."""
        return self.now


@pytest.fixture
def store():
    """An empty store."""
    return Store.open(StoreConfig(url="memory://"))


async def commit(store, epoch, *numbers, quality=1.0):
    """Commit results as one run."""
    ledger = Ledger(store, epoch.epoch, LoopClock(), "leader-1")
    await ledger.commit([result_of(n, quality) for n in numbers], [])


async def test_new_results_are_read_and_old_ones_are_not_read_again(store):
    """A page would lag for ever, or read 100,000 results at each look."""
    epoch, clock = epoch_of("text"), SteppedClock()
    reader = IndexReader(store, clock)
    await commit(store, epoch, 0, 1)
    assert len(await reader.index(epoch)) == 2
    await commit(store, epoch, 2)
    assert len(await reader.index(epoch)) == 2
    clock.now = FRESH_SECONDS
    await store.delete(object_names.result(epoch.epoch, 0))  # would be a gap
    assert len(await reader.index(epoch)) == 3


async def test_a_gap_is_damage_when_reading_on(store):
    """A missing run would be shown as if nothing had happened."""
    epoch, clock = epoch_of("text"), SteppedClock()
    reader = IndexReader(store, clock)
    await commit(store, epoch, 0, 1)
    await reader.index(epoch)
    await commit(store, epoch, 3)
    clock.now = FRESH_SECONDS
    with pytest.raises(DamagedResultError):
        await reader.index(epoch)


async def test_a_course_goes_on_and_starts_anew_under_other_settings(store):
    """The plot would mix two tests, or count a pair twice."""
    epoch, clock = epoch_of("text"), SteppedClock()
    reader = IndexReader(store, clock)
    settings = StreamSettings(stream="quality", margin=0.03, alpha_regression=0.01)
    await commit(store, epoch, 0, 1, quality=0.0)
    assert (await reader.trail(epoch, "text", settings))[-1].replays == 2
    await commit(store, epoch, 2)
    clock.now = FRESH_SECONDS
    points = await reader.trail(epoch, "text", settings)
    assert [point.replays for point in points] == [1, 2, 3]
    other = StreamSettings(stream="quality", margin=0.05, alpha_regression=0.01)
    assert len(await reader.trail(epoch, "text", other)) == 3
    assert await reader.trail(epoch, "image", settings) == ()


async def test_few_epochs_are_held(store):
    """Whoever walks through old epochs would fill the memory."""
    reader = IndexReader(store, SteppedClock())
    for number in range(MOST_EPOCHS + 3):
        await reader.index(epoch_of("text", epoch=f"e{number}"))
    assert len(reader._held) == MOST_EPOCHS
