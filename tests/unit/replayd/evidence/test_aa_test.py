"""`evidence.aa_test`: the noise floor, and when it counts as measured."""

from replayd.evidence.aa_test import FEWEST_NOISE_PAIRS, AaTest
from replayd.model import PairResult, StreamScore


def _result(number, second):
    score = StreamScore(
        scorer="label_numbers", canary=1.0, control=1.0, second_control=second
    )
    return PairResult(
        number=number,
        snapshot_id=f"{number:032x}",
        modality="image",
        lane="traffic",
        slices=(),
        recorded_at_ns=1,
        committed_at_ns=2,
        streams={"quality": score},
    )


def test_a_noise_floor_is_handed_on_once_it_was_measured():
    """The next epoch would plan with a guess although the noise is known."""
    noise = AaTest(eps=0.005)
    for number in range(FEWEST_NOISE_PAIRS - 1):
        noise.add(_result(number, 1.0 if number % 4 else 0.0))
    assert noise.discordances() == {}
    noise.add(_result(FEWEST_NOISE_PAIRS, 1.0))
    assert noise.discordances() == {"image": 0.25}


def test_pairs_that_were_not_asked_twice_say_nothing():
    """A zero would be planned with that nobody has measured."""
    noise = AaTest(eps=0.005)
    for number in range(2 * FEWEST_NOISE_PAIRS):
        noise.add(_result(number, None))
    assert noise.discordances() == {}
