"""The measure again, through everything that a user's span goes through.

Recognised, joined, redacted with the default rules, sealed into a store, and printed by
the dry run. What `test_recordings.py` finds exact must not be lost on the way to disk.
"""

from pathlib import Path
from types import SimpleNamespace

import msgspec
from measure import compare
from measure.recordings import from_archive

from collector.config.relay import CollectorConfig
from collector.sampling.pipeline import Pipeline
from replayd.offline.oneshot import dry_run
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.browser import Browser, media_of
from snaptrace.store.store import Store

ARCHIVE = Path(__file__).parents[1] / "golden/corpus/recordings.tar.zst"
KEY = FleetKey(b"k" * 32)
EVERY = 5  # cases; all of them are measured before the store
ARRIVED_NS = 1_800_000_000_000_000_000


class _Clock:
    def now_ns(self):
        return ARRIVED_NS

    def monotonic_seconds(self):
        return 0.0


async def _printed(case, folder):
    """Yield fidelity and body of every stored snapshot, as the dry run prints them."""
    store = Store.open(StoreConfig(url=f"file://{folder / 'store'}"))
    (folder / "state").mkdir(parents=True)
    pipeline = Pipeline(CollectorConfig(), store, KEY, folder / "state", _Clock())
    for export in case.exports:
        await pipeline.offer(msgspec.structs.replace(export, received_at_ns=ARRIVED_NS))
    await pipeline.seal_and_close(60)
    browser = Browser(store, KEY, lambda why: None)
    await browser.poll()
    async for found in browser.snapshots():
        held = await media_of(store, KEY, found)
        yield msgspec.json.decode(msgspec.json.encode(dry_run(found.snapshot, held)))


def _verdict(truth, printed, monkeypatch):
    fidelity = SimpleNamespace(**printed["fidelity"])
    fidelity.missing = tuple(fidelity.missing)
    fidelity.unobserved = tuple(fidelity.unobserved)
    call = SimpleNamespace(
        snapshot=SimpleNamespace(
            fidelity=fidelity,
            request=SimpleNamespace(api=printed["api"], body=printed["body"]),
        )
    )
    monkeypatch.setattr(compare, "filled", lambda call: call.snapshot.request.body)
    return compare.compare(truth, call)


async def test_nothing_is_lost_between_recognition_and_the_dry_run(
    tmp_path, monkeypatch
):
    """Redaction or the store would change requests without saying so."""
    cases = [
        case
        for number, case in enumerate(from_archive(ARCHIVE))
        if number % EVERY == 0
        and len(case.requests) == 1
        and case.coverage.get("llm_spans_seen", 1)
    ]
    outcomes = {}
    for number, case in enumerate(cases):
        stored = [row async for row in _printed(case, tmp_path / str(number))]
        name = f"{case.variant}/{case.name}"
        assert len(stored) == 1, f"{name}: {len(stored)} snapshots of one call"
        verdict = _verdict(case.requests[0].body, stored[0], monkeypatch)
        outcomes[name] = verdict.outcome
    assert [name for name, outcome in outcomes.items() if outcome == "silent"] == []
    assert list(outcomes.values()).count("overdeclared") <= len(outcomes) / 100
    assert list(outcomes.values()).count("exact") > len(outcomes) / 2
