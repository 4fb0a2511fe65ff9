"""What a release leaves with its users: a store, a configuration, chart values.

`python -m fakes.release_state` (from tests/) writes it for the version in the tree to
`tests/golden/releases/VERSION`, once: later releases must go on from there.
"""

import asyncio
import shutil
from pathlib import Path

import yaml
from fakes.judged_epoch import KEY, image_pair, store_epoch, text_pair

from snaptrace import VERSION
from snaptrace.snapshot import object_names
from snaptrace.store import pins

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "tests" / "golden" / "releases"
SECRET = b"k" * 32
EPOCH_PAIRS = 8
CONFIG = {
    "store": {"url": "file:///var/lib/snaptrace/store", "key_file": "fleet.key"},
    "collector": {
        "upstream": {"url": "grpc://otel-collector:4317"},
        "reservoir": {"window": "10m"},
        "journal_dir": "/var/lib/snaptrace/journal",
    },
    "replayd": {
        "arms": {
            "production": {
                "role": "control",
                "url": "http://prod/v1",
                "api": "openai_chat",
                "model": "assistant-7",
            },
            "canary": {
                "role": "canary",
                "url": "http://canary/v1",
                "model": "assistant-8",
                "revision": "2026-11-20",
                "api_key_env": "CANARY_KEY",
            },
        },
        "budget": {"requests_per_minute": 60},
        "control_rate": {"share_of_production": 0.02},
    },
}


async def _store(target):
    """Write a store with pictures, texts, a judged epoch and a pin."""
    pairs = [
        image_pair(n, "North: 1\nSouth: 3100\nEast: 875" if n % 2 else None)
        if n < EPOCH_PAIRS // 2
        else text_pair(n, "The total is 42." if n % 2 else "I cannot say.")
        for n in range(EPOCH_PAIRS)
    ]
    pairs = [
        (call, canary or right, right, blob) for call, canary, right, blob in pairs
    ]
    store, _ = await store_epoch(pairs, url=f"file://{target}")
    segment = await anext(aiter(store.list(object_names.SEGMENTS)))
    first = pairs[0][0]
    await pins.pin(
        store, KEY, segment.name, first, suite="release", now_ns=first.started_at_ns
    )


def write(target):
    """Write the state of this tree's release; what is there is never changed."""
    target.mkdir(parents=True)
    asyncio.run(_store(target / "store"))
    (target / "fleet.key").write_bytes(SECRET)
    (target / "snaptrace.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    shutil.copytree(ROOT / "helm/snaptrace/ci", target / "values")


if __name__ == "__main__":
    write(RELEASES / VERSION)
