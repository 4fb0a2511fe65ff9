"""Every verdict in a sentence."""

from typing import get_args

import pytest
from fakes.gate_verdicts import verdicts_of
from msgspec.structs import replace

from replayd.http.page.sentences import _BY_REASON, _BY_VERDICT, sentence
from replayd.stats import ModalityWord
from replayd.verdicts.views import Why

SHOWN = verdicts_of(worse=0.1, pairs=30).canaries["canary"].modalities["text"]


def test_every_word_has_a_sentence():
    """A verdict would take the page down."""
    assert set(_BY_REASON) == set(get_args(Why)) - {""}
    assert set(_BY_VERDICT) == set(get_args(ModalityWord))


@pytest.mark.parametrize("reason", [why for why in get_args(Why) if why])
def test_a_reason_is_explained(reason):
    """A reader would have to know our words."""
    shown = replace(SHOWN, reason=reason)
    assert sentence(shown).endswith(".")
    assert "None" not in sentence(shown)


@pytest.mark.parametrize("word", get_args(ModalityWord))
def test_a_verdict_is_explained(word):
    """A reader would see a colour and a word."""
    assert sentence(replace(SHOWN, verdict=word)).endswith(".")
