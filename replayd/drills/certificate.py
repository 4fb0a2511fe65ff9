"""Sensitivity certificate: which known faults a verdict would catch, after how many.

Holds numbers and names, no content. Kept in the store under `v1/drills`, where the
newest one of a kind counts and earlier ones say what used to be caught.
"""

from typing import Literal, get_args

import msgspec
from msgspec import Struct

from replayd.errors import DamagedResultError
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.store import numbered
from snaptrace.store.store import Store

Standing = Literal["caught", "not_caught", "not_applicable"]
Kind = Literal["offline", "asked", "share"]
# What was injured: answers of a control, recorded answers, or requests to a control.
Source = Literal["control", "recording", "request"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CAUGHT_SHARE = 0.9  # of the orders of pairs, from which on a fault counts as caught
MOST_KEPT = 50  # certificates of a kind; the oldest are deleted


class Sensitivity(Struct, frozen=True, kw_only=True):
    """One fault at one rate, in one modality or protected slice."""

    modality: str
    fault: str
    rate: float  # share of the answers with the fault, where it applies
    harmless: bool = False  # a twin: it should raise nothing
    slice: str = ""  # protected slice; "": the whole modality
    pairs: int = 0  # stored pairs drawn from
    applies: int = 0  # of them, which the fault changes
    standing: Standing = "not_applicable"
    caught_share: float = 0.0  # of the orders, in which it raised an alarm
    # Pairs until the alarm: median over the orders, and their tenth and ninetieth
    # percentile. None: not within the certificate's `most_pairs`.
    after: int | None = None
    after_low: int | None = None
    after_high: int | None = None
    stream: str = ""  # the one that caught it in most orders

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Identity of the row from one certificate to the next."""
        return (self.modality, self.slice, self.fault, rate_label(self.rate))


class Dependence(Struct, frozen=True, kw_only=True):
    """Cases whose answer does not need their medium, in a modality or slice."""

    modality: str
    slice: str = ""
    cases: int = 0  # answered rightly, and asked without their medium
    independent: int = 0  # of them, answered as well then

    @property
    def share(self) -> float:
        """Share of the cases that say nothing about the medium."""
        return self.independent / self.cases if self.cases else 0.0


class RouteDependence(Struct, frozen=True, kw_only=True):
    """The same for the calls of one route of one service."""

    modality: str
    service: str
    route: str
    cases: int = 0
    independent: int = 0

    @property
    def place(self) -> tuple[str, str, str]:
        """Calls that the row speaks of."""
        return (self.modality, self.service, self.route)


class Certificate(Struct, frozen=True, kw_only=True):
    """Everything that was drilled at one time."""

    kind: Kind
    source: Source
    made_at_ns: int
    software: str
    control: str = ""  # arm whose answers were injured; "": recordings
    epoch: str = ""  # where those answers were stored
    orders: int  # seeded orders of the pairs
    most_pairs: int  # at which an order ends
    alpha: float
    margins: dict[str, float]
    # Pairs whose control was asked twice, by modality: its noise is part of the orders.
    # 0: noise is unknown there, and the pairs until an alarm are a lower bound.
    noise_pairs: dict[str, int] = {}
    unscored: dict[str, int] = {}  # pairs that no rule can score, by modality
    rows: tuple[Sensitivity, ...] = ()
    dependence: tuple[Dependence, ...] = ()  # of drills that take the medium away
    routes: tuple[RouteDependence, ...] = ()  # likewise


def rate_label(rate: float) -> str:
    """Return a rate as a metric label, as `1` or `0.1`."""
    return f"{rate:g}"


async def store_certificate(store: Store, made: Certificate) -> str:
    """Write a certificate under the next number of its kind; return its name.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    data = msgspec.msgpack.encode(made)
    return await numbered.add(
        store, object_names.DRILLS, made.kind, data, kept=MOST_KEPT
    )


async def certificates(store: Store, kind: Kind) -> list[Certificate]:
    """Return all kept certificates of a kind, oldest first.

    One that cannot be read is left out: the next drill makes another.
    """
    found: list[Certificate] = []
    for number in await numbered.numbers(store, object_names.DRILLS, kind):
        try:
            found.append(_decoded(await store.get(_name(kind, number))))
        except (MissingObjectError, CorruptSnapshotError, DamagedResultError):
            continue
    return found


async def newest_certificates(store: Store) -> tuple[Certificate, ...]:
    """Return the newest certificate of each kind, where there is a readable one.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    found: list[Certificate] = []
    for kind in KINDS:
        known = await numbered.numbers(store, object_names.DRILLS, kind)
        try:
            found += [_decoded(await store.get(_name(kind, n))) for n in known[-1:]]
        except (MissingObjectError, CorruptSnapshotError, DamagedResultError):
            continue
    return tuple(found)


def once_caught(known: list[Certificate]) -> set[tuple[str, str, str, str]]:
    """Return the rows that any certificate says were caught."""
    return {
        row.place for made in known for row in made.rows if row.standing == "caught"
    }


def _decoded(data: bytes) -> Certificate:
    try:
        return msgspec.msgpack.decode(data, type=Certificate)
    except msgspec.MsgspecError as error:
        raise DamagedResultError("certificate", str(error)) from None


def _name(kind: Kind, number: int) -> str:
    return object_names.numbered(object_names.DRILLS, kind, number)
