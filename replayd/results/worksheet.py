"""Builds the blinded worksheet for adjudication: pairs labelled left and right.

One line a pair, as JSON (`decisions.py` reads the answers) or CSV (`snaptrace decide`
does). It holds pairs whose scores differ, pairs that no scorer could value, those drawn
to correct a judge model, and second opinions for a person who is named.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from msgspec import Struct

from replayd.adjudication.decisions import Decisions, canary_is_left, is_labelled
from replayd.adjudication.opinions import Turn
from replayd.evidence.settings import judge_key
from replayd.model import Epoch
from replayd.results.decide_queue import Asked, Opinions, second_opinions
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
    turn: Turn = 0  # 1: a second opinion, its sides swapped


class Deciders(Struct, frozen=True, kw_only=True):
    """Who is to decide, and what people decided already."""

    opinions: Opinions = {}
    by: str = ""  # who gets second opinions, too
    share: float = 0.0  # of decided pairs that get one


async def sheet(
    history: History,
    epoch: Epoch,
    decisions: Decisions,
    *,
    deciders: Deciders | None = None,
    limit: int = 100,
    media_to: Path | None = None,
    reading: Callable[[str], None] = lambda _snapshot_id: None,
) -> AsyncIterator[WorksheetLine]:
    """Yield undecided pairs, oldest first; second opinions before them.

    Where a judge model gates, those drawn to correct it come first: its verdict waits
    for them. Pairs whose content is gone are left out, and so are equal answers.
    `reading` hears of each snapshot before anything of it is shown.

    Raises:
        DamagedResultError: the epoch's results do not check out.
    """
    given = 0
    for wanted in await _wanted(history, epoch, decisions, deciders or Deciders()):
        if given >= limit:
            return
        pair = await history.pair(epoch, wanted.number)
        if pair is not None:
            reading(pair.result.snapshot_id)
        line = await _line(pair, wanted.turn, media_to, epoch.sides) if pair else None
        if line is not None and line.left != line.right:
            given += 1
            yield line


async def _wanted(
    history: History, epoch: Epoch, decisions: Decisions, deciders: Deciders
) -> list[Asked]:
    """Return the pairs to be decided, in the order in which they are handed out."""
    opinions = deciders.opinions
    second: list[Asked] = []
    if deciders.by:
        share = deciders.share
        second += second_opinions(epoch, opinions, deciders.by, share)
    key = judge_key(epoch)
    share = key.label_share if key is not None and key.standing == "gates" else 0.0
    drawn: list[int] = []
    others: list[int] = []
    async for result in history.results(epoch):
        number = result.number
        if number in decisions.differences or (number, 0) in opinions:
            continue
        if is_open(result):
            labelled = is_labelled(epoch.epoch, result.number, share)
            (drawn if labelled else others).append(result.number)
    return second + [Asked(number, 0) for number in drawn + others]


async def _line(
    pair: Pair, turn: Turn, media_to: Path | None, salt: str
) -> WorksheetLine | None:
    words = rendered(pair)
    if words.said_canary is None or words.said_control is None or words.gone:
        return None
    canary, control = _side(words.said_canary), _side(words.said_control)
    left_first = canary_is_left(words.epoch, words.number, salt) != (turn == 1)
    return WorksheetLine(
        epoch=words.epoch,
        number=words.number,
        modality=words.modality,
        question=words.question,
        media=await write_media(pair, media_to) if media_to else (),
        left=canary if left_first else control,
        right=control if left_first else canary,
        recorded=None if words.recorded is None else _side(words.recorded),
        turn=turn,
    )


def _side(said: Said) -> Side:
    return Side(text=said.text, tool_calls=said.tool_calls)
