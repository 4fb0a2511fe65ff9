"""The fuzz target itself: it feeds, and it would notice."""

import pytest
from fuzz import recognition


def test_a_moment_of_fuzzing_finds_nothing(tmp_path):
    """A damaged export would end the sampling process."""
    assert recognition.run(3.0, 7, tmp_path / "failure") > 100


def test_a_defect_would_be_found_and_its_input_kept(tmp_path, monkeypatch):
    """The target would run for hours and see nothing."""

    def broken(_self, _request):
        raise ZeroDivisionError

    monkeypatch.setattr(recognition.Recogniser, "feed", broken)
    with pytest.raises(ZeroDivisionError):
        recognition.run(3.0, 7, tmp_path / "failure")
    assert (tmp_path / "failure").read_bytes()
