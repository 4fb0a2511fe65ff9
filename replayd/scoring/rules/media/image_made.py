"""Generated images: decodable, of the size asked for, not blank, like the recorded."""

import math
from importlib.util import find_spec
from typing import Any, Final

from replayd.decoding.client import measures_of
from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.usability import usable
from snaptrace.snapshot.model import Json

_LEAST_SPREAD: Final = 0.02  # of luminance; a blank sheet has none
# Distance of two images to one prompt, of one model: what is not held against any.
_SPREAD: Final = 0.25
_OTHER: Final = 0.6  # at which they have nothing in common
_FORMATS: Final = {"jpg": "jpeg"}


class ImageMade:
    """Errors in what was asked for; else likeness to the recorded image.

    Both arms are held against the same recording, so that the spread of the control's
    own images is in its scores as much as in the canary's.
    """

    name = "image_made"

    def applies(self, case: ScoringCase) -> bool:
        """Where images come as bytes; one that comes as an address is not fetched."""
        if case.snapshot.operation != "image_generation" or not find_spec("PIL"):
            return False
        body = _body(case)
        as_bytes = body.get("response_format") == "b64_json"
        model = case.snapshot.request.model.startswith("gpt-image")
        return as_bytes or model or bool(case.recorded.blobs)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return the value of the worst image; too few of them are errors."""
        if not said.blobs:
            if any(medium.state == "external" for medium in said.answer.media):
                return Score(None, "an address in place of an image")
            return Score(0.0, "no image")
        wanted = _count(_body(case).get("n"))
        found = [_judged(case, data) for data in said.blobs.values()]
        if len(found) < wanted:
            missing = wanted - len(found)
            return Score(
                usable(missing, wanted), f"{missing} of {wanted} images missing"
            )
        return min(found, key=lambda score: score.value or 0.0)


def _judged(case: ScoringCase, data: bytes) -> Score:
    made = measures_of("picture", data)
    if not made:
        return Score(0.0, "cannot be decoded")
    if made["spread"] < _LEAST_SPREAD and not _is_blank(case):
        return Score(0.0, "blank")
    wrong = _not_as_asked(_body(case), made)
    if wrong:
        return Score(usable(len(wrong), 3), ", ".join(wrong))
    recorded = next(iter(case.recorded.blobs.values()), b"")
    before = measures_of("picture", recorded)
    if not before:
        return Score(1.0)
    distance = distance_of(made, before)
    value = 1.0 - max(0.0, distance - _SPREAD) / (_OTHER - _SPREAD)
    return Score(max(value, 0.0), f"distance {distance:.2f} from the recorded")


def _is_blank(case: ScoringCase) -> bool:
    recorded = next(iter(case.recorded.blobs.values()), b"")
    before = measures_of("picture", recorded)
    return bool(before) and before["spread"] < _LEAST_SPREAD


def distance_of(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return 0 for the same colours in the same places and as much detail, to 1."""
    pairs = list(zip(one["layout"], other["layout"], strict=True))
    colour = math.sqrt(sum((a - b) ** 2 for a, b in pairs) / len(pairs))
    detail = abs(math.log((one["detail"] + 0.005) / (other["detail"] + 0.005)))
    return min(1.0, 1.5 * colour + 0.15 * detail)


def _not_as_asked(body: dict[str, Json], made: dict[str, Any]) -> list[str]:
    wrong = []
    size = str(body.get("size") or "").split("x")
    if len(size) == 2 and size != [str(made["width"]), str(made["height"])]:
        wrong.append(f"{made['width']}x{made['height']}, not {'x'.join(size)}")
    asked = str(body.get("output_format") or "")
    if asked and _FORMATS.get(asked, asked) != made["format"]:
        wrong.append(f"{made['format']}, not {asked}")
    return wrong


def _count(value: Json) -> int:
    return value if isinstance(value, int) and 1 <= value <= 16 else 1


def _body(case: ScoringCase) -> dict[str, Json]:
    body = case.snapshot.request.body
    return body if isinstance(body, dict) else {}
