"""Cases whose answer does not need their medium, and routes that are left out for it.

A case counts as independent if its answer is right, and no worse with the medium
blanked or swapped. Its route is left out of gating samples only where the share of such
cases is proven, by the same kind of bets that verdicts rest on.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from replayd.drills.certificate import Certificate, Dependence, RouteDependence
from replayd.drills.injuring import Measured
from replayd.drills.requests import BLANKED, SWAPPED
from replayd.stats.proportion import log_e_above

ALPHA = 0.05  # of leaving out a route whose share is lower
_WITHOUT = BLANKED | SWAPPED


def dependence(measured: Sequence[Measured]) -> tuple[Dependence, ...]:
    """Return how many cases need no medium, per modality and protected slice."""
    cases: Counter[tuple[str, str]] = Counter()
    free: Counter[tuple[str, str]] = Counter()
    for each, independent in _told(measured):
        for name in ("", *each.slices):
            cases[each.modality, name] += 1
            free[each.modality, name] += independent
    return tuple(
        Dependence(
            modality=modality, slice=name, cases=count, independent=free[modality, name]
        )
        for (modality, name), count in sorted(cases.items())
    )


def route_dependence(measured: Sequence[Measured]) -> tuple[RouteDependence, ...]:
    """Return the same per route of a service."""
    cases: Counter[tuple[str, str, str]] = Counter()
    free: Counter[tuple[str, str, str]] = Counter()
    for each, independent in _told(measured):
        place = (each.modality, each.service, each.route)
        cases[place] += 1
        free[place] += independent
    return tuple(
        RouteDependence(
            modality=place[0],
            service=place[1],
            route=place[2],
            cases=count,
            independent=free[place],
        )
        for place, count in sorted(cases.items())
    )


def _told(measured: Iterable[Measured]) -> Iterator[tuple[Measured, bool]]:
    """Yield the pairs that tell, and whether the case is independent."""
    for each in measured:
        found = [each.faults[name] for name in _WITHOUT if name in each.faults]
        if found and each.right and each.scored:
            yield each, all(v >= 0.0 for values in found for v in values.values())


def left_out(
    newest: Iterable[Certificate], share: float
) -> tuple[tuple[str, str, str], ...]:
    """Return (modality, service, route) of the calls that a new epoch leaves out."""
    if not share:
        return ()
    found = {
        each.place
        for made in newest
        for each in made.routes
        if log_e_above(each.independent, each.cases, share) >= -math.log(ALPHA)
    }
    return tuple(sorted(found))
