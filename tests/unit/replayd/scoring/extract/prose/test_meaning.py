"""A sentence embedding model that the operator provides, and its absence."""

import asyncio
import logging
from pathlib import Path

import pytest
from fakes.stored_calls import text_call

from replayd.scoring.contract import Said
from replayd.scoring.extract.prose import meaning
from replayd.scoring.recorded import scoring_case
from replayd.scoring.rules import claims
from snaptrace.snapshot.model import Answer

# A bag of words: those of one calibration sentence share a vector with its rewording.
MODEL = Path("tests/golden/prose_model")


@pytest.fixture
def unloaded():
    """Leave no model behind for other tests."""
    yield
    meaning.load("")


def test_a_folder_without_a_model_is_named(tmp_path, caplog, unloaded):
    """If it failed, prose would silently be judged by rules alone."""
    with caplog.at_level(logging.WARNING):
        assert not meaning.load(str(tmp_path))
    assert "prose is judged without a model" in caplog.text
    assert meaning.missing(str(tmp_path))
    assert meaning.likeness("one", "two") is None


def test_no_folder_is_no_fault(caplog, unloaded):
    """If it failed, everybody without a model would be warned at every start."""
    with caplog.at_level(logging.WARNING):
        assert not meaning.load("")
    assert not caplog.text


def test_a_model_is_calibrated_on_the_sentences_that_ship(unloaded):
    """If it failed, no likeness would say where rewording ends."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    assert meaning.load(str(MODEL))
    assert meaning.is_loaded()
    said = "The shop is closed on Sundays, but you can order online at any time."
    again = (
        "On Sundays the store doesn't open; orders over the internet are always"
        " possible."
    )
    other = "A woman in a yellow coat walks a small dog along the beach."
    assert meaning.likeness(said, again).is_alike
    assert meaning.likeness(said, other).is_other


def test_a_file_that_is_no_model_is_refused_and_said(tmp_path, caplog, unloaded):
    """If it failed, a broken download would stop the judging process."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"not a model")
    with caplog.at_level(logging.WARNING):
        assert not meaning.load(str(tmp_path))
    assert "prose is judged without a model" in caplog.text


@pytest.mark.parametrize(("value", "expected"), [(0.95, 1.0), (0.8, 0.3), (0.91, None)])
def test_likeness_decides_only_what_no_rule_decided(monkeypatch, value, expected):
    """If it failed, a model that knows no negation would overrule those that do."""
    recorded = "The ferry is late because of strong wind on the lake."
    case = scoring_case(text_call(7, at_ns=1, answer=recorded))
    reworded = Said(Answer(text="Gusts out on the water have held up the boat again."))
    turned = Said(Answer(text=recorded.replace("is late", "is not late")))
    rule = claims.Claims()

    def score(said):
        return asyncio.run(rule.score(case, said)).value

    alone = score(reworded)
    monkeypatch.setattr(
        claims, "likeness", lambda *_: meaning.Likeness(value, alike=0.93, unlike=0.9)
    )
    assert score(reworded) == (alone if expected is None else expected)
    assert score(turned) == claims.OPPOSITE


def test_a_packaged_model_that_is_not_installed_is_said(caplog, monkeypatch, unloaded):
    """If it failed, prose would silently be judged by rules alone."""
    monkeypatch.setattr(meaning, "PACKAGE", "no_such_module")
    with caplog.at_level(logging.WARNING):
        assert not meaning.load(meaning.PACKAGED)
    assert "prose is judged without a model" in caplog.text
    assert "prose-vectors" in meaning.missing(meaning.PACKAGED)


def test_a_packaged_model_tells_rewording_from_another_statement(unloaded):
    """If it failed, the extra would be installed and of no use."""
    pytest.importorskip(meaning.PACKAGE)
    assert meaning.load(meaning.PACKAGED)
    said = "The water must be warm before you add the yeast."
    again = "Warm up the water first; the yeast goes in after that."
    assert meaning.likeness(said, again).is_alike
    assert meaning.likeness(said, "Our office is closed on Friday.").is_other
