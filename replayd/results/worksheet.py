"""Builds the blinded worksheet for adjudication: pairs labelled left and right.

One JSON line a pair; `decisions.py` reads the answers. It holds pairs whose scores
differ, pairs that no scorer could value, and those drawn to correct a judge model.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from replayd.adjudication.decisions import Decisions, canary_is_left, is_labelled
from replayd.evidence.settings import judge_key
from replayd.model import Epoch
from replayd.results.history import History, Pair
from replayd.results.open_pairs import is_open
from replayd.results.pair_view import Said, rendered, write_media


class Side(Struct, frozen=True, kw_only=True):
    """One answer, without model, latency or anything else that identifies the arm."""

    text: str
    tool_calls: tuple[tuple[str, str], ...] = ()


class WorksheetLine(Struct, frozen=True, kw_only=True):
    """One pair to adjudicate."""

    epoch: str
    number: int
    modality: str
    question: str
    media: tuple[str, ...]
    left: Side
    right: Side
    recorded: Side | None = None  # what production answered then: the reference


async def sheet(
    history: History,
    epoch: Epoch,
    decisions: Decisions,
    *,
    limit: int = 100,
    media_to: Path | None = None,
    reading: Callable[[str], None] = lambda _snapshot_id: None,
) -> AsyncIterator[bytes]:
    """Yield undecided pairs as JSON lines, oldest first.

    Where a judge model gates, those drawn to correct it come first: its verdict waits
    for them. Pairs whose content is gone are left out, and so are equal answers.
    `reading` hears of each snapshot before anything of it is shown.

    Raises:
        DamagedResultError: the epoch's results do not check out.
    """
    given = 0
    for number in await _wanted(history, epoch, decisions):
        if given >= limit:
            return
        pair = await history.pair(epoch, number)
        if pair is not None:
            reading(pair.result.snapshot_id)
        line = await _line(pair, media_to, epoch.sides) if pair else None
        if line is not None and line.left != line.right:
            given += 1
            yield msgspec.json.encode(line) + b"\n"


async def _wanted(history: History, epoch: Epoch, decisions: Decisions) -> list[int]:
    """Return the numbers to be decided, in the order in which they are handed out."""
    key = judge_key(epoch)
    share = key.label_share if key is not None and key.standing == "gates" else 0.0
    drawn: list[int] = []
    others: list[int] = []
    async for result in history.results(epoch):
        if is_open(result) and result.number not in decisions.differences:
            labelled = is_labelled(epoch.epoch, result.number, share)
            (drawn if labelled else others).append(result.number)
    return drawn + others


async def _line(pair: Pair, media_to: Path | None, salt: str) -> WorksheetLine | None:
    words = rendered(pair)
    if words.said_canary is None or words.said_control is None or words.gone:
        return None
    canary, control = _side(words.said_canary), _side(words.said_control)
    left_first = canary_is_left(words.epoch, words.number, salt)
    return WorksheetLine(
        epoch=words.epoch,
        number=words.number,
        modality=words.modality,
        question=words.question,
        media=await write_media(pair, media_to) if media_to else (),
        left=canary if left_first else control,
        right=control if left_first else canary,
        recorded=None if words.recorded is None else _side(words.recorded),
    )


def _side(said: Said) -> Side:
    return Side(text=said.text, tool_calls=said.tool_calls)
