import pytest
from msgspec import structs

from replayd.stats import (
    Circumstances,
    OutOfRangeError,
    StreamFold,
    StreamSettings,
    decide_quality,
    judge_gate,
    judge_modality,
)

SEEN = Circumstances(coverage=0.9, coverage_limit=0.5)
EMPTY = StreamFold(
    StreamSettings(stream="quality", margin=0.03, alpha_regression=0.01)
).verdict()


def _verdict(word, stream="quality", **changes):
    return structs.replace(EMPTY, word=word, stream=stream, **changes)


def _three(answered="pass", invariants="pass", quality="pass"):
    return (
        _verdict(answered, "answered"),
        _verdict(invariants, "invariants"),
        _verdict(quality, "quality"),
    )


@pytest.mark.parametrize(
    ("words", "word", "deciding"),
    [
        (("pass", "pass", "undecided"), "undecided", "quality"),
        (("pass_with_drop", "pass", "pass"), "pass_with_drop", "answered"),
        (("undecided", "regressed", "pass"), "regressed", "invariants"),
        (("undecided", "pass", "changed"), "changed", "quality"),
        (("pass_with_drop", "undecided", "pass"), "undecided", "invariants"),
    ],
)
def test_the_worst_stream_decides_and_is_named(words, word, deciding):
    """A modality would hide behind its better streams."""
    verdict = judge_modality("image", _three(*words), SEEN)
    assert (verdict.word, verdict.deciding, verdict.reason) == (word, deciding, "")


def test_the_clearest_of_two_regressions_is_named():
    """The alert would name the weaker of two findings."""
    streams = (
        _verdict("regressed", "answered", log_e_regression=7.0),
        _verdict("pass", "invariants"),
        _verdict("regressed", "quality", log_e_regression=30.0, difference=-0.2),
    )
    verdict = judge_modality("image", streams, SEEN)
    assert (verdict.deciding, verdict.difference) == ("quality", -0.2)


def test_the_least_sure_of_equal_words_is_named():
    """The reader would be told of the stream that needs least attention."""
    streams = (
        _verdict("undecided", "answered", log_e_pass=2.0),
        _verdict("undecided", "invariants", log_e_pass=-4.0),
        _verdict("undecided", "quality", log_e_pass=1.0),
    )
    assert judge_modality("image", streams, SEEN).deciding == "invariants"


def test_a_protected_slice_turns_its_modality():
    """A collapse of a tenth of the users would be pooled away."""
    chart = _verdict("regressed", "chart/quality", log_e_regression=12.0)
    verdict = judge_modality("image", _three(), SEEN, protected=(chart,))
    assert (verdict.word, verdict.deciding) == ("regressed", "chart/quality")
    waiting = _verdict("undecided", "chart/quality")
    assert judge_modality("image", _three(), SEEN, (waiting,)).word == "undecided"


@pytest.mark.parametrize("coverage", [None, 0.0, 0.49])
def test_a_blind_modality_is_not_green(coverage):
    """What cannot be replayed would count as unchanged."""
    blind = Circumstances(coverage=coverage, coverage_limit=0.5)
    verdict = judge_modality("audio", _three(), blind)
    assert (verdict.word, verdict.reason) == ("undecided", "blind")
    assert verdict.deciding == ""


def test_a_regression_found_stands_where_coverage_is_short():
    """A real finding would be hidden behind missing coverage."""
    blind = Circumstances(coverage=0.1, coverage_limit=0.5)
    streams = _three(quality="regressed")
    assert judge_modality("audio", streams, blind).word == "regressed"


@pytest.mark.parametrize("quality", ["pass", "pass_with_drop", "changed", "regressed"])
def test_a_noise_alarm_takes_every_verdict_away(quality):
    """A broken harness would go on judging."""
    noisy = structs.replace(SEEN, noise_alarm=True)
    verdict = judge_modality("text", _three(quality=quality), noisy)
    assert (verdict.word, verdict.reason) == ("undecided", "noise")


