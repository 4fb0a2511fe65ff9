"""What pipelines are told."""

import msgspec
import pytest
from fakes.gate_verdicts import NOW, verdicts_of
from fakes.pair_results import SECOND

from replayd.drills.certificate import Certificate, Sensitivity, once_caught
from replayd.drills.known import KnownSensitivity
from replayd.evidence.settings import BoardSettings
from replayd.verdicts.gate import decide
from replayd.verdicts.views import Verdicts


def ask(verdicts, **more):
    """Ask the gate about the arm `canary`."""
    return decide(verdicts, "canary", **{"now_ns": NOW, **more})


@pytest.mark.parametrize(
    ("build", "state", "code"),
    [
        ({}, "pass", 0),
        ({"worse": 0.4}, "regressed", 1),
        ({"pairs": 20}, "undecided", 2),
        ({"pairs": 0}, "undecided", 2),
        (
            {"worse": 0.4, "settings": BoardSettings(intent="upgrade")},
            "changed",
            2,
        ),
        ({"leading": False}, "unknown", 3),
    ],
)
def test_states_and_exit_codes(build, state, code):
    """A pipeline would go on, or stop, for the wrong reason."""
    answer = ask(verdicts_of(**build))
    assert (answer.state, answer.exit_code) == (state, code)
    assert bool(answer.why) == (state != "pass")


def test_another_revision_is_not_judged():
    """A gate would wave through what nobody looked at."""
    answer = ask(verdicts_of(), revision="r2")
    assert (answer.state, answer.exit_code) == ("unknown", 3)
    assert answer.why == ("revision r2 was not judged; r1 is",)
    assert ask(verdicts_of(), revision="r1").state == "pass"


def test_an_old_verdict_is_not_told():
    """A daemon that died yesterday would still open gates."""
    answer = ask(verdicts_of(), now_ns=NOW + 61 * SECOND, oldest_seconds=60.0)
    assert (answer.state, answer.exit_code) == ("unknown", 3)
    assert ask(verdicts_of(), oldest_seconds=60.0).state == "pass"


def test_unknown_canary_and_nobody_leading():
    """A typing error in a pipeline would read as undecided for ever."""
    assert decide(verdicts_of(), "canray", now_ns=NOW).exit_code == 3
    assert decide(None, "canary", now_ns=NOW).exit_code == 3


def test_a_drop_within_the_margin_passes_with_a_warning_unless_strict():
    """A known small loss would go unmentioned, or block against the settings."""
    settings = BoardSettings(margins={"text": 0.3}, eps=0.001)
    answer = ask(verdicts_of(worse=0.08, pairs=1500, settings=settings))
    assert (answer.state, answer.modalities) == ("pass", {"text": "pass_with_drop"})
    assert "drop of -0.0" in answer.warnings[0]
    strict = msgspec.structs.replace(settings, strict=True)
    answer = ask(verdicts_of(worse=0.08, pairs=1500, settings=strict))
    assert answer.exit_code == 1


def test_the_shape_that_scripts_rely_on():
    """A field that a script reads would be gone or renamed."""
    data = msgspec.json.decode(msgspec.json.encode(verdicts_of()))
    canary = data["canaries"]["canary"]
    assert canary["gate"] == "pass"
    assert canary["revision"] == "r1"
    text = canary["modalities"]["text"]
    assert text["verdict"] == "pass"
    assert set(text["streams"]) == {"answered", "invariants", "quality"}
    assert text["deciding"] in text["streams"]
    assert text["replays"] == 400
    assert text["difference"] == 0
    low, high = text["interval"]
    assert low <= 0 <= high
    assert isinstance(text["replays_needed"], int)
    assert text["coverage"] == pytest.approx(0.95)


def test_verdicts_survive_the_wire():
    """The command line would read something else than the daemon wrote."""
    verdicts = verdicts_of(worse=0.1)
    encoded = msgspec.json.encode(verdicts)
    assert msgspec.json.decode(encoded, type=Verdicts) == verdicts


def drilled(*rows):
    """Return what one certificate with these rows of text says."""
    made = Certificate(
        kind="offline",
        source="control",
        made_at_ns=NOW,
        software="1",
        orders=20,
        most_pairs=1000,
        alpha=0.05,
        margins={},
        rows=tuple(Sensitivity(modality="text", rate=1.0, **row) for row in rows),
    )
    return KnownSensitivity(newest=(made,), once=frozenset(once_caught([made])))


CAUGHT = {"fault": "digit_changed", "standing": "caught", "after": 20, "after_high": 40}
MISSED = {"fault": "row_dropped", "standing": "not_caught"}
ABSENT = {"fault": "unit_changed", "standing": "not_applicable"}


def test_a_pass_says_what_it_could_have_seen():
    """Nobody would know what a green is worth."""
    answer = ask(verdicts_of(drilled=drilled(CAUGHT, MISSED)))
    (line,) = answer.sees.values()
    assert "points would have been found nine times in ten" in line
    assert line.endswith("blind to row_dropped")
    without = ask(verdicts_of()).sees["text"]
    assert without.endswith("no drill says which faults are caught")


@pytest.mark.parametrize(
    ("required", "rows", "state"),
    [
        (("digit_changed",), (CAUGHT,), "pass"),
        (("digit_changed",), (), "undecided"),
        (("row_dropped",), (CAUGHT, MISSED), "undecided"),
        (("digit_changed@0.1",), (CAUGHT,), "undecided"),
        (("unit_changed",), (ABSENT,), "pass"),
        (("digit_changed",), ({**CAUGHT, "after_high": 500},), "undecided"),
    ],
)
def test_a_pass_that_cannot_show_a_required_fault_is_blind(required, rows, state):
    """A gate would open although a fault that matters could not have been seen."""
    settings = BoardSettings(required_sensitivity={"text": required})
    answer = ask(verdicts_of(settings=settings, drilled=drilled(*rows)))
    assert answer.state == state
    assert ("blind" in "".join(answer.why)) == (state != "pass")
    assert (f"not known to show {required[0]}" in "".join(answer.why)) == (
        state != "pass"
    )


def test_a_regression_is_told_whatever_a_drill_says():
    """A required sensitivity would hide a regression that was found."""
    settings = BoardSettings(required_sensitivity={"text": ("row_dropped",)})
    answer = ask(verdicts_of(worse=0.4, settings=settings, drilled=drilled(MISSED)))
    assert answer.state == "regressed"
