"""Cases as they are loaded: what a pin asserts now, not what it did."""

from fakes.dict_store import dict_store
from fakes.stored_calls import store_calls, text_call

from replayd.cases.intake import case_of
from replayd.cases.loader import CaseLoader
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import segment
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.store import pins

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)


async def test_an_assertion_that_was_replaced_is_judged_by_its_successor():
    """If it failed, a running replayd would judge by an expectation taken back."""
    store, call = dict_store(0), text_call(1, at_ns=NOW)
    stored = await store_calls(store, [call], at_ns=NOW)
    loader = CaseLoader(store, KEY)
    found = []
    for number in (42, 43):
        name = await pins.pin(
            store,
            KEY,
            stored,
            call,
            suite="a",
            now_ns=NOW,
            assertion={"number": number},
            replace=True,
        )
        case = case_of(segment.read(await store.get(name), name), 0, Frame())
        found.append((await loader.load(case)).recorded.assertion)
    assert found == [{"number": 42}, {"number": 43}]