def test_an_unsupported_modality_is_a_regression_at_once():
    """A canary without ears would wait for replays that never come."""
    deaf = structs.replace(SEEN, unsupported=True, noise_alarm=True, coverage=None)
    verdict = judge_modality("audio", _three("undecided"), deaf)
    assert (verdict.word, verdict.reason) == ("regressed", "unsupported")


@pytest.mark.parametrize(
    ("quality", "word", "reason"),
    [
        ("pass", "undecided", "pass_withheld"),
        ("pass_with_drop", "undecided", "pass_withheld"),
        ("regressed", "regressed", ""),
        ("changed", "changed", ""),
    ],
)
def test_a_withheld_pass_is_no_pass(quality, word, reason):
    """A stretch with failing arms would let a canary through."""
    withheld = structs.replace(SEEN, pass_withheld=True)
    verdict = judge_modality("text", _three(quality=quality), withheld)
    assert (verdict.word, verdict.reason) == (word, reason)


@pytest.mark.parametrize(
    ("quality", "word"),
    [
        ("undecided", "regressed_previous_epoch"),
        ("pass", "pass"),
        ("regressed", "regressed"),
    ],
)
def test_a_regression_carries_over_until_the_new_epoch_decides(quality, word):
    """An alert would resolve because somebody relabelled the canary."""
    carried = structs.replace(SEEN, regressed_previously=True)
    assert judge_modality("text", _three(quality=quality), carried).word == word


def test_wrong_numbers_of_streams_are_refused():
    """A verdict on two streams would read like one on three."""
    with pytest.raises(OutOfRangeError):
        judge_modality("text", _three()[:2], SEEN)
    with pytest.raises(OutOfRangeError):
        judge_modality("text", _three(), SEEN, (EMPTY,) * 9)


@pytest.mark.parametrize(
    ("agreement", "deciders", "intent", "word"),
    [
        ("regressed", (), "equivalent", "regressed"),
        ("pass", ("undecided",), "equivalent", "pass"),
        ("pass", ("regressed",), "equivalent", "regressed"),
        ("regressed", (), "upgrade", "changed"),
        ("regressed", ("undecided",), "upgrade", "changed"),
        ("regressed", ("pass", "undecided"), "upgrade", "changed"),
        ("regressed", ("pass", "pass_with_drop"), "upgrade", "pass_with_drop"),
        ("regressed", ("pass",), "upgrade", "pass"),
        ("undecided", ("pass",), "upgrade", "pass"),
        ("undecided", ("undecided",), "upgrade", "undecided"),
        ("pass", ("undecided",), "upgrade", "pass"),
        ("pass", ("regressed",), "upgrade", "regressed"),
        ("regressed", ("pass", "regressed"), "upgrade", "regressed"),
    ],
)
def test_intent_says_what_a_drop_in_agreement_means(agreement, deciders, intent, word):
    """A better model that answers differently would be called a regression."""
    decided = decide_quality(
        _verdict(agreement),
        [_verdict(decider, "adjudication") for decider in deciders],
        intent,
    )
    assert decided.word == word


@pytest.mark.parametrize(
    ("words", "strict", "gate"),
    [
        ((), False, "undecided"),
        (("pass", "pass"), False, "pass"),
        (("pass", "pass_with_drop"), False, "pass"),
        (("pass", "pass_with_drop"), True, "regressed"),
        (("pass", "undecided"), False, "undecided"),
        (("pass", "changed"), False, "undecided"),
        (("regressed", "pass", "undecided"), False, "regressed"),
    ],
)
def test_a_gate_takes_its_worst_modality(words, strict, gate):
    """An average over modalities would let a broken one through."""
    verdicts = [judge_modality("text", _three(quality=word), SEEN) for word in words]
    assert judge_gate(verdicts, strict=strict) == gate


def test_a_gate_does_not_fail_a_new_revision_for_the_old_one():
    """A fix could never be deployed, since its predecessor was broken."""
    carried = structs.replace(SEEN, regressed_previously=True)
    verdict = judge_modality("text", _three(quality="undecided"), carried)
    assert judge_gate([verdict], strict=False) == "undecided"
