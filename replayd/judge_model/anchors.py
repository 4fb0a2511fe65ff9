"""Labelled cases: how often the judge is right, and whether it still says the same.

One JSON object a line:

    {"id": "p1", "task": "prose", "question": "…", "reference": "…",
     "left": "…", "right": "…", "better": "left"}

`better` is a person's word: left, right or tie. `media` may name files beside this one.
"""

import asyncio
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from replayd.judge_model.model import Judgement, JudgeModel
from replayd.judge_model.rubrics import TASKS, Task
from replayd.scoring.contract import ScoringCase
from replayd.scoring.recorded import scoring_case
from snaptrace.runtime.config import ConfigError
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Json,
    Media,
    MediaKind,
    MediaRef,
    Request,
    Snapshot,
)

MOST_ANCHORS = 2_000
AT_ONCE = 8  # anchors in flight; the endpoint has its own limit
LARGEST_BYTES = 64 * 2**20
_LETTERS = {1: "l", -1: "r", 0: "t", None: "?"}
_LABELS = {"left": "l", "right": "r", "tie": "t"}
_KINDS: dict[str, tuple[MediaKind, str]] = {
    ".png": ("image", "image/png"),
    ".jpg": ("image", "image/jpeg"),
    ".webp": ("image", "image/webp"),
    ".wav": ("audio", "audio/wav"),
    ".mp3": ("audio", "audio/mpeg"),
    ".pdf": ("document", "application/pdf"),
}


class Anchor(Struct, frozen=True, kw_only=True):
    """One labelled pair."""

    id: str
    task: Task
    question: str
    reference: str
    left: str
    right: str
    better: Literal["left", "right", "tie"]
    media: tuple[str, ...] = ()


class Anchors(Struct, frozen=True):
    """The labelled cases, in the order of the file, with their media."""

    rows: tuple[Anchor, ...] = ()
    blobs: dict[str, bytes] = {}

    @property
    def labels(self) -> str:
        """One letter a row: l, r or t."""
        return "".join(_LABELS[row.better] for row in self.rows)


def load_anchors(path: str) -> Anchors:
    """Return the labelled cases of a file; none where no file is named.

    Raises:
        ConfigError: a file or line that cannot be read, or a medium that is not there.
    """
    if not path:
        return Anchors()
    key, file = "replayd.judge.labelled", Path(path)
    try:
        data = file.read_bytes()[:LARGEST_BYTES]
        rows = tuple(
            msgspec.json.decode(line, type=Anchor)
            for line in data.splitlines()[:MOST_ANCHORS]
            if line.strip()
        )
        names = {name for row in rows for name in row.media}
        blobs = {n: (file.parent / Path(n).name).read_bytes() for n in sorted(names)}
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(key, f"{path}: {error}") from None
    for name in names:
        if Path(name).suffix.lower() not in _KINDS:
            raise ConfigError(key, f"{name}: one of {', '.join(_KINDS)}")
    return Anchors(rows, blobs)


async def judge_anchors(judge: JudgeModel, anchors: Anchors) -> str:
    """Return one letter for each anchor: l, r, t, or ? where the judge was away.

    A judge that is away for a whole batch is not asked about the rest.
    """
    said = ""
    for first in range(0, len(anchors.rows), AT_ONCE):
        batch = anchors.rows[first : first + AT_ONCE]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_letter(judge, r, anchors)) for r in batch]
        letters = "".join(task.result() for task in asked)
        said += letters
        if not letters.strip("?"):
            break
    return said.ljust(len(anchors.rows), "?")


def accuracy(said: str, labels: str) -> tuple[int, int]:
    """Return how many answered anchors were judged as labelled, and how many were."""
    pairs = [(a, b) for a, b in zip(said, labels, strict=True) if a != "?"]
    return sum(a == b for a, b in pairs), len(pairs)


def accuracy_by_task(said: str, anchors: Anchors) -> dict[Task, tuple[int, int]]:
    """Return the same for each task that has anchors."""
    found: dict[Task, tuple[int, int]] = {}
    for task in TASKS:
        at = [n for n, row in enumerate(anchors.rows) if row.task == task]
        if at:
            picked = "".join(said[n] for n in at)
            found[task] = accuracy(picked, "".join(anchors.labels[n] for n in at))
    return found


def moved(said: str, before: str) -> float:
    """Return the share of anchors that are judged otherwise than before.

    Anchors that either time nobody judged say nothing.
    """
    if len(said) != len(before):
        return 1.0
    both = [(a, b) for a, b in zip(said, before, strict=True) if "?" not in (a, b)]
    return sum(a != b for a, b in both) / len(both) if both else 0.0


async def _letter(judge: JudgeModel, row: Anchor, anchors: Anchors) -> str:
    case, media = _case(row, anchors.blobs)
    rubric = judge.rubrics.by_task[row.task]
    found: Judgement = await judge.compare(
        case, row.left, row.right, media, rubric=rubric
    )
    return _LETTERS[found.difference]


def _case(row: Anchor, blobs: dict[str, bytes]) -> tuple[ScoringCase, dict[int, bytes]]:
    content: list[Json] = [{"type": "text", "text": row.question}]
    media = []
    for at, name in enumerate(row.media):
        kind, mime = _KINDS[Path(name).suffix.lower()]
        media.append(Media(kind=kind, mime=mime, state="inline"))
        content.append(
            {"type": "image_url", "image_url": {"url": MediaRef(at, "data_url")}}
        )
    messages: list[Json] = [{"role": "user", "content": content}]
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="anchors",
        operation="chat",
        modality="text",
        request=Request(
            api="openai_chat",
            path="/chat/completions",
            model="anchor",
            body={"model": "anchor", "messages": messages},
        ),
        answer=Answer(text=row.reference),
        fidelity=Fidelity(level="exact"),
        media=tuple(media),
    )
    return scoring_case(snapshot), {
        at: blobs[name] for at, name in enumerate(row.media)
    }
