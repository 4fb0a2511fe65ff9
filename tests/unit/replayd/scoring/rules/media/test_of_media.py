"""Pairs of answers that are no text: vectors, pictures, speech."""

import json

import pytest
from fakes.judged_epoch import AT_NS, planned_of
from fakes.pictures import encoded, named_media
from fakes.scoring_cases import answer_of, case_of
from fakes.stored_calls import text_call
from msgspec.structs import replace
from PIL import Image

from replayd.model import ArmAnswer, PairAnswers
from replayd.scoring.contract import Said
from replayd.scoring.pair import judge
from replayd.scoring.redaction import AnswerRedactor, RedactionSettings
from replayd.scoring.rules.media.speech_made import SpeechMade
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.snapshot.model import Answer, Media, Request

CALL = text_call(7, at_ns=AT_NS)
NEAR = [[0.2, 0.9, 0.1], [0.7, 0.1, 0.2], [0.1, 0.1, 0.9]]
OTHER = [[0.9, -0.2, 0.1], [0.1, 0.7, 0.2], [0.3, 0.9, -0.5]]


def vectors(rows):
    """Return an arm's embeddings."""
    return ArmAnswer(outcome="answered", answer=answer_of(json.dumps(rows)))


def made(data, kind="image"):
    """Return an arm's generated medium."""
    medium = Media(kind=kind, mime="", state="inline", size_bytes=len(data))
    answer = Answer(media=(medium,))
    return ArmAnswer(outcome="answered", answer=answer, blobs={0: data})


async def judged(case, canary, control, second=None):
    """Judge one pair."""
    answers = PairAnswers(
        number=0,
        snapshot_id="s",
        canary=canary,
        control=control,
        second_control=second,
    )
    return await judge(planned_of(0, CALL, "s", 0), case, answers, committed_at_ns=1)


def unrecorded(operation, body=None):
    """Return a case whose answer the telemetry did not carry."""
    request = Request(api="", model="m", body=body or {})
    recorded = Answer(observed=False)
    return case_of(recorded, operation=operation, request=request)


async def test_without_recorded_vectors_the_control_is_the_measure():
    """A canary of other vectors would pass: it agrees with itself."""
    case = unrecorded("embeddings")
    found = (await judged(case, vectors(OTHER), vectors(NEAR))).streams["quality"]
    assert (found.scorer, found.control) == ("vectors_near", 1.0)
    assert found.canary < 0.5
    same = (await judged(case, vectors(NEAR), vectors(NEAR))).streams["quality"]
    assert (same.canary, same.control) == (1.0, 1.0)


async def test_a_control_that_differs_from_itself_is_measured_by_its_second_call():
    """Noise of the control would be the canary's fault."""
    case = unrecorded("embeddings")
    pair = (vectors(OTHER), vectors(NEAR), vectors(OTHER))
    found = (await judged(case, *pair)).streams["quality"]
    assert found.control < 0.5
    assert found.second_control == found.control


async def test_another_dimension_is_useless():
    """An index would fail at the first query."""
    short = [row[:2] for row in NEAR]
    case = unrecorded("embeddings")
    found = (await judged(case, vectors(short), vectors(NEAR))).streams["quality"]
    assert (found.canary, found.reason) == (0.0, "2 dimensions, not 3")


async def test_images_of_equal_size_in_bytes_are_not_taken_for_the_same():
    """A broken image would get the other arm's score."""
    good = encoded(Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50))
    body = {"response_format": "b64_json"}
    case = unrecorded("image_generation", body)
    found = (await judged(case, made(b"\0" * len(good)), made(good))).streams["quality"]
    assert (found.canary, found.control) == (0.0, 1.0)
    assert "invariants" not in (await judged(case, made(good), made(good))).streams


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The library opens at ten on Saturdays, and closes at half past four.", False),
        ("No.", False),
        ("A long story. " * 60, True),
    ],
)
async def test_without_a_recording_speech_is_as_long_as_its_text(text, wrong):
    """Speech that breaks off after a sentence would pass."""
    case = unrecorded("speech", {"input": text, "response_format": "wav"})
    said = Said(Answer(), {0: named_media()["speech"]})
    assert ((await SpeechMade().score(case, said)).value < 1.0) is wrong


async def test_headerless_pcm_is_speech():
    """A format of the API would count as broken."""
    case = unrecorded("speech", {"input": "", "response_format": "pcm"})
    said = Said(Answer(), {0: named_media()["speech"][44:]})
    assert (await SpeechMade().score(case, said)).value == 1.0


def test_vectors_are_not_redacted_as_if_they_were_numbers_of_cards():
    """A pair of embeddings would be broken by its own redaction."""
    key = FleetKey(b"k" * 32).handed_over()
    redactor = AnswerRedactor(RedactionSettings(RedactConfig(), key))
    arm = vectors([[4111111111111111.0, 0.4111111111111111]])
    pair = PairAnswers(number=0, snapshot_id="s", canary=arm)
    kept = redactor.redacted(pair, are_vectors=True)
    assert kept.canary.answer.text == arm.answer.text
    prose = replace(arm, answer=answer_of("Mail ann@example.com"))
    pair = PairAnswers(number=0, snapshot_id="s", canary=prose)
    assert "ann@" not in redactor.redacted(pair, are_vectors=True).canary.answer.text
