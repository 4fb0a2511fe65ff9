"""What earlier releases left behind: their stores, configurations and chart values.

One folder a release in `tests/golden/releases`, written by that release and never
again (`fakes.release_state`).
"""

import json
import shutil
import subprocess
import sys

import pytest
from fakes.release_state import EPOCH_PAIRS, RELEASES

from snaptrace import VERSION
from snaptrace.runtime.config import StoreConfig
from snaptrace.store import pins
from snaptrace.store.store import Store

LEFT = sorted(path for path in RELEASES.iterdir() if path.is_dir())


@pytest.fixture(params=LEFT, ids=lambda path: path.name)
def left(request, tmp_path):
    """Return a copy of what a release left, which may be written to."""
    return shutil.copytree(request.param, tmp_path / "left")


def snaptrace(left, *command):
    """Run a command of today on what was left; return the finished process."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "snaptrace", *command),
            *("--config", "snaptrace.yaml"),
            *("--set", f"store.url=file://{left}/store"),
        ],
        cwd=left,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_this_release_is_among_them():
    """The next release could not be tested against this one."""
    assert VERSION in {path.name for path in LEFT}


def test_an_older_configuration_is_accepted(left):
    """An upgrade would end in a program that refuses to start."""
    done = subprocess.run(
        [sys.executable, "-m", "snaptrace", "validate", "snaptrace.yaml"],
        cwd=left,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr


async def test_an_older_store_is_read_whole(left):
    """An upgrade would lose calls, pins, or pairs already paid for."""
    listed = snaptrace(left, "ls", "--format", "jsonl")
    assert listed.returncode == 0, listed.stderr
    calls = [json.loads(line) for line in listed.stdout.splitlines()]
    assert len(calls) == EPOCH_PAIRS
    shown = snaptrace(left, "results")
    assert shown.returncode == 0, shown.stderr
    pairs = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [pair["number"] for pair in pairs] == list(range(EPOCH_PAIRS))
    assert {pair["modality"] for pair in pairs} == {"image", "text"}
    checked = snaptrace(left, "verify")
    assert checked.returncode == 0, checked.stdout
    store = Store.open(StoreConfig(url=f"file://{left}/store"))
    (kept,) = [snapshot async for _, _, snapshot in pins.pinned(store, "release")]
    assert any(call["snapshot_id"] == kept.snapshot_id for call in calls)


def test_older_evidence_comes_to_the_same_verdict(left):
    """An upgrade would change a verdict that somebody has acted on."""
    shown = snaptrace(left, "epochs")
    assert shown.returncode == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    assert f"e1 r1 2023-11-14 22:13 UTC {EPOCH_PAIRS} image undecided -0.300" in words
    assert "text undecided -0.500" in words
