"""Pairs found by what people ask for, and the course of a stream."""

import numpy as np
import pytest
from fakes.pair_results import START, epoch_of, result_of, score

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.model import ArmOutcome
from replayd.results.evidence_trail import MOST_POINTS, EvidenceTrail
from replayd.results.pair_filter import FilterError, find, parse
from replayd.results.pair_index import PairIndex
from replayd.stats import StreamSettings


def indexed(*results):
    """Return an index of results, numbered in order."""
    index = PairIndex()
    index.add(results)
    return index


def found(index, **query):
    """Return the numbers that meet a filter, in its order."""
    return [int(number) for number in find(index, parse(query))]


PAIRS = indexed(
    result_of(0, 1.0, modality="text", service="shop", task="prose"),
    result_of(1, 0.5, modality="image", slices=("chart",), task="table"),
    result_of(2, 0.0, modality="image", lane="slice:chart", route="07"),
    result_of(3, 1.0, 0.5, modality="image", attributes={"tenant": "acme"}),
    result_of(4, excluded="unscorable_redacted", streams={}, modality="image"),
    result_of(
        5,
        streams={"answered": score(0.0, scorer="answered", reason="timeout")},
        canary=ArmOutcome(outcome="timeout"),
        diagnostics={"word_errors": score(0.2, 0.9, scorer="word_errors")},
    ),
)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [2, 5, 1, 0, 3, 4]),
        ({"order": "newest"}, [5, 4, 3, 2, 1, 0]),
        ({"order": "best"}, [3, 0, 1, 2, 5, 4]),
        ({"modality": "image", "change": "worse"}, [2, 1]),
        ({"change": "better"}, [3]),
        ({"change": "different", "stream": "quality"}, [2, 1, 3]),
        ({"change": "unscored"}, []),
        ({"excluded": "any"}, [4]),
        ({"slice": "chart"}, [2, 1]),
        ({"slice": "service=shop"}, [0]),
        ({"slice": "tenant=acme"}, [3]),
        ({"slice": "scorer=key_facts", "change": "worse"}, [2, 1]),
        ({"task": "table"}, [1]),
        ({"outcome": "timeout"}, [5]),
        ({"scorer": "word_errors", "change": "worse"}, [5]),
        ({"stream": "answered", "change": "worse"}, [5]),
        ({"since": str(START // 10**9 + 4)}, [5, 4]),
        ({"until": str((START // 10**9 + 1) * 1000)}, [0]),
        ({"text": "ACME"}, [3]),
        ({"text": "image table"}, [1]),
        ({"text": f"{2:032x}"[:31]}, [2, 5, 1, 0, 3, 4]),
        ({"text": f"{2:032x}"}, [2]),
        ({"modality": "smell"}, []),
        ({"page": "2", "nonsense": "x"}, [2, 5, 1, 0, 3, 4]),
    ],
)
def test_what_is_asked_for_is_found(query, numbers):
    """An alert's link would show other pairs than the alert speaks of."""
    assert found(PAIRS, **query) == numbers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("change", "sideways"),
        ("order", "random"),
        ("stream", "smell"),
        ("since", "yesterday"),
        ("since", "²"),
        ("text", "x" * 201),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(field, value):
    """A typing error would silently list every pair."""
    with pytest.raises(FilterError) as caught:
        parse({field: value})
    assert caught.value.field == field


def test_an_address_holds_the_filter_it_came_from():
    """Paging and sharing a link would lose the filter."""
    query = {"modality": "image", "change": "worse", "since": "12", "order": "newest"}
    assert parse(query).asked == query
    assert parse(parse(query).asked) == parse(query)
    assert parse({"order": "worst"}).asked == {}


def test_a_row_says_what_its_result_says():
    """The list would contradict the pair."""
    row = PAIRS.row(2)
    assert (row.stream, row.difference, row.scorer) == ("quality", -1.0, "key_facts")
    assert (row.canary_score, row.control_score) == (0.0, 1.0)
    assert (row.modality, row.lane, row.route) == ("image", "slice:chart", "07")
    assert PAIRS.row(4).difference is None
    assert PAIRS.row(4).excluded == "unscorable_redacted"


def test_results_are_taken_once_and_in_order():
    """A pair read twice would shift every number behind it."""
    index = indexed(result_of(0), result_of(1))
    index.add([result_of(1), result_of(3), result_of(2)])
    assert len(index) == 3
    assert [index.row(n).snapshot_id for n in range(3)] == [
        f"{n:032x}" for n in range(3)
    ]


def test_more_rows_than_a_column_began_with():
    """A growing column would lose what it held."""
    index = indexed(*(result_of(n, (n % 10) / 10) for n in range(3_000)))
    rows = find(index, parse({"change": "worse"}))
    assert len(rows) == 3_000
    assert float(index.streams["quality"].canary.values[2_999]) == 0.9
    assert index.modality.counts(np.ones(3_000, np.bool_)) == {"text": 3_000}


def _board_and_trail(results):
    epoch = epoch_of("text")
    board = Scoreboard(epoch, BoardSettings())
    for result in results:
        board.fold(result)
    verdict = board.verdict("text", "quality")
    settings = StreamSettings(
        stream="quality",
        margin=verdict.margin,
        alpha_regression=verdict.alpha_regression,
        alpha_pass=verdict.alpha_pass,
        eps=verdict.eps,
    )
    trail = EvidenceTrail(settings)
    trail.add(
        (r.number, r.streams["quality"].canary - r.streams["quality"].control)
        for r in results
    )
    return verdict, trail


def test_the_course_ends_at_the_verdict_that_is_shown():
    """The plot would end elsewhere than the numbers beside it."""
    results = [result_of(n, 0.0 if n % 4 == 0 else 1.0) for n in range(300)]
    verdict, trail = _board_and_trail(results)
    last = trail.points[-1]
    assert last.replays == verdict.replays == 300
    assert last.difference == verdict.difference
    assert (last.low, last.high) == (verdict.interval.low, verdict.interval.high)
    assert last.word == verdict.word == "regressed"


def test_a_long_course_keeps_few_looks_in_order():
    """Every page would carry as many points as there are replays."""
    _, trail = _board_and_trail([result_of(n) for n in range(1_000)])
    replays = [point.replays for point in trail.points]
    assert len(replays) <= MOST_POINTS + 1
    assert replays == sorted(set(replays))
    assert replays[-1] == 1_000


def test_a_course_ignores_what_it_has_seen():
    """Reading results twice would count them twice."""
    _, trail = _board_and_trail([result_of(n) for n in range(5)])
    trail.add([(n, 0.0) for n in range(5)])
    assert trail.points[-1].replays == 5
