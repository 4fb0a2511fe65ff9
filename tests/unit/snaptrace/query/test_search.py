"""Indexes of closed hours: the same answers as reading everything, after anything."""

import random

import pytest
from fakes.dict_store import dict_store
from fakes.stored_calls import WINDOW_NS, hexed, text_call

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.columns import Index, words_of
from snaptrace.query.language import parse
from snaptrace.query.search import Search, build_indexes, current_indexes, meets
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import CorruptSnapshotError
from snaptrace.snapshot.model import Answer, Media, ToolCall, Usage
from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState, SegmentHeader
from snaptrace.store import erase, hour_index
from snaptrace.store.browser import Found
from snaptrace.store.retention import Policy, Retention
from snaptrace.store.segment_watcher import HOUR_NS
from snaptrace.store.tombstones import subjects_of, write_tombstone

KEY = FleetKey(b"k" * 32)
NOW = 1_800_000_000 * 10**9 // HOUR_NS * HOUR_NS
LATER = NOW + 10 * HOUR_NS
TEXTS = [
    "Übergabe am Bahnhof",
    "the total of order 17",
    "注文の合計",
    "naïve café",
    "x-1_y",
]
FILTERS = [
    "",
    "service=shop",
    "service!=shop",
    "service=s* modality=image,text",
    "route=r1 outcome=refused,error",
    "language=de",
    "language=en",
    "tool=book",
    "tool=*",
    "media=image",
    "media!=image",
    "stratum=tools",
    "attribute.tenant=acme",
    "attribute.tenant=a*",
    "attribute.none=x",
    "model=assistant-7 api=openai_chat fidelity=as_observed",
    "input_tokens<30",
    "input_tokens>=0",
    "output_tokens!=7",
    "turn>=3",
    "time>=2027-01-15T06:00",
    "since=5h",
    "until=12h",
    "uniform=yes",
    "uniform=no",
    "probability>0.4",
    "probability<=0.4 service=cart",
    "text~bahnhof",
    "text~'ahnhof'",
    "text~'TOTAL of order'",
    "text~'total order'",
    "text~合計",
    "text~'x-1_y'",
    "text~café text~na",
    "text~nowhere",
    "id=0*",
    "id!=0*",
    "trace=*a*",
]


def calls_of(rng, number, at_ns):
    """Return some calls of any kind."""
    found = []
    for place in range(rng.randrange(4, 12)):
        name = f"{number}.{place}"
        body = {
            "model": "assistant-7",
            "messages": [{"role": "user", "content": rng.choice(TEXTS)}],
        }
        tools = rng.choice([(), (ToolCall(name="book", arguments="{}"),)])
        answer = Answer(
            outcome=rng.choice(["answered", "refused", "error"]),
            text=rng.choice(["", "It is 42.", "café"]),
            tool_calls=tools,
            usage=Usage(input_tokens=rng.choice([None, 5, 90]), output_tokens=7),
        )
        medium = Media(kind="image", mime="image/png", state="redacted")
        found.append(
            text_call(
                name,
                at_ns=at_ns,
                service=rng.choice(["shop", "cart"]),
                body=body,
                modality=rng.choice(["text", "image"]),
                media=rng.choice([(), (medium,)]),
                strata=rng.choice([(), ("tools",), ("language:de", "tools")]),
                attributes=rng.choice([{}, {"tenant": "acme"}, {"tenant": "b"}]),
                route=rng.choice(["r1", "r2"]),
                turn=rng.randrange(5),
                rank=int(hexed("rank", name, size=7), 16),
                span_rank=int(hexed("span", name, size=7), 16),
                upstream_probability=rng.choice([None, 0.5]),
            )
        )
        found[-1] = replaced(found[-1], answer=answer)
    return found


def replaced(snapshot, **more):
    """Return a snapshot with other fields."""
    fields = {name: getattr(snapshot, name) for name in snapshot.__struct_fields__}
    return snapshot.__class__(**{**fields, **more})


