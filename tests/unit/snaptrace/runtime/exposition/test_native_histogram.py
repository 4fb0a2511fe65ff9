"""`native_histogram` and `prometheus_protobuf`: what a scraper of native ones reads."""

import math
from itertools import accumulate

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge

from snaptrace.runtime.exposition import prometheus_protobuf as protobuf
from snaptrace.runtime.exposition.duration_histogram import DurationHistogram
from snaptrace.runtime.exposition.native_histogram import (
    SCHEMA,
    ZERO_THRESHOLD,
    DurationBuckets,
    spans_and_deltas,
)
from snaptrace.runtime.exposition.registry_page import negotiated

WANTED = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
    "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
DOUBLE, INT64, UINT64, STRING, MESSAGE, UINT32, ENUM, SINT32, SINT64 = (
    *(1, 3, 4, 9, 11, 13, 14, 17, 18),
)
# client_model's metrics.proto, as far as it is written here: name, number, type.
SCHEMAS = {
    "LabelPair": [("name", 1, STRING), ("value", 2, STRING)],
    "Gauge": [("value", 1, DOUBLE)],
    "Stamp": [("seconds", 1, INT64), ("nanos", 2, INT64)],
    "Exemplar": [
        ("label", 1, "*LabelPair"),
        ("value", 2, DOUBLE),
        ("timestamp", 3, "Stamp"),
    ],
    "Counter": [("value", 1, DOUBLE), ("exemplar", 2, "Exemplar")],
    "Bucket": [("cumulative_count", 1, UINT64), ("upper_bound", 2, DOUBLE)],
    "BucketSpan": [("offset", 1, SINT32), ("length", 2, UINT32)],
    "Histogram": [
        ("sample_count", 1, UINT64),
        ("sample_sum", 2, DOUBLE),
        ("bucket", 3, "*Bucket"),
        ("schema", 5, SINT32),
        ("zero_threshold", 6, DOUBLE),
        ("zero_count", 7, UINT64),
        ("positive_span", 12, "*BucketSpan"),
        ("positive_delta", 13, [SINT64]),
    ],
    "Metric": [
        ("label", 1, "*LabelPair"),
        ("gauge", 2, "Gauge"),
        ("counter", 3, "Counter"),
        ("histogram", 7, "Histogram"),
    ],
    "MetricFamily": [
        ("name", 1, STRING),
        ("help", 2, STRING),
        ("type", 3, INT64),
        ("metric", 4, "*Metric"),
    ],
}


@pytest.fixture(scope="module")
def family_class():
    """Return google.protobuf's own reader of a metric family."""
    file = descriptor_pb2.FileDescriptorProto(
        name="metrics.proto", package="io.prometheus.client", syntax="proto2"
    )
    for title, fields in SCHEMAS.items():
        message = file.message_type.add(name=title)
        for name, number, kind in fields:
            field = message.field.add(name=name, number=number, label=1)
            if isinstance(kind, list) or (isinstance(kind, str) and kind[0] == "*"):
                field.label = 3
                kind = kind[0] if isinstance(kind, list) else kind[1:]  # noqa: PLW2901
            field.type = MESSAGE if isinstance(kind, str) else kind
            if isinstance(kind, str):
                field.type_name = f".io.prometheus.client.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("io.prometheus.client.MetricFamily")
    return message_factory.GetMessageClass(found)


