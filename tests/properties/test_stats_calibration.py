import numpy as np
import pytest

from bench.calibrate import delays, promises, verdicts
from bench.calibrate.row import Tools

ROWS = {row.name: row for row in (*promises.rows(), *delays.rows(), *verdicts.rows())}
QUICK = [
    name
    for name in ROWS
    if name.startswith(("false alarms, one start", "95 % interval", "replays to find"))
]


def _measured(name, runs):
    return ROWS[name].measure(Tools(np.random.default_rng(7), runs, lambda: None))


def test_the_stretched_form_alarms_where_the_fold_does():
    """Calibration would check arithmetic that the product does not use."""
    measured = _measured("the stretched form alarms at the fold's replay", 6)
    assert measured.figures == {"same_replay": 1.0}
    assert measured.holds


def test_rows_have_names_of_their_own():
    """Two rows of one name share a seed and one hides the other."""
    rows = [*promises.rows(), *delays.rows(), *verdicts.rows()]
    assert len(ROWS) == len(rows)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", QUICK)
def test_limits_hold_in_a_shorter_calibration(name):
    """A promise or a delay got worse; the full table says by how much."""
    assert _measured(name, 1_000).holds is not False
