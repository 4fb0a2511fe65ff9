"""Undoing escapes: what is found, where it stood, and what hostile texts may cost."""

import re

import pytest
from fakes.filled_store import KEY

from snaptrace.redact.config import RedactConfig
from snaptrace.redact.text.normalise import plainest
from snaptrace.redact.text.pseudonyms import Pseudonyms
from snaptrace.redact.text.redactor import TextRedactor

# What each search steps over sign by sign, and whether a long run of it says anything.
RUNS = {
    "backslashes": "\\",
    "backslashes before a letter": "\\\\q",
    "stray bytes": "%AB",
    "half signs": "%E2%82",
    "bytes, then a sign": "%AB%40",
    "halves of a pair": "\\ud83d",
    "escapes of escapes": "%255C",
    "ampersands": "&",
    "entities without an end": "&amp",
    "pluses": "a+",
    "digits and dashes": "12-",
    "open brackets": "(0",
    "a name for every number": "phone 12-",
    "names and no number": "phone: ",
    "keys without a value": "key:",
    "addresses": "1.2.3.4 ",
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("length", [1_000, 30_000, 300_000])
def test_the_cost_of_a_run_grows_with_its_length(run, length):
    """One prompt would stop sampling: the longest took hours, against a test's limit.

    The limit is the one that every test has.
    """
    text = (RUNS[run] * length)[:length]
    redactor = TextRedactor(RedactConfig(), Pseudonyms(KEY))
    view = plainest(text)
    assert view is None or view.starts[-1] == length
    assert isinstance(redactor.redact(text)[0], str)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a%AB%40b", "a%AB@b"),
        ("%E2%82%40", "%E2%82@"),
        ("%E2%82%AC", "\u20ac"),
        ("\\\\\\q\\n", "\\\\\\q\n"),
        ("\\\\u0040", "@"),
        ("\\ud83d\\u0040", "\\ud83d@"),
    ],
)
def test_what_says_nothing_stays_and_what_follows_is_read(text, plain):
    """A value behind one stray byte would be stored as it is."""
    assert plainest(text).text == plain


@pytest.mark.parametrize("text", ["\\" * 9, "%AB%AC", "\\q", "%E2%82", "&zzz;"])
def test_a_text_without_escapes_has_no_other_reading(text):
    """Every odd text would be looked through twice."""
    assert plainest(text) is None


def test_places_are_those_of_the_text_that_was_read():
    """The wrong stretch would be replaced, and the value stay."""
    text = "x%AB%40y \\\\\\u0040z &amp; %E2%82%AC."
    view = plainest(text)
    assert len(view.starts) == len(view.text) + 1
    assert text[view.starts[view.text.index("y")]] == "y"
    assert text[view.starts[view.text.index("z")]] == "z"
    assert text[view.starts[-2]] == "."


NAMED = re.compile(r"(?i)phone|ssn")


@pytest.mark.parametrize(
    "text",
    [
        "row 12-34-56-78-90 " * 40 + "phone 030 1234567",
        "phone: 030 1234567 " + "12-34-56-78-90 " * 40,
        "12-34 " * 30 + "my ssn is 536904399, phone me at 030 1234567",
    ],
)
def test_a_number_is_found_by_its_name_among_many_others(text):
    """The search goes from name to name, and would pass over a number."""
    assert NAMED.search(text)
    redactor = TextRedactor(RedactConfig(), Pseudonyms(KEY))
    kept = redactor.redact(text)[0]
    assert "030 1234567" not in kept
    assert "536904399" not in kept
