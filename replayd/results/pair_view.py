"""Readable view of the worst pairs: request, recorded answer, both arms' answers."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from replayd.cases.loader import Gone
from replayd.model import ArmAnswer, Epoch
from replayd.results.history import History, Made, Pair, badness
from snaptrace.snapshot.media_type import SUFFIXES
from snaptrace.snapshot.model import Answer

LONGEST_TEXT = 20_000  # characters of any one text
_UNSAFE = re.compile(r"[^0-9A-Za-z_-]")


class Said(Struct, frozen=True, kw_only=True):
    """One side's answer; the text is empty where content was deleted."""

    outcome: str
    text: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()  # name, arguments
    served_model: str = ""
    latency_ms: float | None = None
    detail: str = ""  # of a failure: class or status


class Scored(Struct, frozen=True, kw_only=True):
    """One scorer's scores of both arms."""

    scorer: str
    canary: float | None
    control: float | None
    reason: str = ""


class WorstPair(Struct, frozen=True, kw_only=True):
    """One pair as shown by `snaptrace worst` and the page."""

    canary: str  # arm name
    epoch: str
    number: int
    snapshot_id: str
    modality: str
    lane: str
    slices: tuple[str, ...]
    service: str
    route: str
    model: str  # as recorded
    recorded_at_ns: int
    difference: float | None  # of the worst stream
    stream: str
    scores: dict[str, Scored]  # gating streams, then every other rule
    question: str = ""
    recorded: Said | None = None  # None: the snapshot is gone, see `gone`
    said_canary: Said | None = None  # None: content not kept or erased
    said_control: Said | None = None
    media: tuple[str, ...] = ()  # files, where they were written
    gone: str = ""  # why there is no content
    excluded: str = ""


class ResultHead(Struct, frozen=True, kw_only=True):
    """Fields of the epoch that stand before those of each pair in `results`."""

    arm: str
    control_arm: str
    epoch: str
    revision: str


def rendered(pair: Pair, media: tuple[str, ...] = ()) -> WorstPair:
    """Return the readable view of a pair."""
    result, case = pair.result, pair.case
    worst = badness(result)
    content = None if isinstance(pair.content, Gone) else pair.content
    answers = pair.answers
    return WorstPair(
        canary=pair.epoch.canary,
        epoch=pair.epoch.epoch,
        number=result.number,
        snapshot_id=result.snapshot_id,
        modality=result.modality,
        lane=result.lane,
        slices=result.slices,
        service=result.service,
        route=result.route,
        model=case.model,
        recorded_at_ns=result.recorded_at_ns,
        difference=worst.difference if worst else None,
        stream=worst.stream if worst else "",
        scores={
            name: Scored(
                scorer=score.scorer,
                canary=score.canary,
                control=score.control,
                reason=score.reason,
            )
            for name, score in (*result.streams.items(), *result.diagnostics.items())
        },
        question=content.scoring.question[:LONGEST_TEXT] if content else "",
        recorded=_recorded(content.snapshot.answer) if content else None,
        said_canary=_said(answers.canary) if answers else None,
        said_control=_said(answers.control) if answers and answers.control else None,
        media=media,
        gone="" if content else pair.content.reason,  # type: ignore[union-attr] # a Gone
        excluded=result.excluded,
    )


async def worst_pairs(
    history: History,
    epoch: Epoch,
    *,
    modality: str = "",
    limit: int = 5,
    media_to: Path | None = None,
    reading: Callable[[str], None] = lambda _snapshot_id: None,
    first: Mapping[str, int] | None = None,
) -> AsyncIterator[WorstPair]:
    """Yield the pairs in which the canary did worst, media written to `media_to`.

    With `first` only pairs from that number on, of the modalities it names.
    `reading` hears of each snapshot before anything of it is written or shown.

    Raises:
        DamagedResultError: the epoch's results do not check out.
    """
    ranking = await history.ranking(epoch)
    ranked = (
        result
        for result in ranking.worst(modality)
        if first is None
        or result.number >= first.get(result.modality, result.number + 1)
    )
    for result in islice(ranked, limit):
        pair = await history.pair(epoch, result.number)
        if pair is not None:
            reading(result.snapshot_id)
            files = await write_media(pair, media_to) if media_to else ()
            yield rendered(pair, files)


async def write_media(pair: Pair, folder: Path) -> tuple[str, ...]:
    """Write the media of request and answers below `folder`; return their paths."""
    if isinstance(pair.content, Gone):
        return ()
    snapshot = pair.content.snapshot
    name = _UNSAFE.sub("_", snapshot.snapshot_id)
    asked = {name: Made(snapshot.media, pair.content.media)}
    # The same call may stand in several pairs, each with answers of its own.
    said = {f"{name}-{pair.result.number}-{side}": m for side, m in pair.made.items()}

    def write() -> tuple[str, ...]:
        folder.mkdir(parents=True, exist_ok=True)
        paths: list[str] = []
        for prefix, found in (asked | said).items():
            for index, data in sorted(found.blobs.items()):
                suffix = SUFFIXES.get(found.media[index].mime, ".bin")
                path = folder / f"{prefix}-{index}{suffix}"
                path.write_bytes(data)
                paths.append(str(path))
        return tuple(paths)

    return await asyncio.to_thread(write)


async def result_lines(history: History, epoch: Epoch) -> AsyncIterator[bytes]:
    """Yield every committed pair of an epoch as one JSON line, without content.

    Raises:
        DamagedResultError: the epoch's results do not check out.
    """
    head = msgspec.to_builtins(
        ResultHead(
            arm=epoch.canary,
            control_arm=epoch.control,
            epoch=epoch.epoch,
            revision=epoch.revision,
        )
    )
    async for result in history.results(epoch):
        yield msgspec.json.encode({**head, **msgspec.to_builtins(result)}) + b"\n"


def _recorded(answer: Answer) -> Said:
    return Said(
        outcome=answer.outcome if answer.observed else "not_observed",
        text=_text(answer),
        tool_calls=_calls(answer),
        served_model=answer.model,
    )


def _said(arm: ArmAnswer) -> Said:
    return Said(
        outcome=arm.outcome,
        text=_text(arm.answer),
        tool_calls=_calls(arm.answer),
        served_model=arm.served_model,
        latency_ms=arm.latency_ms,
        detail=arm.detail,
    )


def _text(answer: Answer) -> str:
    return (answer.text or answer.refusal)[:LONGEST_TEXT]


def _calls(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple(
        (call.name, call.arguments[:LONGEST_TEXT]) for call in answer.tool_calls
    )
