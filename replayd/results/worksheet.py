"""What a judge is given: discordant pairs, left and right, nobody's name on them.

One JSON line a pair. The judge answers with a line as `decisions.py` has it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from msgspec import Struct

from replayd.adjudication.decisions import Decisions, canary_is_left
from replayd.model import Epoch, PairResult
from replayd.results.history import History, Pair
from replayd.results.pair_view import Said, told, write_media


class Side(Struct, frozen=True, kw_only=True):
    """One answer; no model, no latency, nothing that tells whose it is."""

    text: str
    tool_calls: tuple[tuple[str, str], ...] = ()


class SheetLine(Struct, frozen=True, kw_only=True):
    """One pair to be decided."""

    epoch: str
    number: int
    modality: str
    question: str
    media: tuple[str, ...]
    left: Side
    right: Side


def is_discordant(result: PairResult) -> bool:
    """Whether the arms differ in quality, in traffic that feeds a verdict."""
    score = result.streams.get("quality")
    return (
        result.lane == "traffic"
        and not result.excluded
        and score is not None
        and score.canary is not None
        and score.control is not None
        and score.canary != score.control
    )


async def sheet(
    history: History,
    epoch: Epoch,
    decisions: Decisions,
    *,
    limit: int = 100,
    media_to: Path | None = None,
) -> AsyncIterator[bytes]:
    """Yield the oldest discordant pairs that nobody decided, as lines of JSON.

    Pairs whose content is gone are left out; the fold gives them up in time.

    Raises:
        DamagedResultError: the epoch's results do not check out.
    """
    given = 0
    async for result in history.results(epoch):
        if given >= limit:
            return
        if not is_discordant(result) or result.number in decisions.differences:
            continue
        pair = await history.pair(epoch, result.number)
        line = await _line(pair, media_to) if pair else None
        if line is not None:
            given += 1
            yield msgspec.json.encode(line) + b"\n"


async def _line(pair: Pair, media_to: Path | None) -> SheetLine | None:
    words = told(pair)
    if words.said_canary is None or words.said_control is None or words.gone:
        return None
    canary, control = _side(words.said_canary), _side(words.said_control)
    left_first = canary_is_left(words.epoch, words.number)
    return SheetLine(
        epoch=words.epoch,
        number=words.number,
        modality=words.modality,
        question=words.question,
        media=await write_media(pair, media_to) if media_to else (),
        left=canary if left_first else control,
        right=control if left_first else canary,
    )


def _side(said: Said) -> Side:
    return Side(text=said.text, tool_calls=said.tool_calls)
