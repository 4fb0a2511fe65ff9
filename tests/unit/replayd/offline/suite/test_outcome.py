"""States of pins, and what they come to."""

import pytest

from replayd.offline.suite.outcome import (
    SuiteCase,
    exit_code,
    most_failing,
    outcome_of,
    settled,
)


def case(state, **more):
    """Return a case in a state."""
    return SuiteCase(snapshot_id="a", modality="text", state=state, **more)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ("", 3),
        ("n", 3),
        ("q", 3),
        ("p", 0),
        ("pf", 1),
        ("fn", 1),
        ("pn", 2),
        ("pq", 0),
        ("pqq", 2),
        ("w", 2),
        ("pw", 0),
        ("pww", 2),
        ("fw", 1),
        ("wq", 2),
        ("wn", 2),
    ],
)
def test_exit_codes(states, code):
    """If it failed, a pipeline would read absence as green, or a failure as open."""
    names = {"p": "passed", "f": "failed", "q": "quarantined", "n": "not_judged"}
    names["w"] = "weak"
    assert exit_code([case(names[state]) for state in states]) == code


def test_a_suite_that_a_senseless_model_passes_is_not_green():
    """If it failed, ten pins that want a yes would approve a model that says yes."""
    found = outcome_of("s", [case("passed")] * 10, blind_to=["always yes"])
    assert found.exit_code == 2
    assert any("always yes" in sentence for sentence in found.statement)
    assert exit_code([case("failed")], ["always yes"]) == 1


def test_few_outages_are_failures_and_many_are_not():
    """If it failed, an outage would read as worse answers, or a crash as an outage."""
    away = case("failed", outcome="server_error", outage=True)
    fine = case("passed", outcome="answered")
    assert settled([away, fine, fine])[0].state == "failed"
    assert {c.state for c in settled([away, away, fine])} == {"not_judged", "passed"}


def test_the_bound_of_a_suite_without_failures():
    """If it failed, a report would promise more than n passes can carry."""
    assert most_failing(1) == pytest.approx(0.95)
    assert most_failing(59) == pytest.approx(0.0495, abs=1e-3)
    assert "Nothing was judged" in outcome_of("s", [case("not_judged")]).statement[0]
