"""The epochs of a canary: what each found, and why it ended. Reads the store only."""

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from replayd.config import ReplaydConfig
from replayd.evaluation.epochs import folded
from replayd.evidence.settings import BoardSettings, settings_of
from replayd.ledger.ledger import epochs
from replayd.model import STREAMS, Epoch, PairResult
from replayd.results.history import History
from replayd.stats import ModalityVerdict
from replayd.verdicts.compute import VerdictComputation
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

# Of an epoch's key, in the words of an operator.
_CHANGES = {
    "canary": "the canary's model, API or overrides changed",
    "control": "the control changed",
    "scorers": "a release with other scorers",
    "margins": "margins changed",
    "slices": "protected slices changed",
    "promise": "error rates changed",
    "served": "the provider served another model",
    "judge": "the judge model changed",
}


class Found(Struct, frozen=True, kw_only=True):
    """The finding of an epoch in one modality."""

    verdict: str
    deciding: str = ""
    difference: float | None = None
    interval: tuple[float, float] | None = None
    pairs: int = 0
    since_ns: int = 0  # when the verdict became what it is; 0: it never changed
    window_start: int = 0  # pairs of the stream before those that it speaks of


class EpochShown(Struct, frozen=True, kw_only=True):
    """One epoch, as `snaptrace epochs` lists it."""

    epoch: str
    revision: str
    control: str
    started_at_ns: int
    ended_at_ns: int | None  # None: it is the newest
    ended: str  # why; "" for the newest
    pairs: int
    modalities: dict[str, Found]


def settings_for(config: ReplaydConfig, canary: str) -> BoardSettings:
    """Return a canary's settings; the defaults where no such arm is configured."""
    if canary in config.arms:
        return settings_of(config, canary)
    return BoardSettings()


async def listed(
    store: Store, clock: Clock, settings: BoardSettings, canary: str
) -> AsyncIterator[EpochShown]:
    """Yield every epoch of a canary, the newest first."""
    known = await epochs(store, canary)
    newer: Epoch | None = None
    for epoch in reversed(known):
        yield await shown(store, clock, settings, epoch, newer)
        newer = epoch


async def shown(
    store: Store,
    clock: Clock,
    settings: BoardSettings,
    epoch: Epoch,
    newer: Epoch | None = None,
) -> EpochShown:
    """Return one epoch with what its evidence says; `newer` is the one after it."""
    board = await folded(store, clock, epoch, settings)
    modalities = {}
    for modality, verdict in VerdictComputation(board).found().items():
        deciding = verdict.deciding or "quality"
        modalities[modality] = Found(
            verdict=verdict.word,
            deciding=verdict.deciding,
            difference=verdict.difference,
            interval=(verdict.interval.low, verdict.interval.high),
            pairs=board.tally(modality).pairs,
            since_ns=board.word_since_ns(modality, deciding),
            window_start=_window_start(verdict, deciding),
        )
    return EpochShown(
        epoch=epoch.epoch,
        revision=epoch.revision,
        control=epoch.control,
        started_at_ns=epoch.started_at_ns,
        ended_at_ns=None if newer is None else newer.started_at_ns,
        ended="" if newer is None else why_ended(epoch, newer),
        pairs=board.next_number,
        modalities=modalities,
    )


def _window_start(verdict: ModalityVerdict, deciding: str) -> int:
    streams = (*verdict.streams, *verdict.protected)
    return next((s.window_start for s in streams if s.stream == deciding), 0)


def why_ended(epoch: Epoch, newer: Epoch) -> str:
    """Return in words what made the next epoch begin."""
    if newer.revision != epoch.revision:
        return f"revision {newer.revision or '(none)'} was declared"
    names = sorted({*epoch.key, *newer.key})
    changed = [n for n in names if epoch.key.get(n) != newer.key.get(n)]
    said = [_CHANGES.get(name, f"{name} changed") for name in changed]
    if newer.control != epoch.control and "control" not in changed:
        said.append(_CHANGES["control"])
    return "; ".join(said) or "the same settings began anew"


async def alarm_from(
    history: History, epoch: Epoch, found: dict[str, Found]
) -> dict[str, int]:
    """Return, by regressed modality, the first number that its alarm speaks of."""
    wanted = {
        modality: each
        for modality, each in found.items()
        if each.verdict == "regressed"
    }
    counted = dict.fromkeys(wanted, 0)
    first: dict[str, int] = {}
    if not wanted:
        return first
    async for result in history.results(epoch):
        each = wanted.get(result.modality)
        if each is None or result.modality in first or not _counts(result, each):
            continue
        if counted[result.modality] >= each.window_start:
            first[result.modality] = result.number
        counted[result.modality] += 1
        if len(first) == len(wanted):
            break
    return first


def _counts(result: PairResult, found: Found) -> bool:
    """Return whether a pair feeds the deciding stream, as the scoreboard counts it."""
    if result.excluded:
        return False
    if found.deciding.startswith("slice:"):
        return found.deciding.removeprefix("slice:") in result.slices
    stream = found.deciding if found.deciding in STREAMS else "quality"
    score = result.streams.get(stream)
    valued = score is not None and None not in (score.canary, score.control)
    return result.lane == "traffic" and valued


def named(known: Sequence[Epoch], wanted: str) -> list[Epoch]:
    """Return the epochs that a person may mean: by id, its beginning, or revision.

    `previous` is the one before the newest.
    """
    if not wanted:
        return list(known[-1:])
    if wanted == "previous":
        return list(known[-2:-1])
    found = [e for e in known if e.epoch.startswith(wanted)]
    return found or [e for e in known if e.revision == wanted][-1:]
