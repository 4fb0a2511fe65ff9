"""The set of drawn units: it forgets nothing, stays small, and is written alike."""

import random

import msgspec
import pytest

from replayd.cases import drawn_units
from replayd.cases.drawn_units import DrawnUnits


def units(count, salt=""):
    return [
        f"{random.Random(f'{salt}{i}').getrandbits(128):032x}" for i in range(count)
    ]


@pytest.fixture(autouse=True)
def merged_early(monkeypatch):
    monkeypatch.setattr(drawn_units, "FEWEST_MERGED", 16)


def filled(names, lane="traffic"):
    found = DrawnUnits()
    for name in names:
        found.add(lane, name)
    return found


def test_what_was_drawn_is_known_and_nothing_else():
    """If it failed, a session would be judged twice, or never."""
    ours, others = units(3000), units(3000, "other")
    drawn = filled(ours)
    assert all(("traffic", name) in drawn for name in ours)
    assert not any(("traffic", name) in drawn for name in others)
    assert not any(("slice:charts", name) in drawn for name in ours)
    assert len(filled([*ours, *ours])) == len(drawn) == 3000


def test_a_draw_that_is_undone_is_as_if_never_made():
    """If it failed, a spent budget would cost cases."""
    ours = units(500)
    drawn = filled(ours)
    for name in ours[100:]:
        drawn.discard("traffic", name)
        drawn.discard("traffic", name)
        drawn.discard("quota:errors", name)
    assert drawn.packed() == filled(ours[:100]).packed()
    assert ("traffic", ours[100]) not in drawn


def test_equal_sets_are_written_alike_in_whatever_order_they_came():
    """If it failed, a checkpoint would differ from the fold that it stands for."""
    ours = units(700)
    drawn = filled(ours[:500])
    drawn.update(filled(ours[300:]))
    drawn.update(filled(ours[:50], "pin:smoke"))
    other = filled(reversed(ours[:50]), "pin:smoke")
    other.add("quota:errors", "gone")
    other.discard("quota:errors", "gone")
    other.update(filled(reversed(ours)))
    assert drawn.packed() == other.packed()
    again = DrawnUnits.unpacked(drawn.packed())
    assert again.packed() == drawn.packed()
    assert all(("traffic", name) in again for name in ours)
    assert len(again) == 750


def test_a_unit_takes_five_bytes_at_most():
    """If it failed, checkpoints of millions of pairs would take minutes to write."""
    packed = filled(units(2000)).packed()
    assert len(msgspec.msgpack.encode(packed)) < 2000 * 5 + 50


def test_bytes_that_were_cut_are_refused():
    """If it failed, half of a checkpoint would have sessions judged twice."""
    packed = filled(units(40)).packed()
    with pytest.raises(msgspec.ValidationError):
        DrawnUnits.unpacked({"traffic": packed["traffic"][:-1]})
