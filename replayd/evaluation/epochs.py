"""Epochs: settings that stay fixed while a canary is judged, and their changes.

A new revision, model, override, scorer or margin opens a new epoch: its evidence
starts from nothing, and what had regressed stays so until the new epoch decides.
"""

import hashlib
import random
from collections.abc import Mapping
from itertools import pairwise

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.budget.accounting import DAY_NS, SpendingReader, planned_charge
from replayd.config import ArmConfig, ReplaydConfig
from replayd.drills.dependence import left_out
from replayd.drills.known import known_sensitivity
from replayd.evaluation.restoring import restore
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import (
    BoardSettings,
    declared_slices,
    of_epoch,
    settings_of,
)
from replayd.ledger.ledger import Ledger, epochs, open_epoch
from replayd.model import Epoch
from replayd.scoring import SCORERS
from replayd.scoring.own.settings import versions_of
from replayd.traits.names import NAMES, VERSION
from replayd.verdicts.compute import VerdictComputation
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store


class DeclaredRevision(Struct, frozen=True, kw_only=True):
    """Declarations of an operator over HTTP, after the start."""

    revision: str = ""
    model: str = ""
    announced_at_ns: int = 0
    # The configuration's revision then; once it is another, the configuration is the
    # newer word. None: declared by an earlier release, which did not say.
    instead_of: str | None = None


def with_declared(arm: ArmConfig, declared: DeclaredRevision | None) -> ArmConfig:
    """Return the arm as it is judged from now on."""
    if declared is None or declared.instead_of not in (None, arm.revision):
        return arm
    return replace(
        arm,
        revision=declared.revision or arm.revision,
        model=declared.model or arm.model,
    )


def wanted_epoch(
    config: ReplaydConfig, canary: str, arm: ArmConfig, modalities: tuple[str, ...]
) -> Epoch:
    """Return the epoch that a configuration asks for; its number is not known yet."""
    control = control_of(config)
    settings = settings_of(config, canary)
    key = {
        "canary": _arm_key(arm),
        "scorers": ",".join([*sorted(SCORERS), *versions_of(config.scorers)]),
        "margins": _text({m: settings.margin(m) for m in sorted(settings.margins)}),
        "slices": _text(config.slices) + _traits_key(config),
        "promise": _text([settings.alpha, settings.eps, settings.intent]),
    }
    if config.drills.leave_out:
        key["leave_out"] = _text(config.drills.leave_out)
    if control is not None:
        key["control"] = _arm_key(config.arms[control])
    return Epoch(
        epoch="",
        canary=canary,
        control=control or "",
        revision=arm.revision,
        key=key,
        modalities=modalities,
        slices=declared_slices(config),
    )


async def without_needless(store: Store, config: ReplaydConfig, wanted: Epoch) -> Epoch:
    """Return the epoch with the calls left out that are known not to need a medium.

    Known from drills before the epoch opens: no answer of its own has a part in it.
    """
    share = config.drills.leave_out
    if not share:
        return wanted
    known = await known_sensitivity(store)
    return replace(wanted, left_out=left_out(known.newest, share))


def _traits_key(config: ReplaydConfig) -> str:
    """Return which measure decides who belongs to a slice, where one does."""
    by_trait = any(each.attribute in NAMES for each in config.slices.values())
    return f" traits {VERSION}" if by_trait and config.traits else ""


def control_of(config: ReplaydConfig) -> str | None:
    """Return the name of the control arm, or None."""
    names = [name for name, arm in config.arms.items() if arm.role == "control"]
    return names[0] if names else None


def same(one: Epoch, other: Epoch) -> bool:
    """Return whether two epochs hold the same things fixed."""
    return (one.key, one.revision, one.control) == (
        other.key,
        other.revision,
        other.control,
    )


async def current(store: Store, canary: str) -> Epoch | None:
    """Return the newest epoch of a canary, if it ever had one."""
    known = await epochs(store, canary)
    return known[-1] if known else None


async def spent_before(
    store: Store, clock: Clock, epoch: Epoch
) -> dict[str, SpendingReader]:
    """Return what a canary's earlier epochs spent, as far as a day's budget goes.

    Without it a new revision after a restart would find its budgets untouched.
    """
    found: dict[str, SpendingReader] = {}
    known = await epochs(store, epoch.canary)
    for older, newer in pairwise(known):
        if newer.started_at_ns < clock.now_ns() - DAY_NS or older.epoch == epoch.epoch:
            continue
        spent = found[older.epoch] = SpendingReader()
        ledger, committed = Ledger(store, older.epoch, clock), 0
        async for run in ledger.runs():
            for result in run.results:
                spent.add(result)
                committed = result.number + 1
        for lost in await ledger.lost():
            for modality, charged in lost.spent:
                spent.charge(lost.at_ns, modality, charged)
        # What it left open may have been sent once; its retries are in `lost`.
        async for block in ledger.blocks(committed):
            for item in block.planned:
                if item.number >= committed:
                    modality, once = item.case.modality, planned_charge(item)
                    spent.charge(block.created_at_ns, modality, once)
    return found


async def begin(
    store: Store,
    clock: Clock,
    wanted: Epoch,
    before: Epoch | None,
    settings: BoardSettings,
    *,
    rng: random.Random,
) -> Epoch:
    """Write down the epoch that follows `before`, carrying what regressed in it.

    Raises:
        LostLeadError: another process opened it first.
    """
    carried: frozenset[str] = frozenset()
    noise: dict[str, float] = {}
    if before is not None:
        board = await folded(store, clock, before, settings)
        carried = VerdictComputation(board).carries()
        # What was never measured in it, it may have known from the one before.
        noise = before.expected_discordance | board.noise.discordances()
    sequence = 0 if before is None else before.sequence + 1
    named = replace(
        wanted,
        sequence=sequence,
        started_at_ns=clock.now_ns(),
        carried=tuple(sorted(carried)),
        expected_discordance=noise,
        sides=f"{rng.getrandbits(128):032x}",
    )
    epoch = replace(named, epoch=_digest(named))
    await open_epoch(store, epoch)
    return epoch


async def folded(
    store: Store, clock: Clock, before: Epoch, settings: BoardSettings
) -> Scoreboard:
    """Return an epoch's evidence, from its newest checkpoint on."""
    settings = of_epoch(settings, before)
    boards: list[Scoreboard] = []

    def new_board() -> Scoreboard:
        board = Scoreboard(before, settings, carried=frozenset(before.carried))
        boards.append(board)
        return board

    fold = Fold(new_board)
    ledger = Ledger(store, before.epoch, clock)
    await restore(fold, ledger)
    async for run in ledger.runs(fold.next_number):
        for result in run.results:
            if result.number >= fold.next_number:
                boards[-1].fold(result)
    return boards[-1]


def _digest(epoch: Epoch) -> str:
    held = [epoch.canary, epoch.control, epoch.revision, sorted(epoch.key.items())]
    text = _text([*held, epoch.sequence])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _arm_key(arm: ArmConfig) -> str:
    overrides: Mapping[str, object] = {
        "system": arm.overrides.system,
        "params": arm.overrides.params,
    }
    streamed = ["stream"] if arm.stream else []  # another way through the front end
    return _text([arm.api, arm.model, arm.revision, overrides, *streamed])


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