def read(page, family_class):
    """Cut a page into its families."""
    found, at = {}, 0
    while at < len(page):
        length, shift = 0, 0
        while True:
            byte = page[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        family = family_class.FromString(page[at : at + length])
        at += length
        found[family.name] = family
    return found


@given(st.floats(min_value=1e-5, max_value=1e5))
def test_a_value_lies_within_its_bucket(value):
    """A quantile of a native histogram would be of other durations."""
    buckets = DurationBuckets(())
    buckets.observe(value)
    ((index, count),) = buckets.sparse
    per_octave = 2**SCHEMA
    assert count == 1
    assert 2 ** ((index - 1) / per_octave) < value * (1 + 1e-12)
    assert value <= 2 ** (index / per_octave) * (1 + 1e-12)


def test_extremes_cost_no_buckets():
    """A stuck clock would fill the memory of a sidecar with buckets."""
    buckets = DurationBuckets(())
    for exponent in range(-1000, 1000):
        buckets.observe(math.ldexp(1.0, exponent))
    buckets.observe(0.0)
    buckets.observe(-1.0)
    assert len(buckets.sparse) <= 321
    assert sum(count for _, count in buckets.sparse) < 2000 - 800


@given(
    st.lists(st.floats(min_value=-1.0, max_value=1e7), max_size=50),
    st.sets(st.floats(min_value=0.0, max_value=100.0), max_size=9),
)
def test_fixed_buckets_count_what_lies_at_or_below_their_bound(values, bounds):
    """A quantile of a classic histogram would depend on the exponential bounds."""
    rising = tuple(sorted(bounds))
    buckets = DurationBuckets(rising)
    for value in [*values, *rising]:
        buckets.observe(value)
    shown = list(accumulate(buckets.counts))
    observed = [*values, *rising]
    for bound, count in zip((*rising, math.inf), shown, strict=True):
        assert count == sum(value <= bound for value in observed)
    assert sum(count for _, count in buckets.sparse) == sum(
        value > ZERO_THRESHOLD for value in observed
    )


@given(st.dictionaries(st.integers(-50, 50), st.integers(1, 9), max_size=30))
def test_spans_say_where_each_count_belongs(counts):
    """Prometheus would put the counts into other buckets."""
    spans, deltas = spans_and_deltas(tuple(sorted(counts.items())))
    back, index, count, left = {}, 0, 0, list(deltas)
    for offset, length in spans:
        index += offset
        for _ in range(length):
            count += left.pop(0)
            back[index] = count
            index += 1
    assert back == counts
    assert not left


def test_a_page_reads_as_the_published_messages(family_class):
    """Prometheus would refuse the scrape, or read other numbers than were counted."""
    registry = CollectorRegistry()
    Counter("seen", "Calls.", ["kind"], registry=registry).labels("é").inc(
        3, exemplar={"pair": "e/7"}
    )
    Gauge("held", "Bytes.", registry=registry).set(-1.5)
    seconds = DurationHistogram(
        "took_seconds", "Time.", ("arm",), bounds=(0.1, 1.0), registry=registry
    )
    for value in (0.0, 0.05, 0.5, 0.5, 30.0):
        seconds.labels("prod").observe(value)
    media_type, page = negotiated(registry, WANTED)
    assert media_type == protobuf.MEDIA_TYPE
    found = read(page, family_class)
    (counted,) = found["seen_total"].metric
    assert (counted.label[0].name, counted.label[0].value) == ("kind", "é")
    assert counted.counter.value == 3
    assert counted.counter.exemplar.label[0].value == "e/7"
    assert found["held"].metric[0].gauge.value == -1.5
    took = found["took_seconds"].metric[0].histogram
    assert (took.sample_count, took.sample_sum) == (5, 31.05)
    assert [bucket.cumulative_count for bucket in took.bucket] == [2, 4]
    assert took.zero_count == 1
    assert took.schema == SCHEMA
    assert sum(span.length for span in took.positive_span) == 3
    assert found["took_seconds"].type == 4


def test_a_native_histogram_exists_before_its_first_value(family_class):
    """Prometheus would take an empty histogram for a classic one."""
    registry = CollectorRegistry()
    seconds = DurationHistogram("took", "", ("arm",), bounds=(1.0,), registry=registry)
    seconds.labels("prod")
    took = read(negotiated(registry, WANTED)[1], family_class)["took"].metric[0]
    assert [(span.offset, span.length) for span in took.histogram.positive_span] == [
        (0, 0)
    ]


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        (WANTED, True),
        (WANTED.replace("q=0.6", "q=0.1"), False),
        (WANTED.replace("delimited", "text"), False),
        (WANTED.replace(";q=0.6", ";q=nonsense"), False),
        ("text/plain", False),
        ("", False),
        ("*/*", False),
    ],
)
def test_protobuf_is_for_those_who_prefer_it(accept, preferred):
    """A person's curl would print bytes, or a scraper never see a native histogram."""
    assert protobuf.is_preferred(accept) is preferred


def test_durations_read_the_same_in_text():
    """A scraper of classic histograms would lose its series."""
    registry = CollectorRegistry()
    seconds = DurationHistogram(
        "took_seconds", "Time.", ("arm",), bounds=(0.1, 1.0), registry=registry
    )
    for value in (0.05, 0.1, 0.5, 3.0):
        seconds.labels("prod").observe(value)
    text = negotiated(registry, "text/plain")[1].decode()
    assert 'took_seconds_bucket{arm="prod",le="0.1"} 2.0' in text
    assert 'took_seconds_bucket{arm="prod",le="+Inf"} 4.0' in text
    assert 'took_seconds_sum{arm="prod"} 3.65' in text
    with pytest.raises(ValueError, match="took_seconds"):
        seconds.labels()
