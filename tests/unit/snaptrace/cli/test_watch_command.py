"""`snaptrace watch`: a change of the production model, as a person reads it."""

import asyncio
import json

import pytest
from fakes.led_epoch import cases

from replayd.watch.state import (
    Anchor,
    Answered,
    Changed,
    WatchedPair,
    WatchState,
    store_state,
)
from snaptrace.cli import main
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

START = 1_800_000_000 * 10**9
DAY = 86_400 * 10**9


def answered(score, model):
    """Return one answer's numbers."""
    return Answered(
        at_ns=START,
        score=score,
        outcome="answered",
        scorer="key_facts",
        served_model=model,
        latency_ms=900.0,
    )


@pytest.fixture
def watched(tmp_path):
    """Return `--set` options of a store whose images changed and whose text did not."""
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    url = f"file://{tmp_path}/store"
    pair = WatchedPair(
        number=3,
        snapshot_id="ab" * 16,
        before=answered(1.0, "assistant-7-0601"),
        now=answered(0.0, "assistant-7-0801"),
    )
    changed = Changed(
        at_ns=START + 9 * DAY,
        since_ns=START + 7 * DAY,
        since_low_ns=START + 6 * DAY,
        since_high_ns=START + 8 * DAY,
        difference=-0.12,
        pairs=130,
        worst=(pair,),
    )
    anchor = Anchor(case=cases(1)[0], entered_at_ns=START, next_at_ns=START)

    async def fill():
        store = Store.open(StoreConfig(url=url))
        image = WatchState(modality="image", control="p", changed=changed)
        text = WatchState(modality="text", control="p", anchors=(anchor,))
        for state in (text, image):
            await store_state(store, state)

    asyncio.run(fill())
    settings = (f"store.url={url}", f"store.key_file={tmp_path}/fleet")
    return [x for each in settings for x in ("--set", each)]


def test_a_change_is_said_with_its_days_and_calls(watched, capsys):
    """Somebody on call would know that something changed, and not what or when."""
    assert main(["watch", *watched]) == 1
    out = capsys.readouterr().out
    assert "mean score -0.12 since 2027-01-22" in out
    assert "began between 2027-01-21 08:00 and 2027-01-23 08:00" in out
    assert "ab" * 16 in out
    assert "served assistant-7-0601, now assistant-7-0801" in out


def test_scripts_read_the_same_as_json(watched, capsys):
    """A script would have to parse the table."""
    assert main(["watch", *watched, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["image"]["changed"]["difference"] == -0.12
    assert found["text"]["changed"] is None


def test_a_store_without_a_watch_is_no_change(tmp_path, capsys):
    """A pipeline would stop because nobody watches."""
    (tmp_path / "store").mkdir()
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    store = f"store.url=file://{tmp_path}/store"
    key = f"store.key_file={tmp_path}/fleet"
    assert main(["watch", "--set", store, "--set", key]) == 0
    assert "nothing is watched" in capsys.readouterr().out
