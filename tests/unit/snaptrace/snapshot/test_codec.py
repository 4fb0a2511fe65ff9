"""Records of releases before and after this one."""

from typing import Literal

import msgspec
import pytest
from fakes.stored_calls import text_call

from snaptrace.snapshot.codec import pack_snapshot, unpack_snapshot
from snaptrace.snapshot.model import Fidelity

UNVERIFIED = Fidelity(
    level="unverified",
    missing=("seed",),
    reasons=("features_unrecorded",),
    unproven=("messages:user/input_audio",),
)


class FirstFidelity(msgspec.Struct, kw_only=True):
    """Fidelity as the first release knows it: an unknown level damages a segment."""

    level: Literal["exact", "as_observed", "lossy", "unreplayable"]
    missing: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class FirstSnapshot(msgspec.Struct, kw_only=True):
    """As much of a snapshot as decides whether the first release replays it."""

    fidelity: FirstFidelity


def test_an_unverified_call_comes_back_as_one():
    """A store would forget that nothing bears the reading out."""
    stored = pack_snapshot(text_call(1, at_ns=1, fidelity=UNVERIFIED))
    assert unpack_snapshot(stored).fidelity == UNVERIFIED


def test_the_first_release_reads_it_and_leaves_it_alone():
    """An older replayd would refuse the whole segment, or replay the call."""
    stored = pack_snapshot(text_call(1, at_ns=1, fidelity=UNVERIFIED))
    old = msgspec.msgpack.decode(stored.record, type=FirstSnapshot).fidelity
    assert old.level == "unreplayable"
    assert old.reasons == ("features_unrecorded",)


@pytest.mark.parametrize("level", ["exact", "as_observed", "lossy", "unreplayable"])
def test_other_levels_are_stored_as_ever(level):
    """Stores would change for calls that nothing changed for."""
    stored = pack_snapshot(text_call(1, at_ns=1, fidelity=Fidelity(level=level)))
    assert b"newer_level" not in stored.record or not msgspec.msgpack.decode(
        stored.record, ext_hook=lambda _code, _data: None
    )["fidelity"].get("newer_level")
    assert unpack_snapshot(stored).fidelity.level == level


def test_a_level_of_a_release_to_come_stays_unreplayable():
    """A word that means nothing here would be taken for something to replay."""
    later = Fidelity(level="unreplayable", newer_level="to_come")
    stored = pack_snapshot(text_call(1, at_ns=1, fidelity=later))
    assert unpack_snapshot(stored).fidelity.level == "unreplayable"
