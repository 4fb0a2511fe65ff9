"""`collector.instruments`, `families` and `exposition`: what is counted is shown."""

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client import Counter as TheirCounter
from prometheus_client import Gauge as TheirGauge
from prometheus_client import Histogram as TheirHistogram
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from collector.metrics.exposition import page, wants_open_metrics
from collector.metrics.families import Family, counter, gauge, pack, unpack
from collector.metrics.instruments import Counter, Gauge, Histogram, Registry
from collector.metrics.process import ProcessFamilies

HOSTILE = 'a\\b"c\nd{e="f"} é'


def counted(kinds, registry):
    """Count the same things with our instruments or with the client library's."""
    counter_kind, gauge_kind, histogram_kind = kinds
    requests = counter_kind(
        "requests", "By \\ code.\nAll.", ["code"], registry=registry
    )
    requests.labels("ok").inc()
    requests.labels("ok").inc(2.5)
    requests.labels(HOSTILE).inc(1e21)
    counter_kind("restarts", "None.", registry=registry).inc(3)
    gauge_kind("queue_bytes", "Now.", registry=registry).set(7)
    gauge_kind("held", "Now.", registry=registry).set_function(lambda: 5)
    seconds = histogram_kind(
        "seconds",
        "Spread.",
        ["signal"],
        buckets=(0.001, 0.25, 1, 10),
        registry=registry,
    )
    for value in (0.0001, 0.001, 0.2, 0.25, 3, 99):
        seconds.labels("traces").observe(value)


def read(text):
    """Return what a scraper makes of a page."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_a_scraper_reads_what_the_client_library_would_have_shown():
    """A dashboard or alert would see other names, labels, buckets or values."""
    ours, theirs = Registry(), CollectorRegistry()
    counted((Counter, Gauge, Histogram), ours)
    counted((TheirCounter, TheirGauge, TheirHistogram), theirs)
    shown = read(page(ours.families()).decode())
    assert shown == read(generate_latest(theirs).decode())
    assert len(shown) == 12


def test_open_metrics_says_the_same():
    """Prometheus asks for OpenMetrics first and would refuse the page."""
    registry = Registry()
    counted((Counter, Gauge, Histogram), registry)
    families = open_metrics_families(
        page(registry.families(), open_metrics=True).decode()
    )
    shown = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    assert shown == read(page(registry.families()).decode())


@pytest.mark.parametrize(
    ("accept", "asked"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2", True),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=2.0.0, text/plain", False),
        ("text/plain;version=0.0.4", False),
        ("", False),
    ],
)
def test_the_scraper_chooses(accept, asked):
    """A scraper would be sent a format that it did not ask for."""
    assert wants_open_metrics(accept) is asked


def test_the_process_is_described_as_by_the_client_library():
    """A dashboard of process metrics would show other figures for this program."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    theirs = read(generate_latest(registry).decode())
    ours = read(page(ProcessFamilies().families()).decode())
    info = [labels for name, labels in ours if name.endswith("_build_info")]
    assert [name for name, _ in info[0]] == ["python", "version"]
    assert {name for name, _ in ours} >= {name for name, _ in theirs}
    for name in ("process_start_time_seconds", "process_max_fds"):
        assert ours[name, ()] == pytest.approx(theirs[name, ()])


def test_without_proc_only_the_build_is_shown(tmp_path):
    """A scrape would fail on a system that has no /proc."""
    assert [one.name for one in ProcessFamilies(tmp_path).families()] == [
        "snaptrace_collector_build_info"
    ]


def test_what_another_process_reports_arrives_whole_and_hides_nothing_of_ours():
    """A sampling process could stand in for the relay's own counters."""
    registry = Registry()
    Counter("requests", "Ours.", registry=registry).inc()

    class Sampler:
        def families(self):
            return unpack(
                pack(
                    [
                        counter("requests", "Theirs.", (), {"": 99}),
                        counter("calls", "By kind.", ("kind",), {"text": 2}),
                        gauge("bytes", "Now.", 4),
                    ]
                )
            )

    registry.register(Sampler())
    assert registry.value("requests") == 1
    assert registry.value("calls", "text") == 2
    assert registry.value("bytes") == 4
    assert [f.name for f in registry.families()] == ["requests", "calls", "bytes"]


def test_a_value_that_was_never_counted_is_zero():
    """A test or a page would fail for what did not happen yet."""
    registry = Registry()
    Counter("refused", "By reason.", ["reason"], registry=registry)
    assert registry.value("refused", "too_large") == 0
    assert registry.value("nothing") == 0


def test_wrong_labels_are_refused_where_they_are_used():
    """A label in another's place would be found on a dashboard only."""
    made = Counter("refused", "By reason.", ["reason"], registry=Registry())
    with pytest.raises(ValueError, match="refused"):
        made.labels("a", "b")
    with pytest.raises(ValueError, match="refused"):
        made.inc()


def test_a_family_without_values_is_still_announced():
    """A metric would be missing from the page until the first event."""
    text = page([Family("refused", "counter", "By reason.", ("reason",))]).decode()
    assert text == ("# HELP refused_total By reason.\n# TYPE refused_total counter\n")
