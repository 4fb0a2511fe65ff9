"""Evidence that speaks for what was not recorded itself, and where it does not."""

import pytest

from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.table import Evidence, Reading

TEXT = "messages:user/text"
IMAGE = "messages:user/image_url"


def _row(**fields):
    known = {
        "scope": "s", "version": "1.4.0", "operation": "chat", "api": "openai_chat",
        "source": "parts", "requests": 20, "exact": 20, "carried": (TEXT,),
    }  # fmt: skip
    return Row(**known | fields)


def _table(*rows, dialect="d"):
    return DialectEvidence(dialect=dialect, rows=rows)


def _reading(**fields):
    own = Reading("d", "s", "1.4.0", "chat", "openai_chat", "parts")
    return own._replace(**fields)


def _doubts(tables, reading, features=(TEXT,)):
    return Evidence(tables).judge(reading, frozenset(features)).doubts


@pytest.mark.parametrize(
    ("fields", "doubts"),
    [
        ({"version": "1.4.7"}, ()),
        ({"version": "1.5.0"}, ("version_unrecorded",)),
        ({"version": "1.3.0"}, ("version_unrecorded",)),
        ({"api": "openai_responses"}, ("operation_unrecorded",)),
        ({"emitter": "another"}, ("operation_unrecorded",)),
    ],
)
def test_no_count_of_others_speaks_for_another_version_or_api(fields, doubts):
    """Libraries that moved or translated what they write would be believed."""
    rows = [_row(), _row(scope="t", api="openai_responses")]
    assert _doubts([_table(*rows)], _reading(**fields)) == doubts


def _many(*features, source="parts"):
    """Return three scopes of two dialects that carried the features."""
    told = [_row(scope=name, carried=features, source=source) for name in "tuv"]
    return [_table(*told[:2], dialect="e"), _table(told[2], dialect="f")]


@pytest.mark.parametrize(
    ("feature", "source", "doubts"),
    [
        ("top_p", "parts", ()),
        ("messages:system>user", "parts", ()),
        ("messages:developer/text", "parts", ()),
        (IMAGE, "body", ()),
        ("max_tokens", "parts", ("features_unrecorded",)),
        ("messages:user>user", "parts", ("features_unrecorded",)),
        (IMAGE, "parts", ("features_unrecorded",)),
    ],
)
def test_what_all_dialects_read_right_counts_for_one_more(feature, source, doubts):
    """Dropped media, lost turns or renamed fields would gate on others' word."""
    tables = [_table(_row(source=source)), *_many(feature, source=source)]
    assert _doubts(tables, _reading(source=source), (TEXT, feature)) == doubts


def test_two_dialects_are_fewer_than_three_scopes():
    """A single library's habit would count as the API's vocabulary."""
    tables = [_table(_row()), *_many("top_p")[:1]]
    assert _doubts(tables, _reading(), (TEXT, "top_p")) == ("features_unrecorded",)


def test_what_a_dialect_was_seen_to_get_wrong_stays_its_own():
    """The vocabulary would overrule a recording that came out wrong."""
    wrong = _row(scope="w", exact=0, silent=1, suspect=("top_p",))
    tables = [_table(_row(), wrong), *_many("top_p")]
    assert _doubts(tables, _reading(), (TEXT, "top_p")) == ("features_unrecorded",)


@pytest.mark.parametrize(
    ("scope", "doubts"),
    [
        ("openinference.instrumentation.agno", ()),
        ("openinference.instrumentation.langchain", ("features_unrecorded",)),
    ],
)
def test_a_framework_that_sends_one_text_has_joined_none(scope, doubts):
    """Every tool result would be doubted, or joined ones would gate."""
    result = "messages:tool/text"
    tables = [_table(_row(scope=scope, carried=(result,)))]
    assert _doubts(tables, _reading(scope=scope), (result,)) == doubts


@pytest.mark.parametrize("absence", ["messages:user/empty", "tools/none"])
def test_that_nothing_stands_there_is_the_scopes_own_to_show(absence):
    """An emitter that drops texts would be believed for prompts that were empty."""
    others = _many(absence, source="body")
    reading = _reading(source="body")
    mine = _row(source="body")
    doubts = _doubts([_table(mine), *others], reading, (TEXT, absence))
    assert doubts == ("features_unrecorded",)
    shown = _row(source="body", carried=(TEXT, absence))
    assert _doubts([_table(shown), *others], reading, (TEXT, absence)) == ()
