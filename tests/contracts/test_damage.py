"""Recorded telemetry that lost something: what can be seen of it never gates."""

import itertools

import pytest
from measure.damage import outcomes
from measure.recordings import golden

pytestmark = pytest.mark.timeout(120)

_EVERY = 60  # of the recorded cases, so that it takes seconds
# Ways of losing that leave nothing to see where no tokens were counted: what stays is a
# request that somebody may have sent. `docs/fidelity.md` names them.
_UNSEEN = (
    "call dropped",  # its result goes with it
    "call's turn dropped",
    "medium dropped",
    "one tool dropped",
    "parameter lost",
    "part dropped",
    "role swapped",
    "text cut",
    "letters lost",
    "text gone",  # of a library that was recorded with empty prompts
    "tool's description lost",
    "tools dropped",
    "turn dropped",
)
_SEEN = (
    "text masked",
    "word masked",
    "word redacted",
    "text cut, dots",
    "text cut, signed",
    "medium cut",
    "parameter renamed",
)
# That showed a name which their readers pass over, per damage of the share taken here.
_LEFT = 0.02


@pytest.fixture(scope="module")
def found():
    return list(outcomes(itertools.islice(golden(), 0, None, _EVERY)))


def test_what_can_be_seen_of_a_loss_never_gates(found):
    """A replay of what is left of a request would be judged as the request itself."""
    seen = [one for one in found if one.damage.way.endswith(_SEEN)]
    silent = [one for one in seen if one.line.outcome == "silent"]
    assert len(seen) > 100
    assert len(silent) <= _LEFT * len(seen), [
        (one.damage.way, one.case.variant, one.case.name) for one in silent
    ]


def test_every_way_of_losing_is_named_as_seen_or_unseen(found):
    """A new way would be counted by nobody."""
    ways = {one.damage.way for one in found}
    assert {way for way in ways if not way.endswith(_SEEN + _UNSEEN)} == set()
