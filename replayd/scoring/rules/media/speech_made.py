"""Generated speech: decodable, audible, as long as its text takes, not clipped."""

import math
from importlib.util import find_spec
from typing import Any, Final

from replayd.decoding.client import measures_of
from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.usability import usable
from snaptrace.snapshot.model import Json

_SILENT_DB: Final = -55.0
_LOUDER_DB: Final = 12.0  # from the recording: too loud or too faint
_MOST_CLIPPED: Final = 0.01
_LETTERS_A_SECOND: Final = 14.0  # of speech, in alphabets; voices vary by a half
_OWN_SPREAD: Final = 1.35  # ratio of lengths that one voice has from call to call
_FROM_TEXT: Final = 2.2  # ratio to the estimate by letters that says nothing
_WIDE_FROM: Final = 0x2E80  # letters from here on are syllables or words
_WIDE_LETTERS: Final = 3.0
_UNDECODED: Final = frozenset({"wav", "pcm"})  # formats that need no library


class SpeechMade:
    """Errors in length, loudness and clipping; the words are not heard here."""

    name = "speech_made"

    def applies(self, case: ScoringCase) -> bool:
        """Where the format asked for can be decoded here."""
        if case.snapshot.operation != "speech":
            return False
        asked = _body(case).get("response_format") or "mp3"
        return asked in _UNDECODED or find_spec("soundfile") is not None

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return the share of what a listener needs that is there."""
        made = _measured(case, said)
        if not made:
            return Score(0.0, "no sound that can be decoded")
        if made["loudness_db"] < _SILENT_DB or made["seconds"] < 0.1:
            return Score(0.0, "silent")
        before = _measured(case, case.recorded)
        wrong = _length(case, made, before) + _loudness(made, before)
        if made["clipped"] > max(_MOST_CLIPPED, 2 * before.get("clipped", 0.0)):
            wrong.append("clipped")
        return Score(usable(len(wrong), 3), ", ".join(wrong))


def _measured(case: ScoringCase, said: Said) -> dict[str, Any]:
    data = next(iter(said.blobs.values()), b"")
    raw = _body(case).get("response_format") == "pcm" and not data.startswith(b"RIFF")
    return measures_of("speech_pcm" if raw else "speech", data)


def _length(
    case: ScoringCase, made: dict[str, Any], before: dict[str, Any]
) -> list[str]:
    """Compare with the recording, else with what the text takes to say."""
    if before:
        expected, most = before["seconds"], _OWN_SPREAD
    else:
        text = str(_body(case).get("input") or "")
        letters = sum(
            _WIDE_LETTERS if ord(letter) >= _WIDE_FROM else 1.0 for letter in text
        )
        speed = _body(case).get("speed")
        factor = float(speed) if isinstance(speed, int | float) and speed > 0 else 1.0
        expected, most = letters / _LETTERS_A_SECOND / factor, _FROM_TEXT
    if expected < 0.5:
        return []
    ratio = made["seconds"] / expected
    if abs(math.log(max(ratio, 1e-6))) <= math.log(most):
        return []
    return [f"{made['seconds']:.1f} s, expected {expected:.1f}"]


def _loudness(made: dict[str, Any], before: dict[str, Any]) -> list[str]:
    if not before:
        return []
    change = made["loudness_db"] - before["loudness_db"]
    return [f"{change:+.0f} dB"] if abs(change) > _LOUDER_DB else []


def _body(case: ScoringCase) -> dict[str, Json]:
    body = case.snapshot.request.body
    return body if isinstance(body, dict) else {}
