import pytest
from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock
from fakes.pair_results import epoch_of
from fakes.witnessed import ROW, VOUCHED, counted

from replayd.config import WitnessConfig
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.token_witness import TokenEvidence, epoch_tally
from replayd.ledger.ledger import Checkpoint, Ledger, open_epoch
from replayd.model import Case, Planned
from replayd.witness.tally import WitnessTally


class NoBoard:
    """Keeps no evidence of its own."""

    def fold(self, result):
        """Take nothing in."""

    def checkpoint(self):
        """Return nothing."""
        return b""

    def restore(self, data):
        """Go on from nothing."""


def _planned(result):
    case = Case(
        snapshot_id=result.snapshot_id,
        segment="s",
        index=0,
        unit=result.snapshot_id,
        trace_id="t",
        service="shop",
        modality="text",
        api="openai_chat",
        model="m",
        route="r",
        rank=0,
        recorded_at_ns=0,
        uniform=True,
        replayable=True,
    )
    return Planned(number=result.number, case=case, lane="traffic")


async def _stored(store, results, *, checkpoint_after=0, epoch="e1", **more):
    """Commit an epoch's results, one run each, with a checkpoint on the way."""
    await open_epoch(store, epoch_of("text", epoch=epoch, **more))
    ledger, fold = Ledger(store, epoch, LoopClock(), "one"), Fold(NoBoard)
    for result in results:
        await ledger.commit([result], [])
        fold.add(_planned(result), result)
        if fold.next_number == checkpoint_after:
            saved = Checkpoint(next_number=fold.next_number, fold=fold.checkpoint())
            await ledger.save(saved)
    return fold


async def test_a_checkpoint_and_what_follows_equal_a_refold():
    """After a restart other rows would be verified than before it."""
    store, results = dict_store(0), [counted(n, n % 2) for n in range(30)]
    fold = await _stored(store, results, checkpoint_after=20)
    read = await epoch_tally(store, LoopClock(), "e1")
    anew = await epoch_tally(store, LoopClock(), "e1", refold=True)
    assert read.encode() == anew.encode() == fold.witness.encode()


async def test_a_fold_that_is_restored_goes_on_with_its_counts():
    """A leader would forget what verified a row at its first restart."""
    fold = Fold(NoBoard)
    for n in range(10):
        fold.add(_planned(counted(n)), counted(n))
    restored = Fold(NoBoard)
    restored.restore(fold.checkpoint())
    assert restored.witness.rows[ROW].cases == fold.witness.rows[ROW].cases


async def test_another_leader_decides_as_the_one_before():
    """A change of leader would open or close the gate for a library."""
    store = dict_store(0)
    await _stored(store, [counted(n) for n in range(120)], checkpoint_after=100)
    later = [counted(n, case=200 + n) for n in range(80)]
    await _stored(store, later, epoch="e2", sequence=1)
    decided = []
    for _ in range(2):
        tokens = TokenEvidence(store, LoopClock(), WitnessConfig())
        tokens.on_decided = decided.append
        await tokens.follow("canary", "e3", lambda: None)
        assert tokens.standings[ROW].cases == 200
    assert decided[0] == decided[1]
    assert decided[0].verified == {ROW}


async def test_the_live_fold_takes_the_place_of_what_was_stored():
    """An epoch's cases would be counted from its start alone, or twice."""
    store = dict_store(0)
    fold = await _stored(store, [counted(n, row=VOUCHED) for n in range(5)])
    tokens, caught_up = TokenEvidence(store, LoopClock(), WitnessConfig()), []
    await tokens.follow("canary", "e1", lambda: fold.witness if caught_up else None)
    assert tokens.standings[VOUCHED].cases == 5
    caught_up.append(True)
    fold.add(_planned(counted(5, row=VOUCHED)), counted(5, row=VOUCHED))
    await tokens.review()
    assert tokens.standings[VOUCHED].cases == 6


async def test_decisions_are_told_once_and_withdrawn_when_differences_come():
    """Canaries would be led anew at every look, or go on with a broken library."""
    store, live, decided = dict_store(0), WitnessTally(), []
    tokens = TokenEvidence(store, LoopClock(), WitnessConfig())
    tokens.on_decided = decided.append
    for n in range(150):
        live.fold(counted(n))
    await tokens.follow("canary", "e1", lambda: live)
    await tokens.review()
    assert [it.verified for it in decided] == [{ROW}]
    for n in range(150, 200):
        live.fold(counted(n, 80))
    await tokens.review()
    assert (decided[-1].verified, decided[-1].lowered) == (set(), {ROW})


async def test_an_epoch_that_cannot_be_read_leaves_the_others():
    """One damaged object would stop every canary."""
    store = dict_store(0)
    await _stored(store, [counted(n) for n in range(3)])
    await _stored(store, [counted(n, case=9) for n in range(1)], epoch="e2", sequence=1)
    name = next(n for n in store._backend.objects if "/results/e2/" in n)
    store._backend.objects[name] = b"torn"
    tokens = TokenEvidence(store, LoopClock(), WitnessConfig())
    await tokens.follow("canary", "e3", lambda: None)
    assert tokens.standings[ROW].cases == 3


@pytest.mark.parametrize("data", [b"", b"\x80"])
async def test_a_checkpoint_of_an_earlier_release_is_no_obstacle(data):
    """The first start after an upgrade would fail."""
    store, results = dict_store(0), [counted(n) for n in range(4)]
    await _stored(store, results)
    ledger = Ledger(store, "e1", LoopClock(), "one")
    await ledger.save(Checkpoint(next_number=2, fold=data))
    assert len((await epoch_tally(store, LoopClock(), "e1")).rows[ROW].cases) == 4
