"""What the daemon knows of cases: from segments, pins and tombstones."""

import msgspec
import pytest
from fakes.dict_store import dict_store
from fakes.stored_calls import image_call, store_calls, text_call

from replayd.cases.eligibility import Eligibility
from replayd.cases.intake import Intake, why_not
from replayd.cases.loader import CaseLoader, Gone, Loaded
from replayd.cases.schedule import Slice
from replayd.model import Case
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot.model import Fidelity
from snaptrace.store import pins
from snaptrace.store.tombstones import write_tombstone

NOW = 1_800_000_000 * 10**9
HOUR = 3600 * 10**9
KEY = FleetKey(b"k" * 32)


def intake(store, **more):
    return Intake(store, since_ns=NOW - HOUR, lookback_ns=24 * HOUR, **more)


async def test_new_segments_become_cases_once():
    """If it failed, calls would be missed, or offered again at every look."""
    store = dict_store(0)
    looking = intake(store)
    await store_calls(store, [text_call(i, at_ns=NOW) for i in range(5)], at_ns=NOW)
    first = await looking.poll(NOW)
    assert len(first.cases) == 5
    assert all(c.uniform and c.replayable for c in first.cases)
    assert first.cases[0].tokens == 18
    assert (await looking.poll(NOW)).cases == ()
    more = [text_call(9, at_ns=NOW)]
    await store_calls(store, more, at_ns=NOW, sequence=1)
    assert [c.index for c in (await looking.poll(NOW)).cases] == [0]


async def test_a_damaged_segment_is_named_and_passed_over():
    """If it failed, one torn object would blind the daemon."""
    store = dict_store(0)
    await store_calls(store, [text_call(1, at_ns=NOW)], at_ns=NOW)
    await store_calls(store, [text_call(2, at_ns=NOW)], at_ns=NOW, sequence=1)
    name = next(n for n in store._backend.objects if n.endswith("0"))
    store._backend.objects[name] = store._backend.objects[name][:-3]
    looking = intake(store)
    fresh = await looking.poll(NOW)
    assert len(fresh.cases) == 1
    # Read again before it counts: it may have been cut on its way.
    assert fresh.damaged == ()
    assert (await looking.poll(NOW)).damaged == (name,)
    assert (await looking.poll(NOW)).damaged == ()


async def test_the_threshold_is_the_highest_of_the_services_concerned():
    """If it failed, the traffic stream would not be an equal-probability sample."""
    store = dict_store(0)
    low = [text_call("a", at_ns=NOW, service="shop", rank=2**55)]
    high = [text_call("b", at_ns=NOW, service="bank", rank=2**55)]
    await store_calls(store, low, at_ns=NOW, threshold=10)
    await store_calls(store, high, at_ns=NOW, sequence=1, threshold=2**54)
    looking = intake(store)
    await looking.poll(NOW)
    assert looking.sample.thresholds() == {"text": 2**54}
    assert looking.sample.thresholds(lambda s: s == "shop") == {"text": 10}
    assert looking.sample.production_calls() == 2
    looking.sample.forget(NOW + HOUR)
    assert looking.sample.thresholds() == {}


async def test_coverage_counts_what_cannot_be_replayed_and_why():
    """If it failed, a modality could look judged while most of it is invisible."""
    store = dict_store(0)
    gone = Fidelity(level="unreplayable", reasons=("media_redacted",))
    calls = [text_call(1, at_ns=NOW), text_call(2, at_ns=NOW, fidelity=gone)]
    await store_calls(store, calls, at_ns=NOW)
    looking = intake(store)
    await looking.poll(NOW)
    live = looking.sample.live()["text"]
    assert (live.seen, live.replayable) == (2, 1)
    assert live.reasons == {"media_redacted": 1}
    await store_calls(store, calls, at_ns=NOW, sequence=1)  # merged segments overlap
    await looking.poll(NOW)
    assert looking.sample.live()["text"] == live
    looking.sample.forget(NOW + HOUR)
    assert looking.sample.live() == {}


async def test_coverage_counts_what_an_epoch_leaves_out():
    """A pass would claim to speak of calls that it never drew."""
    store = dict_store(0)
    calls = [text_call(n, at_ns=NOW, route=f"r{n}") for n in range(3)]
    await store_calls(store, calls, at_ns=NOW)
    looking = intake(store)
    fresh = await looking.poll(NOW)
    service = fresh.cases[0].service
    live = looking.sample.live({("text", service, "r1")})["text"]
    assert (live.seen, live.replayable) == (3, 2)
    assert live.reasons == {"medium_independent": 1}


