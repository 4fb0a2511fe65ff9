"""Rows of the newest sensitivity certificates, as the page shows them."""

from msgspec import Struct

from replayd.drills.certificate import (
    Certificate,
    Dependence,
    Sensitivity,
    newest_certificates,
)
from replayd.drills.known import KnownSensitivity
from snaptrace.store.store import Store

COMMON, RARE = 1.0, 0.1  # rates that have a column


class FaultRow(Struct, frozen=True):
    """One fault in a modality or slice, in all answers and in one of ten."""

    slice: str
    fault: str
    applies: int
    pairs: int
    common: Sensitivity
    rare: Sensitivity | None


class ShownCertificate(Struct, frozen=True, kw_only=True):
    """Everything that drills say of one modality."""

    faults: tuple[FaultRow, ...] = ()
    twins: tuple[Sensitivity, ...] = ()
    absent: tuple[str, ...] = ()  # faults that no drilled answer can have
    dependence: tuple[Dependence, ...] = ()
    made: tuple[Certificate, ...] = ()
    lower_bound: bool = False  # no control was asked twice: noise is not in it


async def shown_certificate(store: Store, modality: str) -> ShownCertificate:
    """Read the newest certificates and return a modality's part.

    Raises:
        SnapshotError: the store does not answer.
    """
    made = await newest_certificates(store)
    rows = [r for r in KnownSensitivity(newest=made).rows if r.modality == modality]
    known = {row.place: row for row in rows}
    shown = [row for row in rows if row.standing != "not_applicable"]
    faults = [
        FaultRow(
            row.slice,
            row.fault,
            row.applies,
            row.pairs,
            row,
            known.get((modality, row.slice, row.fault, f"{RARE:g}")),
        )
        for row in shown
        if not row.harmless and row.rate == COMMON
    ]
    return ShownCertificate(
        faults=tuple(sorted(faults, key=_blind_first)),
        twins=tuple(row for row in shown if row.harmless),
        absent=tuple(
            dict.fromkeys(r.fault for r in rows if r.standing == "not_applicable")
        ),
        dependence=tuple(
            each for m in made for each in m.dependence if each.modality == modality
        ),
        made=tuple(m for m in made if modality in m.margins),
        lower_bound=any(
            modality in m.margins and modality not in m.noise_pairs for m in made
        ),
    )


def _blind_first(row: FaultRow) -> tuple[str, bool, float]:
    late = float("inf") if row.common.after is None else row.common.after
    return row.slice, row.common.standing == "caught", -late
