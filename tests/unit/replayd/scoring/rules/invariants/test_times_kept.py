"""Times of a transcript: in order, complete, where they were."""

import asyncio
import json

import pytest

from replayd.scoring.contract import Said
from replayd.scoring.extract.cues import cues_of, spoken
from replayd.scoring.extract.transcripts import heard_words
from replayd.scoring.rules.invariants.times_kept import TimesKept
from tests.fakes.scoring_cases import answer_of, case_of

_SRT = """1
00:00:00,000 --> 00:00:02,400
Good morning and welcome.

2
00:00:02,400 --> 00:00:06,100
The meeting starts at ten in room four.

3
00:00:06,500 --> 00:00:09,000
Please do not park outside."""
_VTT = "WEBVTT\n\n" + _SRT.replace(",", ".").replace("1\n00", "00", 1)
_SEGMENTS = [{"start": c.start, "end": c.end, "text": c.text} for c in cues_of(_SRT)]
_LINES = """[00:00] Good morning and welcome.
[00:02] The meeting starts at ten in room four.
[00:06] Please do not park outside."""
_CUT = """1
00:00:00,000 --> 00:00:04,300
Good morning and welcome. The meeting starts

2
00:00:04,300 --> 00:00:09,100
at ten in room four. Please do not park outside."""


def _score(said: str, recorded: str = _SRT) -> tuple[float | None, str]:
    case = case_of(answer_of(recorded), operation="transcription", modality="audio")
    assert TimesKept().applies(case)
    found = asyncio.run(TimesKept().score(case, Said(answer_of(said))))
    return found.value, found.reason


def _moved(by: float) -> str:
    rows = [{**r, "start": r["start"] + by, "end": r["end"] + by} for r in _SEGMENTS]
    return json.dumps({"segments": rows})


@pytest.mark.parametrize(
    "text", [_SRT, _VTT, json.dumps({"text": "", "segments": _SEGMENTS}), _LINES]
)
def test_cues_are_read_from_every_form(text: str) -> None:
    """Times in one form would not be looked at."""
    cues = cues_of(text)
    assert [cue.text for cue in cues] == [r["text"] for r in _SEGMENTS]
    assert [int(cue.start) for cue in cues] == [0, 2, 6]


@pytest.mark.parametrize(
    "text",
    ["The meeting is at 10:30.", "1:0 for Basel", "", '{"start": 1}', "12:30 lunch"],
)
def test_a_text_without_cues_has_none(text: str) -> None:
    """A time of day would be taken for a place in the recording."""
    assert cues_of(text) == ()
    assert spoken(text) == text


def test_words_are_those_of_the_cues() -> None:
    """Numbers of cues would be heard as words."""
    assert heard_words(_SRT) == heard_words(_CUT) == heard_words(_LINES)


@pytest.mark.parametrize("said", [_SRT, _VTT, _CUT, _moved(0.4), json.dumps(_SEGMENTS)])
def test_other_forms_and_cuts_are_right(said: str) -> None:
    """A transcript cut otherwise would lose."""
    assert _score(said) == (1.0, "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (_moved(1.8), "shifted by 1.8 s"),
        (_moved(30.0), "past the end"),
        (_SRT.partition("\n\n3\n")[0], "nothing at 6.5 s"),
        (_SRT.replace("00:00:02,400 -->", "00:00:07,400 -->"), "out of order"),
        ("Good morning and welcome.", "no times"),
        ("", "empty"),
    ],
)
def test_faults_of_times_are_told(said: str, reason: str) -> None:
    """Subtitles at the wrong place would pass for their words."""
    value, told = _score(said)
    assert (value or 0.0) <= 0.5
    assert reason in told


def test_a_fault_that_was_recorded_is_none() -> None:
    """The recording itself would lose."""
    broken = json.dumps([dict(r) for r in reversed(_SEGMENTS)])
    assert _score(broken, broken) == (1.0, "")
