import random

from fakes.witnessed import ROW, counted

from replayd.witness.row import Row
from replayd.witness.tally import (
    CASES_KEPT,
    OTHER,
    ROWS_KEPT,
    WitnessTally,
    merged,
)


def _folded(results):
    tally = WitnessTally()
    for result in results:
        tally.fold(result)
    return tally


def test_a_stored_tally_comes_back_and_goes_on_alike():
    """A restart would prove something else than a refold."""
    results = [counted(n, n % 3) for n in range(40)]
    half = WitnessTally.decode(_folded(results[:20]).encode())
    for result in results[20:]:
        half.fold(result)
    assert half.encode() == _folded(results).encode()
    assert WitnessTally.decode(b"").rows == {}


def test_the_kept_cases_depend_on_no_order_and_no_repetition():
    """Two replicas, or two canaries that share cases, would decide differently."""
    results = [counted(n, n) for n in range(CASES_KEPT + 200)]
    mixed = random.Random(3).sample(results, len(results))
    parts = [_folded(mixed[:300]), _folded(mixed[200:]), _folded(mixed[:100])]
    assert merged(parts).rows[ROW].cases == _folded(results).rows[ROW].cases
    assert len(_folded(results).rows[ROW].cases) == CASES_KEPT


def test_merging_leaves_the_parts_as_they_were():
    """A view of all epochs would be counted into one of them."""
    one, other = _folded([counted(1)]), _folded([counted(2)])
    merged([one, other])
    assert len(one.rows[ROW].cases) == 1


def test_rows_are_bounded():
    """A client that invents scopes would fill the memory and every checkpoint."""
    rows = [Row(f"s{n}", "1", "chat", "a", "text") for n in range(ROWS_KEPT + 50)]
    tally = _folded(counted(n, row=row) for n, row in enumerate(rows))
    assert len(tally.rows) == ROWS_KEPT + 1
    assert len(tally.rows[OTHER].cases) == 50


def test_pairs_without_a_comparison_are_counted_by_reason():
    """A row would look unseen where its counts never compare."""
    tally = _folded([counted(1, none="other_model"), counted(2)])
    assert tally.rows[ROW].none == {"other_model": 1}
    assert tally.rows[ROW].compared == 1
