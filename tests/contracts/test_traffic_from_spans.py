"""Real spans through the sampling process into a store: the store knows the traffic."""

import base64
import io
import json
import random
import struct
import zlib

import pytest
from fakes.filled_store import KEY, memory_store
from fakes.otlp_exports import spans
from fakes.telling_spans import BASE
from prometheus_client import CollectorRegistry

from collector.config.relay import CollectorConfig, TapConfig
from collector.config.sampling import ReservoirConfig
from collector.sampling.pipeline import Pipeline
from replayd.cases.intake import Intake
from replayd.services.gauges import show_traffic
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.cli import explain
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.inclusion_probability import Placed
from snaptrace.snapshot.traffic_estimate import traffic
from snaptrace.store.browser import Browser

SECOND_NS = 10**9
WINDOW_NS = 600 * SECOND_NS
START_NS = 1_763_800_000 * SECOND_NS // WINDOW_NS * WINDOW_NS


class HandClock:
    """A clock that a test sets."""

    at_ns = START_NS

    def now_ns(self):
        return self.at_ns

    def monotonic_seconds(self):
        return self.at_ns / SECOND_NS


def png():
    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    out = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    out.seek(0, io.SEEK_END)
    out.write(chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)))
    out.write(chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))
    return base64.b64encode(out.getvalue()).decode()


PNG = png()


def entry(number, *, image=False, state="", route=0):
    """Return one model call as a span."""
    parts = [{"type": "text", "content": f"question number {number}"}]
    if image:
        parts.append(
            {
                "type": "blob",
                "modality": "image",
                "mime_type": "image/png",
                "content": PNG,
            }
        )
    system = json.dumps([{"type": "text", "content": f"prompt {'abcdefgh'[route]}"}])
    return (
        {
            **BASE,
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}]),
            "gen_ai.system_instructions": system,
        },
        (),
        {"trace_state": state},
    )


class Fleet:
    """Two collectors that sample alike, and one store."""

    def __init__(self, folder, budget=200, **reservoir):
        self.store, self.clock = memory_store(), HandClock()
        config = CollectorConfig(
            tap=TapConfig(decode_budget=budget),
            reservoir=ReservoirConfig(
                window=Duration(600), **{"size": 30, "quota": 2, **reservoir}
            ),
        )
        for name in ("one", "two"):
            (folder / name).mkdir()
        self.pipelines = [
            Pipeline(config, self.store, KEY, folder / name, self.clock)
            for name in ("one", "two")
        ]

    async def serve(self, rng, truth, minute):
        """Send a minute's traffic of three kinds; count it in `truth`."""
        now_ns = self.clock.at_ns = START_NS + minute * 60 * SECOND_NS
        for service, image, calls in (
            ("shop", False, 90),
            ("shop", True, 30),
            ("bot", False, 8),
        ):
            entries = []
            for _ in range(calls):
                number = rng.getrandbits(100) | 1
                state = ""
                if service == "bot":  # behind a sampler that keeps a quarter
                    randomness = rng.getrandbits(56)
                    truth["bot", "upstream"] = truth.get(("bot", "upstream"), 0) + 1
                    if randomness < 3 << 54:
                        continue
                    state = f"ot=th:c;rv:{randomness:014x}"
                cell = (service, "image" if image else "text")
                truth[cell] = truth.get(cell, 0) + 1
                made = entry(number, image=image, state=state, route=number % 8)
                entries.append((number, made))
            request = spans(entries, resource={"service.name": service}, now_ns=now_ns)
            await self.pipelines[rng.randrange(2)].offer(request)

    async def seal(self):
        self.clock.at_ns += 60 * SECOND_NS
        for pipeline in self.pipelines:
            await pipeline.seal_and_close(60)


