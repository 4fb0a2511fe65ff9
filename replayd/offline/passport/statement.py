"""A verdict as an in-toto statement, and the same recomputed from stored results.

Everything that decides is folded from `results/`, which anybody with the store can
repeat. Live coverage is not among the results: it is stated, and a reader takes the
signer's word for it.
"""

import hashlib
import re
from typing import Any

import msgspec
from msgspec import Struct, structs

from replayd.drills.known import KnownSensitivity
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, of_epoch
from replayd.ledger.ledger import Ledger, epochs
from replayd.model import Epoch
from replayd.offline.passport.envelope import PassportError
from replayd.stats import GateWord
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import CanaryView, LiveModality, LiveTraffic, ModalityView
from snaptrace import VERSION
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:snaptrace:verdict:v1"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"(?:.*@)?sha256:([0-9a-f]{64})")


class Sample(Struct, frozen=True, kw_only=True):
    """Results behind a verdict: how many, and a digest over all of them in order."""

    results: int
    sha256: str  # over every result: number, case, scores
    cases_sha256: str  # over the snapshots' ids: which cases were judged


class Passport(Struct, frozen=True, kw_only=True):
    """Predicate of the statement."""

    canary: str
    control: str
    revision: str
    epoch: str
    epoch_key: dict[str, str]  # models, scorers, margins and all else held fixed
    suite_sha256: str  # over the epoch's key: what it was judged by
    gate: GateWord
    decided_at_ns: int
    software: str
    settings: BoardSettings  # error rates, margins, limits
    sample: Sample
    modalities: dict[str, ModalityView]  # verdicts, evidence, smallest drop found
    noise_alarm: tuple[str, ...]  # calibration: the control against itself
    coverage: dict[str, LiveModality]  # of live traffic, as stated by replayd
    slices: dict[str, tuple[str, ...]] = {}


class Statement(Struct, frozen=True, kw_only=True):
    """An in-toto statement of version 1."""

    type: str = msgspec.field(name="_type", default=STATEMENT)
    subject: list[dict[str, Any]]
    predicateType: str = PREDICATE  # noqa: N815 - the format's own name
    predicate: Passport


async def passport_of(
    store: Store,
    clock: Clock,
    view: CanaryView,
    canary: str,
    *,
    settings: BoardSettings,
    drilled: KnownSensitivity,
) -> Passport:
    """Return the passport of what replayd shows, folded anew from its results.

    Raises:
        PassportError: the store does not hold what replayd showed.
    """
    epoch = await _epoch(store, canary, view.epoch)
    live = {
        name: LiveModality(
            seen=shown.seen, replayable=shown.replayable, reasons=shown.not_replayable
        )
        for name, shown in view.modalities.items()
    }
    made = await _folded(
        store,
        clock,
        epoch,
        of_epoch(settings, epoch),
        number=view.number,
        decided_at_ns=view.computed_at_ns,
        live=live,
        drilled=drilled,
    )
    if made.gate != view.gate:
        why = f"replayd says {view.gate}, its results alone say {made.gate}"
        raise PassportError(f"{why}: decisions of people or a judge are not in them")
    return made


def statement_of(passport: Passport) -> bytes:
    """Return the statement about a revision, as JSON."""
    subject = {"name": passport.canary, "digest": _digest(passport.revision)}
    statement = Statement(subject=[subject], predicate=passport)
    return msgspec.json.encode(statement, order="sorted")


def passport_in(payload: bytes) -> Passport:
    """Return the passport in a statement.

    Raises:
        PassportError: no statement of ours, or its subject is another revision.
    """
    try:
        statement = msgspec.json.decode(payload, type=Statement)
    except msgspec.MsgspecError as error:
        raise PassportError(f"no statement about a verdict: {error}") from None
    if (statement.type, statement.predicateType) != (STATEMENT, PREDICATE):
        raise PassportError("another kind of statement")
    passport = statement.predicate
    wanted = {"name": passport.canary, "digest": _digest(passport.revision)}
    if statement.subject != [wanted]:
        raise PassportError("its subject is not the revision it speaks of")
    return passport


async def differences_of(
    store: Store, clock: Clock, claimed: Passport, drilled: KnownSensitivity
) -> list[str]:
    """Return in which fields a passport differs from what its results say now.

    Raises:
        PassportError: the store does not hold its epoch or its results.
    """
    epoch = await _epoch(store, claimed.canary, claimed.epoch)
    found = await _folded(
        store,
        clock,
        epoch,
        claimed.settings,
        number=claimed.sample.results,
        decided_at_ns=claimed.decided_at_ns,
        live=claimed.coverage,
        drilled=drilled,
    )
    found = structs.replace(found, software=claimed.software)
    differing = [
        name
        for name in Passport.__struct_fields__
        if name != "modalities" and getattr(found, name) != getattr(claimed, name)
    ]
    for modality in {*found.modalities, *claimed.modalities}:
        ours, theirs = found.modalities.get(modality), claimed.modalities.get(modality)
        if ours is None or theirs is None or _decisive(ours) != _decisive(theirs):
            differing.append(f"modalities.{modality}")
    return sorted(differing)


def _decisive(shown: ModalityView) -> ModalityView:
    """Return a view without what later drills or releases may add to it."""
    return structs.replace(
        shown, blind_to=(), drilled_at_ns=0, insensitive_to=(), smallest_drop=None
    )


async def _folded(
    store: Store,
    clock: Clock,
    epoch: Epoch,
    settings: BoardSettings,
    *,
    number: int,
    decided_at_ns: int,
    live: dict[str, LiveModality],
    drilled: KnownSensitivity,
) -> Passport:
    board = Scoreboard(epoch, settings, carried=frozenset(epoch.carried))
    results, cases = hashlib.sha256(), hashlib.sha256()
    async for run in Ledger(store, epoch.epoch, clock).runs():
        for result in run.results:
            if result.number < number:
                board.fold(result)
                results.update(msgspec.msgpack.encode(result))
                cases.update(result.snapshot_id.encode())
    if board.next_number != number:
        raise PassportError(
            f"the store holds {board.next_number} of {number} results of the epoch"
        )
    traffic = LiveTraffic(modalities=live)
    view = VerdictComputation(board).view(decided_at_ns, traffic, drilled)
    key = msgspec.json.encode(epoch.key, order="sorted")
    return Passport(
        canary=epoch.canary,
        control=epoch.control,
        revision=epoch.revision,
        epoch=epoch.epoch,
        epoch_key=epoch.key,
        suite_sha256=hashlib.sha256(key).hexdigest(),
        gate=view.gate,
        decided_at_ns=decided_at_ns,
        software=VERSION,
        settings=settings,
        sample=Sample(
            results=number,
            sha256=results.hexdigest(),
            cases_sha256=cases.hexdigest(),
        ),
        modalities=view.modalities,
        noise_alarm=view.noise_alarm,
        coverage=live,
        slices=epoch.slices,
    )


async def _epoch(store: Store, canary: str, wanted: str) -> Epoch:
    for epoch in await epochs(store, canary):
        if epoch.epoch == wanted:
            return epoch
    raise PassportError(f"the store holds no epoch {wanted[:12]} of {canary}")


def _digest(revision: str) -> dict[str, str]:
    """Return a digest set: an image's, a commit's, else of the revision's text."""
    if found := _SHA256.fullmatch(revision):
        return {"sha256": found[1]}
    if _COMMIT.fullmatch(revision):
        return {"gitCommit": revision}
    return {"sha256": hashlib.sha256(revision.encode()).hexdigest()}
