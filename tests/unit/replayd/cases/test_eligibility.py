from fakes.witnessed import ROW, VOUCHED

from replayd.cases.eligibility import Eligibility
from replayd.model import Case
from replayd.witness.standing import Decisions


def _case(row, reason="", **more):
    return Case(
        **{
            "snapshot_id": "1",
            "segment": "",
            "index": 0,
            "unit": "u",
            "trace_id": "t",
            "service": "",
            "modality": "text",
            "api": "",
            "model": "",
            "route": "",
            "rank": 0,
            "recorded_at_ns": 0,
            "uniform": True,
            "replayable": not reason,
            "reason": reason,
            "row": tuple(row),
            **more,
        }
    )


def _decided(*, diagnose=False, verified=(), lowered=()):
    eligibility = Eligibility(diagnose=diagnose)
    eligibility.decide(Decisions(frozenset(verified), frozenset(lowered)))
    return eligibility


def test_what_tokens_verified_gates_like_any_other_call():
    """A new library would stay out of the verdicts in spite of its proof."""
    case = _decided(diagnose=True, verified=[ROW]).offered(_case(ROW, "unverified"))
    assert (case.replayable, case.verified, case.reason) == (True, True, "")
    assert case.uniform


def test_another_row_is_not_verified_with_it():
    """Equal counts of texts would vouch for images."""
    other = ROW._replace(medium="image")
    eligibility = _decided(verified=[ROW])
    assert not eligibility.offered(_case(other, "unverified")).replayable
    assert not eligibility.offered(_case((), "unverified")).replayable


def test_calls_of_a_lowered_row_leave_the_verdicts():
    """Requests that are known to differ would go on gating."""
    case = _decided(lowered=[VOUCHED]).offered(_case(VOUCHED))
    assert (case.replayable, case.reason) == (False, "tokens_differ")
    case = _decided(diagnose=True, lowered=[VOUCHED]).offered(_case(VOUCHED))
    assert (case.replayable, case.verified, case.strata) == (
        True,
        False,
        ("unverified",),
    )


def test_other_reasons_stay():
    """A call without its content would be replayed because its row is verified."""
    gone = _case(ROW, "content_lost")
    assert _decided(verified=[ROW], lowered=[ROW]).offered(gone) == gone


def test_a_pin_of_a_lowered_row_stays():
    """A suite would shrink although its assertions are about what was pinned."""
    pin = _case(VOUCHED, pin="suite")
    assert _decided(lowered=[VOUCHED]).offered(pin) == pin


def test_a_route_that_needs_no_medium_is_not_drawn_but_its_pins_are():
    """A pass on images would rest on questions that no image is needed for."""
    left_out = (("image", "shop", "alt-text"),)
    here = {"modality": "image", "service": "shop", "route": "alt-text"}
    eligibility = _decided()
    case = eligibility.offered(_case(ROW, **here), left_out)
    assert (case.replayable, case.reason) == (False, "medium_independent")
    assert eligibility.offered(
        _case(ROW, **{**here, "route": "ocr"}), left_out
    ).replayable
    assert eligibility.offered(_case(ROW, pin="suite", **here), left_out).replayable
