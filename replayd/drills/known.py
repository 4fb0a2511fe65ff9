"""Everything that the stored certificates say now: rows of the newest of each kind."""

from collections.abc import Iterable

from msgspec import Struct

from replayd.drills.certificate import (
    KINDS,
    Certificate,
    Sensitivity,
    certificates,
    once_caught,
)
from snaptrace.store.store import Store


class KnownSensitivity(Struct, frozen=True, kw_only=True):
    """Rows of the newest certificates, and what any kept one says was caught."""

    newest: tuple[Certificate, ...] = ()  # one per kind
    once: frozenset[tuple[str, str, str, str]] = frozenset()  # `Sensitivity.place`

    @property
    def rows(self) -> Iterable[Sensitivity]:
        """Rows of the newest certificates: one for each place, fault and rate.

        Where several tell of the same, the one made last that could apply the fault.
        """
        found: dict[tuple[str, str, str, str], Sensitivity] = {}
        for made in sorted(self.newest, key=lambda made: made.made_at_ns):
            for row in made.rows:
                if row.standing != "not_applicable" or row.place not in found:
                    found[row.place] = row
        return found.values()

    @property
    def made_at_ns(self) -> int:
        """When the newest certificate was made; 0: there is none."""
        return max((made.made_at_ns for made in self.newest), default=0)

    def blind_to(self, modality: str) -> tuple[str, ...]:
        """Return the faults in all answers that a modality's verdict does not see."""
        return tuple(
            row.fault
            for row in self._of(modality)
            if row.rate == 1.0 and not row.harmless and row.standing == "not_caught"
        )

    def unseen(
        self, modality: str, required: Iterable[str], replays: int
    ) -> tuple[str, ...]:
        """Return the required faults that `replays` pairs are not known to show.

        A fault is named as `digit_changed`, or as `digit_changed@0.1` for one answer
        in ten. One that no certificate knows is unseen; one that no answer can have is
        not.
        """
        known = {f"{row.fault}@{row.rate:g}": row for row in self._of(modality)}
        unseen: list[str] = []
        for name in required:
            row = known.get(name if "@" in name else f"{name}@1")
            if row is None or not _is_seen(row, replays):
                unseen.append(name)
        return tuple(unseen)

    def _of(self, modality: str) -> Iterable[Sensitivity]:
        return (r for r in self.rows if r.modality == modality and not r.slice)


def _is_seen(row: Sensitivity, replays: int) -> bool:
    if row.standing == "not_applicable":
        return True
    return row.standing == "caught" and replays >= (row.after_high or row.after or 0)


async def known_sensitivity(store: Store) -> KnownSensitivity:
    """Read the kept certificates.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    newest: list[Certificate] = []
    once: set[tuple[str, str, str, str]] = set()
    for kind in KINDS:
        kept = await certificates(store, kind)
        newest += kept[-1:]
        once |= once_caught(kept)
    return KnownSensitivity(newest=tuple(newest), once=frozenset(once))
