"""List requests of an hour, counted at a server: bounded, whatever uploads."""

import pytest
from fakes.counting_s3 import CountingS3

from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.store.hour_index import close_hours
from snaptrace.store.segment_watcher import HOUR_NS, OVERLAP_NS, SegmentWatch
from snaptrace.store.store import Store

START_NS = 500_000 * HOUR_NS
POLL_NS = 10 * 10**9
PER_HOUR = 720  # by the pace, and what small listings take beside it


async def followed(collectors):
    """Follow an hour in which each collector uploads once; return what it took."""
    names = [object_names.segment(START_NS, f"c{n}", 0) for n in range(collectors)]
    async with CountingS3() as server:
        store = Store.open(StoreConfig(url="s3://b/p", options=server.options))
        watch, found = SegmentWatch(store, START_NS), set()
        for now_ns in range(START_NS, START_NS + HOUR_NS, POLL_NS):
            done = (now_ns - START_NS) * collectors // HOUR_NS
            if done - len(server.names) >= collectors // 20:
                server.put(names[:done])
            found |= {info.name for info in await watch.new(now_ns)}
        server.put(names)
        calls = server.requests["list"]
        late = START_NS + 2 * HOUR_NS + OVERLAP_NS
        found |= {info.name for info in await watch.new(late)}
        assert found == set(names)
        return calls


@pytest.mark.parametrize("collectors", [10, 2_000, 20_000])
async def test_an_hour_costs_no_more_lists_with_more_collectors(collectors):
    """If it failed, a large fleet would pay for listings what it saves elsewhere."""
    assert await followed(collectors) <= PER_HOUR


async def test_closing_an_hour_lists_that_hour_alone():
    """If it failed, every round would list the hour that is filling up, too."""
    async with CountingS3() as server:
        store = Store.open(StoreConfig(url="s3://b/p", options=server.options))
        later = START_NS + HOUR_NS
        names = [object_names.segment(later, f"c{n}", 0) for n in range(5_000)]
        server.put(names)
        await close_hours(store, later + HOUR_NS // 2, START_NS)
        assert server.requests["list"] <= 4  # catalogues, and an empty hour twice
