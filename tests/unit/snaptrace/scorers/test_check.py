"""The contract suite for authors finds each broken promise, and no other."""

import json
import os
from pathlib import Path

import pytest

from snaptrace.cli import main
from snaptrace.scorers import cases
from snaptrace.scorers.check import check
from snaptrace.scorers.remote import RemoteScorer, ScorerFailedError


@pytest.fixture(autouse=True)
def found_by_processes(monkeypatch):
    """Have confined processes find the tests' scorers."""
    path = os.pathsep.join((str(Path(__file__).parents[3]), str(Path.cwd())))
    monkeypatch.setenv("PYTHONPATH", path)


def made(name):
    """Return a maker of one scorer's processes."""
    return lambda: RemoteScorer(f"fakes.own_scorers:{name}", timeout_seconds=20)


@pytest.mark.parametrize("name", ["WordShare", "Awaited"])
def test_a_scorer_that_keeps_its_promises_passes(name):
    """Authors would be told to mend what is right."""
    report = check(made(name), cases.shipped())
    assert report.findings == ()
    assert report.cases == 8  # all but the one whose recording has no words
    assert (report.name, report.version) == ("word_share", "1")


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("Random", "deterministic"),
        ("OfProcess", "deterministic"),
        ("TooMuch", "monotone"),
        ("Generous", "useless_is_zero"),
        ("Backwards", "monotone"),
        ("Partisan", "blind_to_the_arm"),
        ("Fragile", "hostile_input"),
        ("Slow", "bounded_time"),
        ("Learning", "applies_stays"),
    ],
)
def test_each_broken_promise_is_found(name, broken):
    """A verdict would rest on a rule that is none."""
    report = check(made(name), cases.shipped())
    assert broken in {each.check for each in report.findings}


@pytest.mark.parametrize("name", ["Nameless", "exits", "missing"])
def test_what_is_no_scorer_is_refused_with_a_reason(name):
    """An author would look for a fault in the cases."""
    with pytest.raises(ScorerFailedError, match=r"name|loaded"):
        check(made(name), cases.shipped())


def test_an_authors_right_and_wrong_answers_count(tmp_path):
    """A scorer that cannot tell its own examples apart would pass."""
    row = {"question": "How much?", "recorded": "412 EUR", "right": ["EUR 412"]}
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({**row, "wrong": ["413 EUR"]}) + "\n")
    assert check(made("WordShare"), cases.of_file(file)).findings == ()
    file.write_text(json.dumps({**row, "wrong": ["412 EUR!", "412 EUR"]}) + "\n")
    report = check(made("WordShare"), cases.of_file(file))
    assert [each.check for each in report.findings] == ["discerning"]


def test_the_written_template_keeps_the_contract(tmp_path, monkeypatch, capsys):
    """The first thing that an author gets would fail its own check."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(Path.cwd()))))
    assert main(["scorer", "new", "my_words", "--folder", str(tmp_path)]) == 0
    assert main(["scorer", "check", "my_words_scorer:my_words"]) == 0
    assert "my_words 1: 9 of 9 checks kept on 8 cases" in capsys.readouterr().out
    assert main(["scorer", "new", "my_words", "--folder", str(tmp_path)]) == 2
    assert main(["scorer", "new", "../x", "--folder", str(tmp_path)]) == 2


def test_exit_codes_tell_a_pipeline(capsys):
    """A pipeline would publish a scorer that breaks its contract."""
    assert main(["scorer", "check", "fakes.own_scorers:Backwards"]) == 1
    assert main(["scorer", "check", "fakes.own_scorers:Backwards", "--diagnostic"]) == 0
    assert main(["scorer", "check", "fakes.own_scorers:missing"]) == 2
    capsys.readouterr()
