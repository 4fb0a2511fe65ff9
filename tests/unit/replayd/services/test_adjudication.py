"""People's decisions reach the verdicts: from the store, and from a file."""

import asyncio

from fakes.pair_results import epoch_of
from prometheus_client import CollectorRegistry

from replayd.adjudication.decisions import canary_is_left
from replayd.adjudication.opinions import Opinion, OpinionBook
from replayd.services.adjudication import AdjudicationFeed
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

SECONDS = 10**9


class Shadow:
    """A canary that notes what it is told."""

    name = "canary"

    def __init__(self, decisions=""):
        self.decisions, self.told = decisions, []
        self.epoch = epoch_of("text", "image", started_at_ns=5 * SECONDS)

    def decide(self, epoch, decisions):
        """Note all decisions about an epoch."""
        self.told.append((epoch, dict(decisions.differences)))


async def one_round(shadow, book, registry):
    """Let the feed look once."""
    feed = AdjudicationFeed(
        {"canary": shadow}, EngineMetrics(registry), book, poll_seconds=60
    )
    stop = asyncio.Event()
    running = asyncio.create_task(feed.run(lambda: None, stop))
    while not shadow.told:
        await asyncio.sleep(0)
    stop.set()
    await running


async def test_decisions_of_the_page_and_of_a_file_count_together(tmp_path):
    """What people decided on the page would move no verdict."""
    book = OpinionBook(Store.open(StoreConfig(url="memory://")))
    for number, turn in ((0, 0), (1, 0), (1, 1)):
        opinion = Opinion(
            epoch="e1",
            number=number,
            turn=turn,
            better="left",
            modality="text",
            at_ns=(9 + number) * SECONDS,
        )
        assert await book.put(opinion)
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"epoch": "e1", "number": 1, "better": "tie"}\n')
    shadow, registry = Shadow(str(path)), CollectorRegistry()
    await one_round(shadow, book, registry)
    first = 1 if canary_is_left("e1", 0) else -1
    assert shadow.told == [("e1", {0: first, 1: 0})]

    def gauge(name, **labels):
        found = {"canary": "canary", **labels}
        return registry.get_sample_value(f"snaptrace_replayd_{name}", found)

    assert gauge("labels", modality="text", turn="first") == 2
    assert gauge("labels", modality="text", turn="second") == 1
    newest = "labels_newest_timestamp_seconds"
    assert gauge(newest, modality="text") == 10
    assert gauge(newest, modality="image") == 5  # the epoch's start
