"""Coverage of live traffic by stored suites, as the leader publishes it."""

import pytest
from fakes.dict_store import dict_store
from fakes.stored_calls import store_calls, text_call
from prometheus_client import CollectorRegistry

from replayd.config import SuiteConfig
from replayd.services.suite_coverage import SuiteCoverage
from replayd.telemetry.suite_metrics import MOST_UNCOVERED, SuiteMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.store import pins

KEY = FleetKey(b"k" * 32)
HOUR = 3_600 * 10**9
NOW = 1_800_000_000 * 10**9


class Look:
    """A store with two suites, and the part that looks at it."""

    def __init__(self):
        self.store, self.registry = dict_store(0), CollectorRegistry()
        self.now_ns, self.leading = NOW, True
        self.part = SuiteCoverage(
            lambda: SuiteConfig(least_covered=0.25),
            self.store,
            KEY,
            self,
            metrics=SuiteMetrics(self.registry),
            leading=lambda: self.leading,
        )

    def value(self, name, **labels):
        return self.registry.get_sample_value(f"snaptrace_replayd_suite_{name}", labels)

    async def filled(self):
        """Store three calls of one route and one of another; pin one of each suite."""
        routes = ("busy", "busy", "busy", "quiet")
        calls = [
            text_call(n, at_ns=NOW - HOUR, route=route)
            for n, route in enumerate(routes)
        ]
        name = await store_calls(self.store, calls, at_ns=NOW - HOUR)
        gone = text_call("gone", at_ns=NOW - 10**18, route="gone")
        for suite, call in (("a", calls[0]), ("b", calls[3]), ("b", gone)):
            await pins.pin(self.store, KEY, name, call, suite=suite, now_ns=NOW)
        return self


def clock_of(look):
    """Return a clock that a test moves."""

    class Clock:
        def now_ns(self):
            return look.now_ns

    return Clock()


@pytest.fixture
async def look():
    """Return a store with two suites, looked at once."""
    found = await Look().filled()
    found.part._clock = clock_of(found)
    await found.part.look()
    return found


async def test_every_suite_has_its_share(look):
    """If it failed, nobody would hear that a suite froze while traffic moved on."""
    assert look.value("covered_share", suite="a") == 0.75
    assert look.value("covered_share", suite="b") == 0.25
    assert look.value("covered_share_standard_error", suite="a") == 0.0
    assert look.value("covered_share_limit") == 0.25
    assert look.value("pins", suite="b", seen="yes") == 1
    assert look.value("pins", suite="b", seen="no") == 1


async def test_the_heaviest_kinds_without_a_pin_are_named(look):
    """If it failed, an alert would not say what is missing."""
    labels = {"service": "shop", "modality": "text", "stratum": ""}
    assert look.value("uncovered_share", suite="b", route="busy", **labels) == 0.75
    assert look.value("uncovered_share", suite="a", route="quiet", **labels) == 0.25


async def test_labels_are_bounded(look):
    """If it failed, a store with many routes would fill Prometheus."""
    calls = [
        text_call(f"more{n}", at_ns=NOW - HOUR, route=f"route {n}") for n in range(40)
    ]
    await store_calls(look.store, calls, at_ns=NOW - HOUR, sequence=1)
    look.now_ns += HOUR
    await look.part.look()
    (family,) = (
        f for f in look.registry.collect() if f.name.endswith("uncovered_share")
    )
    assert len([s for s in family.samples if s.labels["suite"] == "a"]) == (
        MOST_UNCOVERED
    )


async def test_it_looks_when_it_is_due_and_while_it_leads(look):
    """If it failed, two replicas would show two shares, or each scrape would search."""
    more = [text_call(f"n{n}", at_ns=NOW - HOUR, route="new") for n in range(4)]
    await store_calls(look.store, more, at_ns=NOW - HOUR, sequence=1)
    await look.part.look()
    assert look.value("covered_share", suite="a") == 0.75
    look.now_ns += HOUR
    await look.part.look()
    assert look.value("covered_share", suite="a") == 0.375
    look.leading = False
    await look.part.look()
    assert look.value("covered_share", suite="a") is None


async def test_the_versions_are_those_of_the_locks(look):
    """If it failed, a verdict would not say which suite it was given on."""
    by_hand = look.part.versions
    assert set(by_hand) == {"a", "b"}
    call = text_call(0, at_ns=NOW - HOUR, route="busy")
    await pins.pin(
        look.store, KEY, "x", call, suite="a", now_ns=NOW, version="77", replace=True
    )
    look.now_ns += HOUR
    await look.part.look()
    assert look.part.versions == {"a": "77", "b": by_hand["b"]}