@pytest.mark.timeout(120)
async def test_the_store_knows_how_much_traffic_there_was(tmp_path):
    """Dashboards and alarms would speak of traffic that was not there."""
    rng, truth = random.Random(5), {}
    fleet = Fleet(tmp_path)
    for minute in range(20):
        await fleet.serve(rng, truth, minute)
    await fleet.seal()
    browser = Browser(fleet.store, KEY, pytest.fail)
    await browser.poll()
    calls = [
        (found.header.collector, Placed.of(found.snapshot))
        async for found in browser.snapshots()
    ]
    estimates = traffic(browser.frame, calls)
    assert set(estimates) == {("shop", "text"), ("shop", "image"), ("bot", "text")}
    for cell, each in estimates.items():
        assert each.seen == truth[cell]
        assert each.stored < truth[cell] or cell[0] == "bot"
        # Four standard errors: wrong once in sixteen thousand seeds, and this is one.
        assert abs(each.calls - truth[cell]) < 4 * each.calls_error + 1
        assert each.calls_error < 0.2 * truth[cell]
        assert abs(each.disagreement) < 4
    bot = estimates["bot", "text"]
    assert bot.upstream_calls == pytest.approx(4 * bot.calls)
    assert bot.upstream_calls == pytest.approx(truth["bot", "upstream"], rel=0.35)
    # replayd sees the same, by itself.
    intake = Intake(fleet.store, START_NS - 3600 * SECOND_NS, 86_400 * SECOND_NS)
    later_ns = fleet.clock.at_ns + 1800 * SECOND_NS
    await intake.poll(later_ns)
    told = intake.traffic.estimate(later_ns)
    assert {c: round(t.calls, 3) for c, t in told.items()} == {
        c: round(t.calls, 3) for c, t in estimates.items()
    }
    assert intake.traffic.estimate(fleet.clock.at_ns) != told  # the last is not whole
    await why_is_told(browser)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("size", [30, 2000])
async def test_bursts_beyond_the_budget_are_no_lost_calls(tmp_path, size):
    """What was counted before a threshold rose would ring as lost on the way."""
    rng, truth = random.Random(8), {}
    # Each minute's traffic comes at once, far more than is decoded in a second.
    fleet = Fleet(tmp_path, budget=15, size=size)
    for minute in range(20):
        await fleet.serve(rng, truth, minute)
    await fleet.seal()
    assert all(pipeline._gate.turned_away > 100 for pipeline in fleet.pipelines)
    intake = Intake(fleet.store, START_NS - 3600 * SECOND_NS, 86_400 * SECOND_NS)
    later_ns = fleet.clock.at_ns + 1800 * SECOND_NS
    await intake.poll(later_ns)
    told = intake.traffic.estimate(later_ns)
    for cell in (("shop", "text"), ("shop", "image")):
        each = told[cell]
        assert each.seen < truth[cell]
        assert abs(each.calls - truth[cell]) < 4 * each.calls_error + 1
        assert abs(each.disagreement) < 4
        if size == 2000:  # room for all that was decoded: not one call apart
            assert each.disagreement == pytest.approx(0)


async def why_is_told(browser):
    """What `show` says of a snapshot adds up."""
    async for found in browser.snapshots():
        facts = explain.facts(browser.frame, found)
        product = facts["trace_probability"] * facts["span_probability"]
        product *= facts["upstream_probability"] or 1
        assert facts["probability"] == pytest.approx(product)
        holding = [one for one in facts["reservoirs"] if one["holds"]]
        assert holding
        for one in holding:
            assert facts["rank"] > max(one["threshold"], one["pre_threshold"])
        words = dict(explain.lines(browser.frame, found))
        assert words["probability"].startswith(f"{facts['probability']:.4g} = ")
        assert "kept" in words[f"  {holding[0]['reservoir']}"]


async def test_calls_lost_on_the_way_are_an_alarm(tmp_path, monkeypatch):
    """A redactor that fails for images would leave a sample that nobody doubts."""
    rng, truth = random.Random(6), {}
    fleet, lost = Fleet(tmp_path, size=60), random.Random(1)
    for pipeline in fleet.pipelines:
        redact = pipeline._redactor.redact

        def failing(call, redact=redact):
            if call.snapshot.modality == "image" and lost.random() < 0.6:
                raise ValueError
            return redact(call)

        monkeypatch.setattr(pipeline._redactor, "redact", failing)
    for minute in range(20):
        await fleet.serve(rng, truth, minute)
    await fleet.seal()
    intake = Intake(fleet.store, START_NS - 3600 * SECOND_NS, 86_400 * SECOND_NS)
    later_ns = fleet.clock.at_ns + 1800 * SECOND_NS
    await intake.poll(later_ns)
    told = intake.traffic.estimate(later_ns)
    assert told["shop", "image"].disagreement > 5
    assert abs(told["shop", "text"].disagreement) < 4
    registry = CollectorRegistry()
    show_traffic(EngineMetrics(registry), told)

    def value(name, **labels):
        return registry.get_sample_value(f"snaptrace_replayd_{name}", labels)

    cell = {"service": "shop", "modality": "image"}
    assert value("traffic_disagreement", **cell) > 5
    assert value("traffic_calls", **cell, how="seen") == truth["shop", "image"]
