"""Whether an arm answers anybody, told from the ends of its calls."""

import pytest

from replayd.arms.availability import AWAY_CASES, Availability, Call, kind_of


class At:
    """A clock that is set."""

    now = 0.0

    def __call__(self):
        return self.now


def arm(*calls, limit=0.9):
    """Return an arm that saw `calls`: (case, kind), one a second."""
    at = At()
    found = Availability(at, limit)
    for case, kind in calls:
        at.now += 1.0
        found.saw(Call(case, at.now - 0.5, at.now, kind))
    return found, at


@pytest.mark.parametrize(
    ("outcome", "detail", "kind"),
    [
        ("answered", "", "answers"),
        ("truncated", "", "answers"),
        ("context_too_long", "status_400", "answers"),
        ("unsupported_modality", "status_400", "answers"),
        ("bad_request", "status_400", "refuses"),
        ("malformed", "no_choice", "refuses"),
        ("malformed", "not_http", "misconfigured"),
        ("malformed", "status_302", "misconfigured"),
        ("bad_request", "status_401", "misconfigured"),
        ("bad_request", "status_404", "misconfigured"),
        ("connection", "ClientConnectorDNSError", "misconfigured"),
        ("connection", "ServerDisconnectedError", "unreachable"),
        ("server_error", "status_503", "unreachable"),
        ("timeout", "deadline", "unreachable"),
        ("rate_limited", "status_429", "rate_limited"),
    ],
)
def test_what_an_end_says_of_the_endpoint(outcome, detail, kind):
    """If it failed, a wrong key would be an outage, or a bad answer no evidence."""
    assert kind_of(outcome, detail) == kind


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("unreachable", "unreachable"),
        ("misconfigured", "misconfigured"),
        ("refuses", "misconfigured"),
        ("rate_limited", "rate_limited"),
    ],
)
def test_an_arm_that_never_answered_is_away_after_some_cases(kind, state):
    """If it failed, the first alert would come when the budget is spent."""
    found, _ = arm(*[(str(n), kind) for n in range(AWAY_CASES - 1)])
    assert found.state == "up"
    found, _ = arm(*[(str(n), kind) for n in range(AWAY_CASES)])
    assert (found.state, found.away) == (state, True)


def test_one_case_that_fails_over_and_over_is_no_outage():
    """If it failed, one image that crashes a worker would pause everything."""
    found, _ = arm(*[("a", "unreachable")] * 50)
    assert found.state == "up"


def test_some_bad_requests_of_an_arm_that_answers_are_evidence():
    """If it failed, what an arm says no to would be taken for a wrong address."""
    found, _ = arm(("a", "answers"), *[(str(n), "refuses") for n in range(5)])
    assert not found.away
    assert not found.caught("refuses")
    assert found.caught("unreachable")
    assert not found.caught("answers")


def test_a_refusal_of_an_arm_that_never_answered_waits():
    """If it failed, a wrong model id would be a regression."""
    found, _ = arm(("a", "refuses"))
    assert found.caught("refuses")


def test_time_away_is_measured_from_the_alarm_to_the_next_answer():
    """If it failed, an operator's threshold would mean nothing."""
    gone = [(str(n), "unreachable") for n in range(AWAY_CASES)]
    found, at = arm(("a", "answers"), *gone)
    at.now += 360.0
    assert found.share() == pytest.approx(0.9)
    found.saw(Call("z", at.now, at.now, "answers"))
    at.now += 1000.0
    assert found.share() == pytest.approx(0.9)
    assert found.state == "up"
    at.now += 3600.0
    assert found.share() == 1.0


def test_neighbours_tell_a_case_of_its_own_from_an_outage():
    """If it failed, an outage would be evidence, or a crash on one image none."""

    def seen(*others):
        found = Availability(At())
        for began, ended, kind in [
            (0.0, 1.0, "unreachable"),
            *others,
            (8.0, 9.0, "unreachable"),
        ]:
            case = "own" if (began, ended) in ((0.0, 1.0), (8.0, 9.0)) else str(began)
            found.saw(Call(case, began, ended, kind, fresh=case != "own"))
        return found.answered_neighbours("own", 0.0)

    assert seen((2.0, 3.0, "answers"))
    assert seen((2.0, 3.0, "answers"), (4.0, 5.0, "unreachable"))
    assert not seen((2.0, 3.0, "unreachable"), (4.0, 5.0, "unreachable"))
    assert not seen((0.2, 0.9, "answers"), (4.0, 5.0, "unreachable"))


def test_how_much_may_be_asked_is_no_matter_of_the_case():
    """If it failed, a tight quota would be a worse model."""
    found = Availability(At())
    found.saw(Call("own", 0.0, 1.0, "rate_limited", fresh=False))
    found.saw(Call("b", 2.0, 3.0, "answers"))
    assert not found.answered_neighbours("own", 0.0)
