"""What Prometheus is told."""

import os
import random
import re
from pathlib import Path

import msgspec
from fakes.gate_verdicts import verdicts_of
from fakes.pair_results import START, epoch_of, live_of, result_of
from prometheus_client import CollectorRegistry, generate_latest

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.evidence.watched_slices import WatchedSlice
from replayd.telemetry.metrics import (
    EngineMetrics,
    VerdictCollector,
    documentation,
    listing,
)
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "tests" / "golden" / "metrics.txt"
PAGE = ROOT / "docs" / "specs" / "metrics.md"


def scrape(verdicts):
    """Return what a scrape shows once `verdicts` are published."""
    registry = CollectorRegistry()
    collector = VerdictCollector(registry)
    collector.publish(verdicts)
    return generate_latest(registry).decode()


def test_names_types_and_labels_are_what_was_reviewed():
    """A dashboard or alert would go blind on a renamed series."""
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        GOLDEN.write_text(listing())
    golden = GOLDEN.read_text()
    ours = "".join(
        line + "\n"
        for line in golden.splitlines()
        if line.startswith(("snaptrace_replayd_", "snaptrace_worker_"))
    )
    assert listing() == ours


def test_the_page_is_up_to_date():
    """The documentation would speak of another release."""
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        mark = "<!-- replayd: generated from the code -->\n"
        before, _, rest = PAGE.read_text().partition(mark)
        after = rest.partition("\n\n")[2]
        rest = "\n" + after if after else ""
        PAGE.write_text(before + mark + documentation() + rest)
    assert documentation() in PAGE.read_text()


def test_every_series_of_a_scrape_is_listed():
    """A series could slip past the review."""
    registry = CollectorRegistry()
    EngineMetrics(registry)
    shown = scrape(verdicts_of(worse=0.1)) + generate_latest(registry).decode()
    names = set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))
    known = {line.split(" ", 1)[0] for line in listing().splitlines()}
    created = {name for name in names if name.endswith("_created")}
    assert names - created <= known


def test_only_a_leader_that_caught_up_shows_verdicts():
    """A standby, or a fold half done, would clear or raise an alarm."""
    shown = scrape(verdicts_of(worse=0.4, leading=False))
    assert "snaptrace_replayd_leading 0.0" in shown
    assert "verdict" not in shown.replace("no verdicts", "")
    shown = scrape(verdicts_of(worse=0.4))
    assert "snaptrace_replayd_leading 1.0" in shown
    line = (
        'snaptrace_replayd_verdict{canary="canary",modality="text",slice="",'
        'verdict="regressed"} 1.0'
    )
    assert line in shown


def test_exactly_one_verdict_holds():
    """An alert on two verdicts at once could not be read."""
    shown = scrape(verdicts_of(worse=0.1))
    values = re.findall(r"replayd_verdict\{[^}]*\} ([01]\.0)", shown)
    assert len(values) == 6
    assert values.count("1.0") == 1


def test_content_never_becomes_a_label():
    """A prompt or an answer would end up in the metrics store."""
    board = Scoreboard(epoch_of("text"), BoardSettings())
    for number in range(60):
        board.fold(result_of(number, attributes={"plan": "gold"}, route="r1"))
    view = VerdictComputation(board).view(START, live_of("text"))
    shown = scrape(Verdicts(canaries={"canary": view}))
    names = set(re.findall(r'(\w+)="', shown))
    assert names <= {
        "arm", "canary", "modality", "slice", "stream", "outcome", "kind", "verdict",
        "reason", "gate", "epoch", "revision", "control", "intent",
    }  # fmt: skip


def test_a_large_scrape_stays_small():
    """Prometheus would time out on many slices."""
    verdicts = verdicts_of(worse=0.1)
    view = verdicts.canaries["canary"]
    rng = random.Random(1)
    slices = tuple(
        WatchedSlice(
            modality=f"m{m}",
            slice=f"route={s}",
            stream=f"scorer{k}",
            replays=rng.randrange(1000),
            worse=3,
            better=2,
            difference=rng.random() - 0.5,
            log_e=rng.random(),
            flagged=False,
        )
        for m in range(6)
        for s in range(40)
        for k in range(5)
    )
    text = view.modalities["text"]
    view = msgspec.structs.replace(
        view, slices=slices, modalities={f"m{m}": text for m in range(6)}
    )
    registry = CollectorRegistry()
    collector = VerdictCollector(registry)
    collector.publish(Verdicts(canaries={"canary": view}))
    assert len(generate_latest(registry)) < 2_000_000
