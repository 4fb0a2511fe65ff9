"""The faults of a canary: each hurts what it should, and nothing else."""

import random

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from snaptrace.demo.pictures import draw
from snaptrace.demo.text_model import FactFinder
from snaptrace.demo.traffic import Customers


def row_share(reader, pictures):
    """Share of rows that are read without a mistake."""
    right = total = 0
    for index, picture in enumerate(pictures):
        read = set(reader.read(picture.png, np.random.default_rng(index)).splitlines())
        truth = {f"{label}: {number}" for label, number in picture.rows}
        right += len(truth & read)
        total += len(truth)
    return right / total


@pytest.mark.slow
def test_a_capped_picture_is_misread_and_a_full_one_is_not():
    """The image demo would show nothing, or production itself would be wrong."""
    model = pytest.importorskip("snaptrace.demo.image_model")
    pytest.importorskip("rapidocr_onnxruntime")
    rng = random.Random(4)
    pictures = [draw(rng) for _ in range(16)]
    assert row_share(model.ChartReader("full"), pictures) >= 0.96
    assert row_share(model.ChartReader("capped"), pictures) <= 0.75


@pytest.mark.slow
def test_a_narrow_front_end_fails_accented_voices_only():
    """The audio demo would show a loss for everyone, or for nobody."""
    model = pytest.importorskip("snaptrace.demo.speech_model")
    pytest.importorskip("pocketsphinx")
    voices = pytest.importorskip("snaptrace.demo.voices")
    recordings, rng = voices.Recordings(), random.Random(4)
    heard = [recordings.pick(rng) for _ in range(100)]
    wrong = {}
    for front_end in ("wideband", "narrowband"):
        recogniser = model.CommandRecogniser(front_end)
        for plain in (True, False):
            group = [it for it in heard if (it.accent == "en-US") == plain]
            assert len(group) >= 30
            answers = [
                recogniser.recognise(it.wave, np.random.default_rng(index))
                for index, it in enumerate(group)
            ]
            said = [it.words.split() for it in group]
            pairs = zip(said, answers, strict=True)
            errors = sum(Levenshtein.distance(a, b.split()) for a, b in pairs)
            wrong[front_end, plain] = errors / sum(map(len, said))
    assert wrong["wideband", True] <= 0.01
    assert wrong["wideband", False] <= 0.05
    assert wrong["narrowband", True] <= 0.02
    assert wrong["narrowband", False] >= wrong["wideband", False] + 0.12


def test_the_order_of_calls_does_not_change_what_is_heard():
    """One speaker's means would leak into the next one's answer."""
    model = pytest.importorskip("snaptrace.demo.speech_model")
    pytest.importorskip("pocketsphinx")
    voices = pytest.importorskip("snaptrace.demo.voices")
    recordings, rng = voices.Recordings(), random.Random(9)
    heard = [recordings.pick(rng).wave for _ in range(8)]
    recogniser = model.CommandRecogniser("narrowband")
    forth = [recogniser.recognise(it, np.random.default_rng(1)) for it in heard]
    back = [recogniser.recognise(it, np.random.default_rng(1)) for it in heard[::-1]]
    assert forth == back[::-1]


def test_a_short_memory_costs_a_share_of_the_answers():
    """The text demo would show nothing, or a model that is wrong about everything."""
    customers = Customers(("text",), random.Random(4))
    full, short = FactFinder("full"), FactFinder("forgetful")
    rng = random.Random(5)

    def fact(finder, question):
        return finder.answer(question, rng).rpartition(": ")[2]

    asked = [customers.next_call().messages[-1]["content"] for _ in range(200)]
    again = sum(fact(full, it) == fact(full, it) for it in asked)
    kept = sum(fact(full, it) == fact(short, it) for it in asked)
    assert again >= 185
    assert 90 <= kept <= 160
