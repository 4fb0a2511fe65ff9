"""Pairs until a fault is caught, against the scoreboard that verdicts come from."""

import asyncio

import pytest
from fakes.pair_results import epoch_of, result_of

from replayd.config import ReplaydConfig, SliceConfig
from replayd.drills.answers import ANSWER_FAULTS
from replayd.drills.injuring import Measured
from replayd.drills.offline import no_pause, places
from replayd.drills.sensitivity import Orders, _Drill, sensitivities
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings

FAULT = ANSWER_FAULTS["digit_changed"]
TWIN = ANSWER_FAULTS["reworded"]
STREAMS = frozenset({"answered", "invariants", "quality"})


def measured(difference, *, name=FAULT.name, noise=None, slices=(), applies=True):
    """Return one pair whose quality moves by `difference` under a fault."""
    return Measured(
        modality="text",
        slices=slices,
        streams=STREAMS | ({"protected"} if slices else set()),
        faults={name: {"quality": difference, "protected": difference}}
        if applies
        else {},
        noise=noise,
        scored=True,
        right=True,
    )


def rows(pairs, *, fault=FAULT, config=None, orders=None):
    """Return the rows of all places, by slice and rate."""
    config = config or ReplaydConfig()
    settings = BoardSettings()
    found = []
    for place in places(pairs, config, settings, None):
        how = orders or Orders(count=10, most_pairs=400)
        found += asyncio.run(sensitivities(place, pairs, [fault], how, no_pause))
    return {(row.slice, row.rate): row for row in found}


def test_the_alarm_is_the_scoreboards_own():
    """A certificate would speak of another test than the one that gates."""
    pairs = [measured(-0.5 if n % 3 else 0.0) for n in range(30)]
    (place,) = places(pairs, ReplaydConfig(), BoardSettings(), None)
    drill = _Drill(place, pairs, FAULT, 1.0, Orders(count=1, most_pairs=400))
    after, stream = drill._order(0)
    assert stream == "quality"
    board = Scoreboard(epoch_of("text"), BoardSettings())
    for number, drawn in enumerate(drill._drawn(0)):
        quality = 1.0 + drawn["quality"]
        board.fold(result_of(number, quality))
        if board.word("text", "quality") == "regressed":
            break
    assert number + 1 == after


def test_a_rarer_fault_needs_more_pairs():
    """The rate would have no effect."""
    found = rows([measured(-1.0) for _ in range(50)])
    always, seldom = found["", 1.0], found["", 0.1]
    assert (always.standing, seldom.standing) == ("caught", "caught")
    assert always.after < 25 < seldom.after
    assert always.after_low <= always.after <= always.after_high


def test_what_no_rule_sees_is_not_caught():
    """A blind spot would be certified as covered."""
    row = rows([measured(0.0) for _ in range(50)])["", 1.0]
    assert row.standing == "not_caught"
    assert (row.after, row.caught_share, row.stream) == (None, 0.0, "")


@pytest.mark.parametrize(
    ("count", "of", "standing"),
    [(4, 50, "not_applicable"), (5, 50, "caught"), (5, 400, "not_applicable")],
)
def test_a_fault_that_hardly_any_pair_can_have_is_not_judged(count, of, standing):
    """A handful of answers would decide about a whole modality."""
    pairs = [measured(-1.0, applies=n < count) for n in range(of)]
    orders = Orders(count=10, most_pairs=1000)
    assert rows(pairs, orders=orders)["", 1.0].standing == standing


def test_noise_of_the_control_delays_the_alarm():
    """Pairs until an alarm would be those of a model that never varies."""
    quiet = [measured(-0.2) for _ in range(50)]
    noisy = [measured(-0.2, noise={"quality": 0.5}) for _ in range(50)]
    assert rows(noisy)["", 1.0].after > rows(quiet)["", 1.0].after


def test_a_protected_slice_has_rows_of_its_own():
    """A slice's blindness would hide behind its modality."""
    declared = SliceConfig(modality="text", attribute="tier", values=["gold"])
    config = ReplaydConfig(slices={"gold": declared})
    pairs = [measured(-1.0, slices=("gold",)) for _ in range(20)]
    pairs += [measured(0.0) for _ in range(80)]
    found = rows(pairs, config=config, orders=Orders(count=10, most_pairs=600))
    assert found["gold", 1.0].pairs == 20
    assert found["gold", 1.0].stream == "slice:gold"
    assert found["", 1.0].pairs == 100


def test_a_twin_counts_any_alarm():
    """A harmless change that costs a gate its pass would not be shown."""
    pairs = [measured(-1.0, name=TWIN.name) for _ in range(30)]
    found = rows(pairs, fault=TWIN)
    assert list(found) == [("", 1.0)]
    assert found["", 1.0].caught_share == 1.0


def test_pairs_of_the_same_scores_come_in_the_same_orders():
    """Two certificates of the same answers would differ by chance."""
    pairs = [measured(-0.5 if n % 2 else 0.1) for n in range(30)]
    assert rows(pairs) == rows(pairs)
