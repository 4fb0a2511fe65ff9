"""Case scheduling. Deterministic: no clock, waiting or RNG.

What looks like chance is a hash of the epoch's seed and a unit's or number's name, so
a draw depends on nothing that an answer said, and a restart draws the same again.

- A unit is a session, else a trace. Of all its cases one turn is picked by hash, and
  the unit stands in the modality of that turn.
- The traffic lane takes, of the units in the equal-probability sample and not yet
  drawn, the one of highest hash: without replacement, in an order blind to content.
- Pins, protected slices and quota strata have lanes with fixed shares. What a lane
  takes stays in the traffic lane's pool: a lane that took its rare cases away would
  change the traffic's mix. What traffic took leaves the quota lanes: it is not sent
  again when the traffic lane runs dry. Within one stream a unit still counts once.
- Only which modality comes next may depend on results (`weights`).
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from replayd.cases.drawn_units import DrawnUnits
from replayd.cases.lane import Lane, uniform_of
from replayd.config import SliceConfig
from replayd.model import Case, PairResult, Planned
from replayd.traits.names import NAMES

DECIDED_SHARE = 0.2  # of its share that a decided modality keeps
TRAFFIC = "traffic"
QUOTA = "quota:"


class Slice(Struct, frozen=True, kw_only=True):
    """A protected slice: its cases and its share of the modality's draws."""

    name: str
    modality: str
    attribute: str
    values: frozenset[str]
    share: float

    def holds(self, case: Case) -> bool:
        """Whether a case belongs to the slice, by a kept span attribute."""
        return (
            case.verified
            and case.modality == self.modality
            and case.attributes.get(self.attribute) in self.values
        )


def slices_of(declared: Mapping[str, SliceConfig]) -> tuple[Slice, ...]:
    """Return the protected slices of a configuration."""
    return tuple(
        Slice(
            name=name,
            modality=each.modality,
            attribute=each.attribute,
            values=frozenset(each.values),
            share=each.share,
        )
        for name, each in declared.items()
    )


class ScheduleSettings(Struct, frozen=True, kw_only=True):
    """Settings of the draws. Times in nanoseconds, shares of draws in [0, 1]."""

    seed: str  # the epoch
    lookback_ns: int
    age_limit_ns: int
    shares: dict[str, float] = {}  # modality -> weight; others get 1
    slices: tuple[Slice, ...] = ()
    pin_share: float = 0.1
    quota_share: float = 0.1
    second_control_share: float = 0.05
    case_limit: int = 200_000  # cases held; beyond it the oldest leave


class NothingToDraw(Struct, frozen=True, kw_only=True):
    """Nothing is left to draw until new cases arrive."""

    drawn: int  # draws so far in this epoch, over all lanes
    held: int  # cases held, drawn ones included
    reason: str = "fresh_cases"


