"""Why a case is in a pair, and how probable that was."""

import pytest
from fakes.judged_epoch import AT_NS, planned_of
from fakes.stored_calls import store_calls, text_call
from msgspec import structs

from replayd.results.drawn import drawn
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import segment
from snaptrace.store.store import Store


async def test_the_probability_is_that_of_its_reservoir():
    """A rare case would be taken for a common one."""
    store = Store.open(StoreConfig(url="memory://"))
    call = text_call(1, at_ns=AT_NS, rank=2**56 - 1)
    name = await store_calls(store, [call], at_ns=AT_NS, threshold=3 * 2**54)
    header = segment.read(await store.get(name), name).header
    found = drawn(planned_of(0, call, name, 0), call, header)
    assert found.probability == pytest.approx(0.25)
    assert (found.kept, found.seen, found.upstream) == (1, 1, None)
    assert "equal-probability sample" in found.why


@pytest.mark.parametrize(
    ("lane", "word"),
    [
        ("pin:release", "suite release"),
        ("slice:chart", "slice chart"),
        ("quota:tools", "no gating stream"),
    ],
)
def test_every_lane_says_why(lane, word):
    """A pinned case would pass for a random one."""
    call = text_call(1, at_ns=AT_NS)
    planned = structs.replace(planned_of(0, call, "elsewhere", 0), lane=lane)
    found = drawn(planned, None, None)
    assert word in found.why
    assert found.probability is None
