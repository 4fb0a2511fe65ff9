"""Offline drill: stored answers, injured and scored, become a certificate."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from msgspec.structs import replace

from replayd.config import ReplaydConfig
from replayd.drills.answers import ANSWER_FAULTS
from replayd.drills.certificate import Certificate, Kind, Sensitivity, Source
from replayd.drills.injuring import JudgePairs, Measured, measure
from replayd.drills.sensitivity import Drilled, Orders, Place, sensitivities
from replayd.drills.stored_pairs import StoredPairs
from replayd.evidence.differences import PROTECTED
from replayd.evidence.settings import (
    BoardSettings,
    declared_slices,
    gating_set,
    settings_of,
    stream_settings,
)
from replayd.model import STREAMS, Epoch
from replayd.stats import StreamSettings
from snaptrace import VERSION


async def no_pause() -> None:
    """Go on at once: for a command, which has nothing else to do."""


async def give_way() -> None:
    """Yield to the event loop once: for a program that has calls in flight."""
    await asyncio.sleep(0)


async def drill_offline(
    stored: StoredPairs,
    config: ReplaydConfig,
    judge: JudgePairs,
    *,
    made_at_ns: int,
    orders: Orders | None = None,
    pause: Callable[[], Awaitable[None]] = no_pause,
) -> Certificate:
    """Return the certificate of stored answers under every offline fault."""
    faults = tuple(ANSWER_FAULTS.values())
    measured = await measure(stored.pairs, faults, judge)
    return await certified(
        measured,
        faults,
        config,
        orders=orders or Orders(),
        pause=pause,
        kind="offline",
        source=stored.source,
        epoch=stored.epoch,
        made_at_ns=made_at_ns,
    )


async def certified(
    measured: Sequence[Measured],
    faults: Sequence[Drilled],
    config: ReplaydConfig,
    *,
    orders: Orders,
    pause: Callable[[], Awaitable[None]],
    kind: Kind,
    source: Source,
    epoch: Epoch | None,
    made_at_ns: int,
) -> Certificate:
    """Return the certificate of what was measured, in every place."""
    settings = board_settings(config)
    rows: list[Sensitivity] = []
    for place in places(measured, config, settings, epoch):
        rows += await sensitivities(place, measured, faults, orders, pause)
    modalities = sorted({each.modality for each in measured})
    return Certificate(
        kind=kind,
        source=source,
        made_at_ns=made_at_ns,
        software=VERSION,
        control=epoch.control if epoch else "",
        epoch=epoch.epoch if epoch else "",
        orders=orders.count,
        most_pairs=orders.most_pairs,
        alpha=settings.alpha,
        margins={modality: settings.margin(modality) for modality in modalities},
        noise_pairs=_counts(each for each in measured if each.noise is not None),
        unscored=_counts(each for each in measured if not each.scored),
        rows=tuple(rows),
    )


def board_settings(config: ReplaydConfig) -> BoardSettings:
    """Return the settings of a verdict on a canary, the first where there are more."""
    canaries = [name for name, arm in config.arms.items() if arm.role == "canary"]
    if canaries:
        # A drill's canary is the control, which should answer as itself.
        return replace(settings_of(config, canaries[0]), intent="equivalent")
    stats = config.stats
    return BoardSettings(alpha=stats.alpha, eps=stats.eps, margins=dict(stats.margins))


def places(
    measured: Iterable[Measured],
    config: ReplaydConfig,
    settings: BoardSettings,
    epoch: Epoch | None,
) -> list[Place]:
    """Return each modality and its protected slices, with their streams' settings."""
    modalities = tuple(sorted({each.modality for each in measured}))
    drilled = Epoch(
        epoch="drill",
        canary="drill",
        control=epoch.control if epoch else "",
        revision="",
        key={},
        # The error is shared out as in the epoch that a verdict would come from.
        modalities=epoch.modalities if epoch else modalities,
        slices=declared_slices(config),
    )
    gating = gating_set(drilled, settings)
    found: list[Place] = []
    for modality in modalities:
        gating = gating.with_later(modality)
        streams: dict[str, StreamSettings] = {
            name: stream_settings(settings, gating, modality, name) for name in STREAMS
        }
        found.append(Place(modality, "", streams))
        for name in drilled.slices.get(modality, ()):
            test = stream_settings(settings, gating, modality, f"slice:{name}")
            found.append(Place(modality, name, {PROTECTED: test}))
    return found


def _counts(measured: Iterable[Measured]) -> dict[str, int]:
    return dict(Counter(each.modality for each in measured))