@pytest.mark.parametrize(
    ("fidelity", "expected"),
    [
        (Fidelity(level="exact"), ""),
        (Fidelity(level="as_observed", unobserved=("seed",)), ""),
        (Fidelity(level="lossy", missing=("temperature",)), ""),
        (Fidelity(level="lossy", missing=("messages.content",)), "content_lost"),
        (Fidelity(level="lossy", missing=("tools.type",)), "content_lost"),
        (Fidelity(level="unreplayable"), "unreplayable"),
        (Fidelity(level="unverified", reasons=("scope_unrecorded",)), "unverified"),
    ],
)
def test_which_fidelity_is_replayed(fidelity, expected):
    """If it failed, calls would be replayed that are not what was asked."""
    assert why_not(text_call(1, at_ns=NOW, fidelity=fidelity)) == expected


UNVERIFIED = Fidelity(level="unverified", reasons=("scope_unrecorded",))


async def test_unverified_calls_are_no_cases_and_not_judged():
    """If it failed, a verdict would rest on requests that may never have been sent."""
    store = dict_store(0)
    calls = [text_call(1, at_ns=NOW), text_call(2, at_ns=NOW, fidelity=UNVERIFIED)]
    await store_calls(store, calls, at_ns=NOW)
    looking = intake(store)
    found = (await looking.poll(NOW)).cases
    assert [case.replayable for case in found] == [True, False]
    live = looking.sample.live()["text"]
    assert (live.seen, live.replayable, live.reasons) == (2, 1, {"unverified": 1})


async def test_diagnosis_draws_unverified_calls_in_a_lane_of_their_own():
    """If it failed, an operator's look at them would decide a gate."""
    store = dict_store(0)
    await store_calls(store, [text_call(1, at_ns=NOW, fidelity=UNVERIFIED)], at_ns=NOW)
    eligibility = Eligibility(diagnose=True)
    looking = intake(store, eligibility=eligibility)
    (case,) = map(eligibility.offered, (await looking.poll(NOW)).cases)
    assert (case.replayable, case.uniform, case.verified) == (True, False, False)
    assert case.strata == ("unverified",)
    # Coverage says what was judged, and this was not.
    assert looking.sample.live()["text"].replayable == 0


def test_a_protected_slice_never_holds_an_unverified_call():
    """If it failed, a gate would hear of a call that nothing bears out."""
    protected = Slice(
        name="s", modality="text", attribute="a", values=frozenset({"b"}), share=0.1
    )
    case = Case(
        snapshot_id="1",
        segment="",
        index=0,
        unit="u",
        trace_id="t",
        service="",
        modality="text",
        api="",
        model="",
        route="",
        rank=0,
        recorded_at_ns=0,
        uniform=False,
        replayable=True,
        attributes={"a": "b"},
    )
    assert protected.holds(case)
    assert not protected.holds(msgspec.structs.replace(case, verified=False))


async def test_a_pin_is_a_case_with_its_assertion_and_its_own_media():
    """If it failed, a reviewed suite would be replayed without what was written."""
    store = dict_store(0)
    call = image_call(1, b"\x89PNG", KEY, at_ns=NOW)
    blobs = [b"\x89PNG"]
    name = await store_calls(store, [call], at_ns=NOW, blobs=blobs, key=KEY)
    wanted = {"number": "12"}
    await pins.pin(
        store, KEY, name, call, suite="release", now_ns=NOW, assertion=wanted
    )
    looking = intake(store)
    found = [c for c in (await looking.poll(NOW)).cases if c.pin]
    assert [(c.pin, c.asserted, c.uniform) for c in found] == [("release", True, False)]
    assert [c for c in (await looking.poll(NOW)).cases if c.pin] == []
    await store.delete(name)
    loaded = await CaseLoader(store, KEY).load(found[0])
    assert isinstance(loaded, Loaded)
    assert loaded.media == {0: b"\x89PNG"}
    assert loaded.scoring.assertions == (wanted,)


async def test_what_was_erased_is_not_sent_any_more():
    """If it failed, an erased person's words would still go to a model."""
    store = dict_store(0)
    call = text_call(1, at_ns=NOW, session=KEY.subject("session", "s1"))
    await store_calls(store, [call], at_ns=NOW)
    case = (await intake(store).poll(NOW)).cases[0]
    content = CaseLoader(store, KEY)
    assert isinstance(await content.load(case), Loaded)
    await write_tombstone(store, KEY.subject("session", "s1"), NOW + 1)
    await content.refresh()
    assert await content.load(case) == Gone("erased", by_tombstone=True)
    fresh = Intake(
        store,
        since_ns=NOW - HOUR,
        lookback_ns=24 * HOUR,
        is_erased=content.is_erased,
    )
    assert (await fresh.poll(NOW)).cases == ()


async def test_content_that_is_gone_says_how():
    """If it failed, a missing image would end the daemon instead of a case."""
    store = dict_store(0)
    call = image_call(1, b"\x89PNG", KEY, at_ns=NOW)
    name = await store_calls(store, [call], at_ns=NOW)
    case = (await intake(store).poll(NOW)).cases[0]
    assert await CaseLoader(store, KEY).load(case) == Gone("media_missing")
    await store.delete(name)
    assert await CaseLoader(store, KEY).load(case) == Gone("erased")
