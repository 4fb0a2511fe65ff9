"""How many objects results and answers make, and what a crash may still cost."""

import asyncio

from fakes.dict_store import dict_store
from fakes.leaping_loop import leap
from fakes.led_epoch import StubReplay, cases, lead
from fakes.waiting import until

from replayd.evaluation.committer import COMMIT_EVERY_SECONDS

COUNT, IN_FLIGHT = 120, 64
SECONDS_A_PAIR = 60.0  # so about one pair a second


def objects(store, kind):
    return [n for n in store._backend.objects if n.startswith(f"v1/{kind}/")]


def led(is_awaited):
    """Lead an epoch slowly; return its store, how long it took, what was unsafe."""
    told = {}

    async def main():
        store = dict_store()
        replay = StubReplay(seconds=SECONDS_A_PAIR)
        found, _ = lead(
            store,
            cases(COUNT),
            replay=replay,
            in_flight=IN_FLIGHT,
            block=16,
            is_awaited=is_awaited,
        )
        committer, most = found._committer, 0

        def held():
            nonlocal most
            most = max(most, len(found._holding))

        put = committer.put

        def watched(judged):
            put(judged)
            held()

        committer.put = watched
        began = found._clock.monotonic_seconds()
        stop = asyncio.Event()
        running = asyncio.ensure_future(found.run(stop))
        await until(lambda: found.fold.next_number >= COUNT, seconds=3600)
        stop.set()
        await running
        told["seconds"] = found._clock.monotonic_seconds() - began
        told["store"], told["held"] = store, most

    leap(main)
    return told


def test_while_nobody_waits_an_object_of_a_kind_takes_ten_seconds():
    """A month of one canary would be ten million objects, each paid for."""
    found = led(lambda: False)
    most = found["seconds"] / COMMIT_EVERY_SECONDS + COUNT / (IN_FLIGHT / 4) + 1
    for kind in ("results", "answers"):
        assert 0 < len(objects(found["store"], kind)) <= most
    # What a crash makes us pay twice stays bounded by the places.
    assert found["held"] <= IN_FLIGHT


def test_where_a_gate_waits_results_are_written_at_once():
    """A pipeline would wait for batches that save it nothing."""
    slow, quick = led(lambda: False), led(lambda: True)
    few = len(objects(slow["store"], "results"))
    many = len(objects(quick["store"], "results"))
    assert many > few
