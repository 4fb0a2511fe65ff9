"""Evidence that speaks for what was not recorded itself, and where it does not."""

import pytest

from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.layout import layout, names_of
from collector.recognise.evidence.table import Evidence, Reading
from collector.recognise.record import Event, Record

NAMES = ("gen_ai.prompt.0.content", "gen_ai.prompt.1.content", "gen_ai.request.model")
TEXT = "messages:user/text"
IMAGE = "messages:user/image_url"


def _row(**fields):
    known = {
        "scope": "s", "version": "1.4.0", "operation": "chat", "api": "openai_chat",
        "source": "parts", "requests": 20, "exact": 20, "carried": (TEXT,),
    }  # fmt: skip
    return Row(**known | fields)


def _table(*rows, dialect="d"):
    layouts = {row.scope: tuple(layout(NAMES)) for row in rows}
    return DialectEvidence(dialect=dialect, rows=rows, layouts=layouts)


def _reading(**fields):
    own = Reading("d", "s", "1.4.0", "chat", "openai_chat", "parts")
    return own._replace(**fields)


def _doubts(tables, reading, features=(TEXT,), names=NAMES):
    return Evidence(tables).judge(reading, frozenset(features), names).doubts


@pytest.mark.parametrize(
    ("more", "doubts"),
    [
        ((), ()),
        (("gen_ai.prompt.17.content",), ()),
        (("gen_ai.completion.0.content", "llm.usage.total_tokens"), ()),
        (("gen_ai.input.messages",), ("version_unrecorded",)),
        (("x" * 1000,), ("version_unrecorded",)),
    ],
)
def test_another_version_is_believed_for_its_names(more, doubts):
    """Content that moved would be read as if it had never been sent."""
    reading = _reading(version="2.0.0")
    assert _doubts([_table(_row())], reading, names=(*NAMES, *more)) == doubts


def test_texts_that_another_version_keeps_apart_are_not_taken_for_granted():
    """One text of a tool would stand for two, since names do not show the joining."""
    apart = ("messages:tool/text", "messages:tool/texts")
    tables = [_table(_row(carried=apart))]
    assert _doubts(tables, _reading(), apart) == ()
    found = _doubts(tables, _reading(version="2.0.0"), apart[:1])
    assert found == ("features_unrecorded",)


_OTHER = _row(scope="t", api="openai_responses", carried=(TEXT,))


@pytest.mark.parametrize(
    ("own", "other", "doubts"),
    [
        ({}, {}, ()),
        ({"exact": 4}, {}, ("operation_unrecorded",)),
        ({"silent": 1}, {}, ("operation_unrecorded",)),
        ({"emitter": "another"}, {}, ("operation_unrecorded",)),
        ({}, {"exact": 9}, ("operation_unrecorded",)),
        ({}, {"source": "body"}, ("operation_unrecorded",)),
        ({}, {"carried": ()}, ("features_unrecorded",)),
    ],
)
def test_an_api_without_a_recording_needs_a_scope_and_a_reader_that_were_right(
    own, other, doubts
):
    """A framework that translates would be believed for an API it never showed."""
    rows = [_row(**own), _row(**{**_fields(_OTHER), **other})]
    assert _doubts([_table(*rows)], _reading(api="openai_responses")) == doubts


def _fields(row):
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_a_guessed_api_is_never_borne_out_by_others():
    """A wrong guess would gate because the guessed API is read well elsewhere."""
    reading = _reading(api="openai_responses", source="guess")
    rows = [
        _row(source="guess"),
        _row(scope="t", api="openai_responses", source="guess"),
    ]
    assert _doubts([_table(*rows)], reading) == ("operation_unrecorded",)


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


def test_names_of_events_and_bodies_count():
    """Content that moved into an event would pass for content that is where it was."""
    told = Record(
        kind="span", trace_id=b"t", span_id=b"s", name="chat", start_ns=0, end_ns=0,
        attributes={"gen_ai.system": "x"},
        events=(Event("gen_ai.user.message", {"content": "Hi"}),),
    )  # fmt: skip
    log = Record(
        kind="log", trace_id=b"t", span_id=b"s", name="gen_ai.user.message", start_ns=0,
        end_ns=0, attributes={}, body={"content": "Hi"},
    )  # fmt: skip
    assert layout(names_of(told)) == {"gen_ai.system", "gen_ai.user.message.content"}
    assert "gen_ai.user.message.content" in layout(names_of(log))