def states_of(rng, calls):
    """Return reservoirs of a segment: uniform ones, quotas, one trace above its cap."""
    return tuple(
        ReservoirState(
            kind="quota" if stratum else "uniform",
            service=service,
            modality=modality,
            stratum=stratum,
            size=5,
            threshold=rng.choice([0, RANK_SPAN // 3, RANK_SPAN // 2]),
            pre_threshold=rng.choice([0, RANK_SPAN // 4]),
            span_thresholds=(
                {calls[0].rank: RANK_SPAN // 2} if rng.random() < 0.2 else {}
            ),
        )
        for service in ("shop", "cart")
        for modality in ("text", "image")
        for stratum in rng.choice([("",), ("", "tools"), ("", "tools", "other")])
    )


async def filled(seed, hours=4):
    """Return a store with closed hours, one open, a snapshot in two segments."""
    rng, store = random.Random(seed), dict_store(0)
    every = []
    for number in range(hours * 3):
        at_ns = NOW - (hours - number // 3) * HOUR_NS + (number % 3) * 60 * 10**9
        calls = calls_of(rng, number, at_ns) + (every[-1][2][:1] if every else [])
        header = SegmentHeader(
            collector=f"c{number % 2}",
            sequence=number,
            window_start_ns=at_ns - at_ns % WINDOW_NS,
            window_length_ns=WINDOW_NS,
            sealed_at_ns=at_ns,
            reservoirs=states_of(rng, calls),
            subjects=segment.pack_subjects(
                [s for call in calls for s in subjects_of(KEY, call)]
            ),
        )
        name = object_names.segment(at_ns, f"c{number % 2}", number)
        await store.create(name, segment.write(header, calls))
        every.append((name, header, calls))
    await hour_index.close_hours(store, NOW + HOUR_NS // 12)
    return store, every


async def found_in(store, text):
    """Return the ids that a search finds."""
    search = Search(store, KEY)
    await search.refresh()
    return [hit.facts.snapshot_id async for hit in search.hits(parse(text, LATER))]


async def scanned(store, text):
    """Return the ids that reading every segment finds."""
    search = Search(store, KEY)
    await search.refresh()
    query, found = parse(text, LATER), []
    async for info in store.list(object_names.SEGMENTS):
        read = segment.read(await store.get(info.name), info.name)
        for place, snapshot in enumerate(read):
            one = Found(info.name, place, read.header, snapshot)
            if meets(query, search.frame, one) and snapshot.snapshot_id not in found:
                found.append(snapshot.snapshot_id)
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_an_index_finds_what_reading_everything_finds(seed):
    """If it failed, a filter would hide calls, or show others than it says."""
    store, _ = await filled(seed)
    assert await build_indexes(store) > 0
    for text in FILTERS:
        assert await found_in(store, text) == await scanned(store, text), text


async def test_facts_survive_the_columns():
    """If it failed, a list would show other values than the snapshots have."""
    store, _ = await filled(7)
    before = Search(store, KEY)
    await before.refresh()
    wanted = [hit async for hit in before.hits(parse("", LATER))]
    await build_indexes(store)
    after = Search(store, KEY)
    await after.refresh()
    assert [hit async for hit in after.hits(parse("", LATER))] == wanted
    snapshots = [found.snapshot async for found in after.found(parse("", LATER))]
    assert [s.snapshot_id for s in snapshots] == [h.facts.snapshot_id for h in wanted]


async def test_the_running_hour_is_read_without_an_index():
    """If it failed, what was recorded a minute ago could not be found."""
    store, _ = await filled(1)
    await build_indexes(store)
    call = text_call("new", at_ns=NOW + HOUR_NS)
    header = SegmentHeader(
        collector="c1", sequence=99, window_start_ns=NOW, window_length_ns=WINDOW_NS
    )
    name = object_names.segment(NOW + HOUR_NS, "c1", 99)
    await store.create(name, segment.write(header, [call]))
    assert (await found_in(store, ""))[-1] == call.snapshot_id


async def test_an_erasure_reaches_searches_at_once_and_the_index_after():
    """If it failed, an erased person's calls could still be listed or read."""
    store, every = await filled(2)
    await build_indexes(store)
    gone = every[0][2][0]
    await write_tombstone(store, KEY.subject("trace", gone.trace_id), LATER)
    assert gone.snapshot_id not in await found_in(store, "")
    await erase.erase(store, KEY, "trace", gone.trace_id, LATER)
    assert gone.snapshot_id not in await found_in(store, "")
    await build_indexes(store)
    assert gone.snapshot_id not in await found_in(store, "")
    held = [await store.get(i.name) async for i in store.list(object_names.INDEX)]
    texts = [t for data in held for t in Index(data, "x").texts("trace_id")]
    assert gone.trace_id not in texts


async def test_a_stale_index_is_not_used_and_goes():
    """If it failed, an index of rewritten segments would be believed for ever."""
    store, _ = await filled(3)
    await build_indexes(store)
    hour, name = min((await current_indexes(store)).items())
    await store.create(object_names.index(hour, 7), await store.get(name))
    await hour_index.replace_hour(store, hour)
    assert hour not in await current_indexes(store)
    assert await found_in(store, "service=shop") == await scanned(store, "service=shop")
    assert await build_indexes(store) == 1
    names = [info.name async for info in store.list(object_names.INDEX)]
    assert object_names.index(hour, 7) not in names


async def test_a_damaged_index_is_said_and_its_hour_read():
    """If it failed, one bad object would hide an hour of calls."""
    store, _ = await filled(4)
    await build_indexes(store)
    name = min((await current_indexes(store)).values())
    data = await store.get(name)
    await store.delete(name)
    await store.create(name, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CorruptSnapshotError):
        Index(await store.get(name), name)
    said = []
    search = Search(store, KEY, said.append)
    await search.refresh()
    found = [hit.facts.snapshot_id async for hit in search.hits(parse("", LATER))]
    assert found == await scanned(store, "")
    assert len(said) == 1


async def test_retention_takes_indexes_too():
    """If it failed, words of deleted calls would stay in the store for ever."""
    store, _ = await filled(5)
    await build_indexes(store)
    await Retention(store, Policy(age_ns=HOUR_NS)).apply(NOW + 100 * HOUR_NS)
    assert [info.name async for info in store.list(object_names.INDEX)] == []


async def test_building_is_bounded_and_goes_on():
    """If it failed, a first round on an old store would keep replayd from its work."""
    store, _ = await filled(6)
    assert await build_indexes(store, most=2) == 2
    assert await build_indexes(store) >= 1
    assert await build_indexes(store) == 0


@pytest.mark.parametrize("text", ["plain words_and-more 12", "Größe 12 und ÄRGER", ""])
def test_words_are_the_same_in_any_script(text):
    """If it failed, the quick way for plain text would know other words."""
    assert words_of([text]) == words_of([text, "ö"]) - {"ö"}
