import math

import pytest

from replayd.stats import DEFAULT_MARGINS, OutOfRangeError, StreamSettings

GOOD = {"stream": "quality", "margin": 0.03, "alpha_regression": 0.01}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin", 0.005),
        ("margin", 1.0),
        ("margin", math.nan),
        ("alpha_regression", 0.0),
        ("alpha_regression", 1.0),
        ("alpha_pass", math.nan),
        ("eps", -0.001),
        ("eps", 1.0),
        ("clip", 0.0),
        ("clip", 1.2),
        ("minimum_replays", -1),
        ("expected_discordance", 1.5),
        ("expected_discordance", math.nan),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    """A verdict would be given on a question that makes no sense."""
    with pytest.raises(OutOfRangeError):
        StreamSettings(**{**GOOD, name: value})


@pytest.mark.parametrize("margin", [*DEFAULT_MARGINS.values()])
def test_default_margins_are_valid(margin):
    """A default that its own check refuses stops every start."""
    assert StreamSettings(**{**GOOD, "margin": margin}).margin == margin