class Schedule:
    """The draws of one epoch. `offer` cases, `take` plans; in any order."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self._settings = settings
        self._traffic: dict[str, Lane] = {}
        self._side: dict[str, dict[str, Lane]] = {}  # modality -> lane -> units
        self._drawn = DrawnUnits()
        self._known: dict[str, Case] = {}
        self._units: dict[str, tuple[float, str]] = {}  # unit -> (hash, modality)
        self._thresholds: dict[str, int] = {}
        self._shares: dict[str, dict[str, float]] = {}  # modality -> lane, once asked
        self._measured = [s for s in settings.slices if s.attribute in NAMES]

    def offer(self, cases: Iterable[Case]) -> None:
        """Add new cases; ones already known by id are ignored."""
        for case in cases:
            if case_key(case) in self._known or not case.replayable:
                continue
            self._known[case_key(case)] = case
            self._file(case)
        self._bound()

    def set_threshold(self, modality: str, rank: int) -> None:
        """Set the rank above which a modality's cases are an equal-probability sample.

        It is the highest rank that any reservoir concerned has rejected.
        """
        self._thresholds[modality] = rank
        if modality in self._traffic:
            self._traffic[modality].set_threshold(rank)

    def resume(self, drawn: DrawnUnits, planned: Iterable[Planned] = ()) -> None:
        """Mark what was drawn earlier in this epoch: folded, and planned since."""
        self._drawn.update(drawn)
        for item in planned:
            for lane, unit in drawn_by(item):
                self._drawn.add(lane, unit)
        for units in self._traffic.values():
            for unit in [u for u in units if (TRAFFIC, u) in self._drawn]:
                self._forget_traffic(unit)
        for lanes in self._side.values():
            for name, units in lanes.items():
                for unit in [u for u in units if (name, u) in self._drawn]:
                    units.forget(unit)

    def take(
        self,
        number: int,
        now_ns: int,
        decided: frozenset[str] = frozenset(),
        closed: frozenset[str] = frozenset(),
    ) -> Planned | NothingToDraw:
        """Return the plan of one number; its cost is not yet reserved.

        `decided` modalities come up less often, `closed` ones not at all.
        """
        weights = {
            modality: self._settings.shares.get(modality, 1.0)
            * (DECIDED_SHARE if modality in decided else 1.0)
            for modality in self._modalities()
            if modality not in closed
        }
        for modality in self._in_turn(number, "modality", weights):
            for lane in self._in_turn(number, "lane", self._lanes(modality)):
                if (case := self._draw(modality, lane, now_ns)) is not None:
                    return self._planned(number, lane, case)
        return NothingToDraw(drawn=len(self._drawn), held=len(self._known))

    def put_back(self, planned: Planned) -> None:
        """Undo a `take` of which nothing was planned or sent."""
        for lane, unit in drawn_by(planned):
            self._drawn.discard(lane, unit)
        self._file(planned.case)

    def left(self) -> dict[str, int]:
        """Return the number of units left in the traffic lane, by modality."""
        return {modality: len(lane) for modality, lane in self._traffic.items()}

    def _file(self, case: Case) -> None:
        if case.pin:
            name = f"pin:{case.pin}"
            if (name, case.unit) not in self._drawn:
                self._side_lane(case.modality, name).add(case)
            return
        if case.uniform:
            self._file_traffic(case)
        is_sent = case.uniform and (TRAFFIC, case.unit) in self._drawn
        for name in self._lanes_of(case):
            if is_sent and name.startswith(QUOTA):
                continue
            if (name, case.unit) not in self._drawn:
                self._side_lane(case.modality, name).add(case)

    def _file_traffic(self, case: Case) -> None:
        """Keep the unit in the modality of its turn of highest hash, and there only."""
        if (TRAFFIC, case.unit) in self._drawn:
            return
        mine = uniform_of(self._settings.seed, "turn", case.snapshot_id)
        best, modality = self._units.get(case.unit, (-1.0, ""))
        held = modality in self._traffic and case.unit in self._traffic[modality]
        if held and mine < best:
            return
        if held:
            self._traffic[modality].forget(case.unit)
        self._units[case.unit] = (mine, case.modality)
        if case.modality not in self._traffic:
            self._traffic[case.modality] = self._lane(TRAFFIC)
            threshold = self._thresholds.get(case.modality, -1)
            self._traffic[case.modality].set_threshold(threshold)
        self._traffic[case.modality].add(case)

    def _lanes_of(self, case: Case) -> list[str]:
        slices = [f"slice:{s.name}" for s in self._settings.slices if s.holds(case)]
        return slices + [f"{QUOTA}{stratum}" for stratum in case.strata]

    def _lane(self, stream: str) -> Lane:
        return Lane(self._settings.seed, stream)

    def _side_lane(self, modality: str, name: str) -> Lane:
        lanes = self._side.setdefault(modality, {})
        if name not in lanes:
            lanes[name] = self._lane(name)
            self._shares.pop(modality, None)
        return lanes[name]

    def _modalities(self) -> list[str]:
        return sorted({*self._traffic, *self._side})

    def _lanes(self, modality: str) -> dict[str, float]:
        """Return the shares of a modality's lanes; the traffic lane has the rest."""
        if (known := self._shares.get(modality)) is None:
            known = self._shares[modality] = self._shares_of(modality)
        return known

    def _shares_of(self, modality: str) -> dict[str, float]:
        settings, names = self._settings, list(self._side.get(modality, ()))
        shares: dict[str, float] = {}
        for item in settings.slices:
            if f"slice:{item.name}" in names:
                shares[f"slice:{item.name}"] = item.share
        for kind, share in (
            ("pin", settings.pin_share),
            ("quota", settings.quota_share),
        ):
            same = [name for name in names if name.startswith(f"{kind}:")]
            shares |= dict.fromkeys(same, share / max(len(same), 1))
        return {TRAFFIC: max(1.0 - sum(shares.values()), 0.1), **shares}

    def _in_turn(
        self, number: int, what: str, weights: Mapping[str, float]
    ) -> Sequence[str]:
        """Return the names in an order drawn by weight for this number.

        Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir",
        Inf. Proc. Letters 97 (2006): key u ** (1 / w), largest first.
        """

        def key(name: str) -> float:
            weight = weights[name]
            u = uniform_of(self._settings.seed, what, f"{number}:{name}")
            return u ** (1.0 / weight) if weight > 0 else -1.0

        names = [n for n in weights if weights[n] > 0]
        return names if len(names) == 1 else sorted(names, key=key, reverse=True)

    def _draw(self, modality: str, lane: str, now_ns: int) -> Case | None:
        settings = self._settings
        if lane == TRAFFIC:
            pool = self._traffic.get(modality)
            oldest = now_ns - min(settings.lookback_ns, settings.age_limit_ns)
        else:
            pool = self._side.get(modality, {}).get(lane)
            oldest = 0 if lane.startswith("pin:") else now_ns - settings.age_limit_ns
        case = None if pool is None else pool.take(oldest)
        if case is not None:
            self._mark(lane, case)
        return case

    def _mark(self, lane: str, case: Case) -> None:
        self._drawn.add(lane, case.unit)
        if lane == TRAFFIC:
            self._forget_traffic(case.unit)
        elif (side := self._side.get(case.modality, {}).get(lane)) is not None:
            side.forget(case.unit)

    def _forget_traffic(self, unit: str) -> None:
        _, modality = self._units.pop(unit, (0.0, ""))
        if modality in self._traffic:
            self._traffic[modality].forget(unit)
        # The pair of the traffic lane speaks for its strata as well.
        for lanes in self._side.values():
            for name, lane in lanes.items():
                if name.startswith(QUOTA):
                    lane.forget_traffic(unit)

    def _planned(self, number: int, lane: str, case: Case) -> Planned:
        seed, name = self._settings.seed, str(number)
        return Planned(
            number=number,
            case=case,
            lane=lane,
            slices=self._counted_slices(lane, case),
            canary_first=uniform_of(seed, "order", name) < 1 / 2,
            second_control=(
                uniform_of(seed, "again", name) < self._settings.second_control_share
            ),
            seed=int(uniform_of(seed, "seed", name) * 2**31),
        )

    def _counted_slices(self, lane: str, case: Case) -> tuple[str, ...]:
        """Return the protected slices that this pair feeds: each unit once in each."""
        found = []
        for item in self._settings.slices:
            own = f"slice:{item.name}"
            if not item.holds(case) or lane not in (TRAFFIC, own):
                continue
            if lane == TRAFFIC:
                if (own, case.unit) in self._drawn:
                    continue
                self._mark(own, case)
            found.append(item.name)
        return tuple(found)

    def slices_fed(self, result: PairResult) -> tuple[str, ...]:
        """Return the protected slices that a judged pair feeds, by its traits too.

        Traits are known once a case was loaded, so a slice by a trait has no lane of
        its own: it is fed by traffic, in which every unit comes once.
        """
        if result.lane != TRAFFIC or not self._measured:
            return result.slices
        more = (
            item.name
            for item in self._measured
            if item.modality == result.modality
            and result.attributes.get(item.attribute) in item.values
        )
        return tuple(dict.fromkeys((*result.slices, *more)))

    def _bound(self) -> None:
        """Drop the oldest cases beyond `case_limit`; drawn units stay remembered."""
        excess = len(self._known) - self._settings.case_limit
        if excess <= 0:
            return
        oldest = heapq.nsmallest(
            excess + self._settings.case_limit // 10,
            self._known.values(),
            key=lambda case: case.recorded_at_ns,
        )
        gone = {case_key(case) for case in oldest}
        kept = [c for name, c in self._known.items() if name not in gone]
        self._known, self._units = {}, {}
        self._traffic, self._side, self._shares = {}, {}, {}
        for case in kept:
            self._known[case_key(case)] = case
            self._file(case)


def case_key(case: Case) -> str:
    """Return a case's identity: a pin is a different case than its original."""
    return f"{case.pin}/{case.snapshot_id}"


def drawn_by(planned: Planned) -> list[tuple[str, str]]:
    """Return the lanes and units that a planned number takes a draw of."""
    unit = planned.case.unit
    if not planned.slices:
        return [(planned.lane, unit)]
    lanes = [planned.lane, *(f"slice:{name}" for name in planned.slices)]
    return [(lane, unit) for lane in dict.fromkeys(lanes)]
