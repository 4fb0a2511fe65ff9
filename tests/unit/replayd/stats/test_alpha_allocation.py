import pytest

from replayd.stats import (
    GATING_STREAMS,
    GatingSet,
    ModalityPlan,
    OutOfRangeError,
)

THREE = tuple(map(ModalityPlan, ("text", "image", "audio")))


def test_four_fifths_are_shared_evenly_by_the_frozen_streams():
    """Thresholds would not be those that were announced."""
    gating = GatingSet(frozen=THREE)
    for modality in ("text", "image", "audio"):
        assert gating.alpha_regression(modality) == pytest.approx(0.05 * 0.8 / 9)


def test_slices_and_deciders_take_their_share():
    """Streams that can turn a verdict would do so outside the promise."""
    image = ModalityPlan("image", protected=("chart",), deciders=("adjudication",))
    gating = GatingSet(frozen=(ModalityPlan("text"), image))
    assert gating.alpha_regression("text") == pytest.approx(0.05 * 0.8 / 8)
    assert gating.alpha_regression("image") == gating.alpha_regression("text")


def test_all_shares_together_stay_within_alpha():
    """Many late modalities would add up to more false alarms than promised."""
    gating = GatingSet(frozen=(*THREE, ModalityPlan("video", protected=("hd",))))
    total = sum(
        plan.streams * gating.alpha_regression(plan.modality) for plan in gating.frozen
    )
    for number in range(200):
        gating = gating.with_later(f"late-{number}")
    total += sum(
        len(GATING_STREAMS) * gating.alpha_regression(late) for late in gating.later
    )
    assert 0.0495 < total <= 0.05


def test_a_late_modality_leaves_the_others_alone():
    """The bar would move for streams that are already being judged."""
    before = GatingSet(frozen=THREE)
    after = before.with_later("document").with_later("document")
    assert after.later == ("document",)
    assert after.alpha_regression("text") == before.alpha_regression("text")
    assert after.alpha_regression("document") == pytest.approx(0.05 * 0.2 / 2 / 3)
    assert after.with_later("text") is after


def test_without_anything_frozen_the_whole_alpha_is_for_later():
    """An epoch that starts blind would be judged at a fifth of its error."""
    gating = GatingSet(frozen=()).with_later("text").with_later("image")
    assert gating.alpha_regression("text") == pytest.approx(0.05 / 2 / 3)
    assert gating.alpha_regression("image") == pytest.approx(0.05 / 6 / 3)


def test_an_unknown_modality_has_no_share():
    """A stream would be judged at an alpha that nobody set aside."""
    with pytest.raises(KeyError):
        GatingSet(frozen=THREE).alpha_regression("smell")


def test_too_many_slices_or_a_wrong_alpha_are_refused():
    """Power would be diluted beyond use, or the error promised would be none."""
    slices = tuple(f"slice-{number}" for number in range(9))
    with pytest.raises(OutOfRangeError):
        GatingSet(frozen=(ModalityPlan("text", protected=slices),))
    with pytest.raises(OutOfRangeError):
        GatingSet(frozen=THREE, alpha=1.0)
