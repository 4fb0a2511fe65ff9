"""Exemplars of verdict counters: from a point of a graph to the pair behind it."""

import re

from fakes.gate_verdicts import verdicts_of
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

from replayd.telemetry.metrics import VerdictCollector


def shown(encode):
    registry = CollectorRegistry()
    collector = VerdictCollector(registry)
    collector.publish(verdicts_of(worse=0.4))
    return encode(registry).decode()


def test_worse_pairs_carry_the_id_of_the_newest():
    """A dashboard's point would lead nowhere."""
    line = next(
        line
        for line in shown(openmetrics).splitlines()
        if line.startswith("snaptrace_replayd_pairs_total{")
        and 'stream="quality"' in line
        and 'outcome="worse"' in line
    )
    # The address of a pair on the page: /CANARY/pair/EPOCH/NUMBER.
    assert re.search(r'# \{pair="e1/\d+"\} 1\.0 \d+\.', line)


def test_the_plain_format_has_none():
    """An older Prometheus would refuse the whole page."""
    assert "# {" not in shown(generate_latest)


def test_the_verdict_says_since_when():
    """An alert could not tell a minute's regression from last week's."""
    text = shown(openmetrics)
    found = re.search(
        r'verdict_since_timestamp_seconds\{canary="canary",modality="text",slice=""\}'
        r" ([0-9.e+]+)",
        text,
    )
    assert float(found[1]) > 1_700_000_000
