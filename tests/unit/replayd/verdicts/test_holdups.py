"""`replayd.verdicts.holdups`: what keeps a verdict from coming, and its key."""

import pytest
from fakes.gate_verdicts import START, verdicts_of
from msgspec.structs import replace

from replayd.budget.control_rate import Slowed
from replayd.verdicts.gate import decide
from replayd.verdicts.holdups import holdups, key_of
from replayd.verdicts.views import ArmView


def seen(**more):
    view = verdicts_of(worse=0.0).canaries["canary"]
    return replace(view, **{"control": "production", **more})


def arm(state, why):
    return ArmView(arm="canary", state=state, share=0.5, limit=0.9, why=why)


@pytest.mark.parametrize(
    ("more", "words", "key"),
    [
        (
            {"arms": (arm("misconfigured", "status_401"),)},
            "canary refuses its API key (status_401)",
            "replayd.arms.canary.api_key_env",
        ),
        (
            {"arms": (arm("misconfigured", "status_404"),)},
            "canary refuses everything (status_404)",
            "replayd.arms.canary.url",
        ),
        (
            {"arms": (arm("unreachable", "ClientConnectorError"),)},
            "canary does not answer (ClientConnectorError)",
            "replayd.arms.canary.url",
        ),
        (
            {"waiting": "budget", "budget": "image:requests_per_day"},
            "the budget image:requests_per_day is spent",
            "replayd.budgets.image.requests_per_day",
        ),
        ({"waiting": "fresh_cases"}, "was replayed", "replayd.schedule.lookback"),
        (
            {"slowed": Slowed(per_minute=3.6, configured=60.0, why="quota is low")},
            "at most 3.6 times a minute, not 60: quota is low",
            "replayd.control_rate.per_minute",
        ),
        ({"control": ""}, "no control arm", "replayd.arms"),
    ],
)
def test_each_reason_names_what_stands_and_the_key(more, words, key):
    """If it failed, a person would see `undecided` for hours and change nothing."""
    (found,) = holdups(seen(**more))
    assert words in found.text
    assert found.key == key
    verdicts = verdicts_of(worse=0.0)
    canaries = {"canary": seen(**more)}
    answer = decide(replace(verdicts, canaries=canaries), "canary", now_ns=START)
    assert str(found) in answer.warnings


def test_nothing_is_said_where_nothing_is_wrong():
    """If it failed, every gate would warn, and nobody would read it."""
    assert holdups(seen(arms=(arm("up", ""),))) == ()


def test_a_limit_of_all_modalities_has_its_key():
    """If it failed, the hint would name a key that does not exist."""
    assert key_of("all:tokens_per_hour") == "replayd.budget.tokens_per_hour"
    assert key_of("budget:money_per_day") == "replayd.budget.money_per_day"
    assert key_of("budget:image:money_per_day") == "replayd.budgets.image.money_per_day"
