"""The fold of an epoch: checkpoints of this release and of earlier ones."""

import msgspec
import pytest
from fakes.judged_epoch import planned_of
from fakes.pair_results import epoch_of
from fakes.stored_calls import text_call

from replayd.evaluation.excluded import excluded
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings

NOW = 1_800_000_000 * 10**9
PLANNED = [planned_of(n, text_call(n, at_ns=NOW), "s", n) for n in range(30)]


def new_fold():
    return Fold(lambda: Scoreboard(epoch_of("text"), BoardSettings()))


def folded():
    fold = new_fold()
    for item in PLANNED:
        fold.add(item, excluded(item, "media_gone", NOW))
    return fold


def of_earlier_release(checkpoint):
    """Return a checkpoint as releases wrote it that listed every unit."""
    state = msgspec.msgpack.decode(checkpoint)
    state["drawn"] = [[item.lane, item.case.unit] for item in PLANNED]
    return msgspec.msgpack.encode(state)


def test_a_checkpoint_of_an_earlier_release_is_gone_on_from():
    """If it failed, an upgrade would fold a year anew or judge sessions twice."""
    before = folded()
    after = new_fold()
    after.restore(of_earlier_release(before.checkpoint()))
    assert after.next_number == 30
    assert all((item.lane, item.case.unit) in after.drawn for item in PLANNED)
    assert after.checkpoint() == before.checkpoint()


def test_an_earlier_release_does_not_take_a_checkpoint_for_one_without_units():
    """If it failed, going back a release would judge every session once more."""

    class Earlier(msgspec.Struct):
        next_number: int
        drawn: list[tuple[str, str]]

    with pytest.raises(msgspec.MsgspecError):
        msgspec.msgpack.decode(folded().checkpoint(), type=Earlier)


def test_damaged_units_leave_the_fold_as_it_was():
    """If it failed, half a checkpoint would be gone on from."""
    state = msgspec.msgpack.decode(folded().checkpoint())
    state["drawn"] = {"traffic": b"1234"}
    fold = new_fold()
    with pytest.raises(msgspec.MsgspecError):
        fold.restore(msgspec.msgpack.encode(state))
    assert fold.next_number == 0
    assert fold.checkpoint() == new_fold().checkpoint()
