import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.stats import (
    Evidence,
    GrowingEvidence,
    StreamFold,
    StreamSettings,
    StreamState,
    judge_stream,
    log_threshold,
)

SETTINGS = StreamSettings(
    stream="quality", margin=0.15, alpha_regression=0.05, eps=0.01
)
# Stretches, so that alarms are raised and lifted within a few hundred replays.
stretches = st.lists(
    st.tuples(st.sampled_from([-1.0, -0.37, 0.0, 0.0, 0.21, 1.0]), st.integers(1, 60)),
    max_size=12,
).map(lambda pairs: [value for value, times in pairs for _ in range(times)])


def _folded(differences):
    fold = StreamFold(SETTINGS)
    for number, difference in enumerate(differences):
        fold.add(difference, number=number)
    return fold


@settings(max_examples=60)
@given(stretches, st.integers(0, 700))
def test_stopping_and_restoring_changes_nothing(differences, cut):
    """A crash of the leader would change a verdict."""
    whole = StreamFold(SETTINGS)
    part = StreamFold(SETTINGS)
    for number, difference in enumerate(differences):
        if number == cut:
            stored = msgspec.msgpack.encode(part.state)
            part = StreamFold(
                SETTINGS, msgspec.msgpack.decode(stored, type=StreamState)
            )
        assert part.add(difference, number=number) == whole.add(
            difference, number=number
        )
    assert part.state == whole.state
    assert part.verdict() == whole.verdict() == judge_stream(whole.state, SETTINGS)


@settings(max_examples=60)
@given(stretches)
def test_word_and_interval_agree(differences):
    """A page would show a pass beside an interval that forbids it."""
    verdict = _folded(differences).verdict()
    low, high = verdict.interval.low, verdict.interval.high
    if verdict.difference is not None:
        assert low <= verdict.difference <= high
    current = verdict.log_e_regression >= log_threshold(SETTINGS.alpha_regression)
    if verdict.word == "pass":
        assert low >= -SETTINGS.margin
        assert not current
    if verdict.word == "pass_with_drop":
        assert low >= -SETTINGS.margin
        assert high <= -SETTINGS.eps
    if verdict.word == "regressed" and not verdict.latched:
        assert high <= -SETTINGS.eps
    if verdict.word == "undecided":
        assert not current
        assert low < -SETTINGS.margin + 1e-6


@settings(max_examples=40)
@given(stretches)
def test_the_fold_equals_the_evidence_from_scratch(differences):
    """The quick path would drift away from the definition."""
    fold = _folded(differences)
    evidence, verdict = fold.state.evidence, fold.verdict()
    assert verdict.log_e_regression == pytest.approx(
        evidence.log_e_regression(-SETTINGS.eps), abs=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(stretches)
def test_bounds_never_settle_what_a_look_would_not(differences):
    """A verdict would depend on which looks were saved."""
    fold = StreamFold(SETTINGS)
    looking = StreamFold(SETTINGS)
    for number, difference in enumerate(differences):
        word = fold.add(difference, number=number)
        looking.add(difference, number=number)
        looking = StreamFold(SETTINGS, looking.state)  # looks, whatever is certain
        assert word == looking.word
        if number % 7 == 0:  # else what is put off would never stay put off
            assert fold.state == looking.state
    assert fold.state == looking.state


@settings(max_examples=60, deadline=None)
@given(stretches, st.integers(0, 700))
def test_counting_in_place_is_the_evidence(differences, cut):
    """What a checkpoint keeps would not be what was seen."""
    evidence, counting = Evidence(clip=0.5), GrowingEvidence(Evidence(clip=0.5))
    for number, difference in enumerate(differences):
        if number == cut:
            counting = GrowingEvidence(counting.evidence)
        evidence = evidence.add(difference, number=number)
        counting.add(counting.bin_of(difference, number), number)
        if number % 37 == 0:
            found = counting.log_e_regression(-0.03)
            assert found == evidence.log_e_regression(-0.03)
    assert counting.evidence == evidence
