"""Rate limit of calls to the control, which production uses too. No I/O.

Three caps: a number per minute, spread over it; a share of the production calls
observed; and a floor per hour where that share is next to nothing. The reasons stand in
docs/adr/0052-the-control-has-a-floor-per-hour.md. On top of them a factor between .05
and 1 that shrinks while the endpoint's remaining quota is low or its latency rises,
before it ever answers 429.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice

from msgspec import Struct

from replayd.budget.limits import NS, WINDOWS
from replayd.config import ControlRateConfig

FLOOR_AT_ONCE = 0.5  # of an hour's floor, after a pause: a first verdict needs them
_SPREAD_NS = 1 * NS  # what a second allows may go out together
_LENT_AGAIN_NS = NS // 4  # between two looks at calls that others send
_HOUR_NS = WINDOWS["hour"]


class Slowed(Struct, frozen=True, kw_only=True):
    """A limit that has lowered itself, and why."""

    per_minute: float  # calls to the control, now
    configured: float  # replayd.control_rate.per_minute
    why: str


class ControlRate:
    """Rate limit of calls to the control; production's share of it comes from intake.

    What is sent beyond the share is within the floor. Both count every call.
    """

    def __init__(self, config: ControlRateConfig, over_seconds: float) -> None:
        self._config = config
        self._over_ns = int(over_seconds * NS)
        self._production_calls = 0.0
        self._lent = 0  # calls that somebody else may send at any time now
        self._backoff = ControlBackoff()
        floor = config.floor_per_hour
        self._refill_ns = _HOUR_NS / floor if floor > 0 else 0.0
        self._pace()
        self.reset()

    def reset(self) -> None:
        """Reset the sent calls; production's rate and the backoff stay."""
        self._minute: deque[int] = deque()
        self._sent = _Rolling(self._over_ns)
        self._even, self._floor = _Bucket(), _Bucket()

    def observed(self, production_calls: float) -> None:
        """Set the number of production calls seen over the same interval."""
        self._production_calls = production_calls

    def allowed_at_ns(self, now_ns: int, calls: int = 1) -> int | None:
        """Return when `calls` more are allowed; None: not before more traffic."""
        _forget(self._minute, now_ns - WINDOWS["minute"])
        share, wanted = self._config.share_of_production, self._lent + calls
        if self._sent.count(now_ns) + wanted > share * self._production_calls:
            at_ns = self._floor_at_ns(calls)
            if at_ns is None:
                eases_at_ns = self._sent.eases_at_ns()
                return now_ns + _LENT_AGAIN_NS if self._lent else eases_at_ns
            if at_ns > now_ns:
                return at_ns
        if len(self._minute) + wanted > max(self.per_minute, calls):
            if not self._minute:
                return now_ns + _LENT_AGAIN_NS
            return self._minute[0] + WINDOWS["minute"]
        return max(now_ns, int(self._even.next_ns) - _SPREAD_NS)

    def room(self, now_ns: int, within_ns: int, enough: int) -> int:
        """Return how many calls may be sent within a time; `enough` at most."""
        _forget(self._minute, now_ns - WINDOWS["minute"])
        until_ns = now_ns + within_ns
        minute = int(self.per_minute) - len(self._minute) - self._lent
        # Only as many of the oldest are looked at as are missing.
        for at_ns in islice(self._minute, max(enough - minute, 0)):
            minute += at_ns + WINDOWS["minute"] <= until_ns
        even_ns = until_ns + _SPREAD_NS - max(self._even.next_ns, now_ns)
        even = even_ns / self._apart_ns + 1
        share = self._config.share_of_production * self._production_calls
        rest = share - self._sent.count(now_ns) - self._lent
        if rest < enough and self._refill_ns:
            full_ns = FLOOR_AT_ONCE * self._config.floor_per_hour * self._refill_ns
            floor_ns = until_ns + full_ns - max(self._floor.next_ns, now_ns)
            rest = max(rest, floor_ns / self._refill_ns)
        return max(int(min(minute, even, rest, enough)), 0)

    def _floor_at_ns(self, calls: int) -> int | None:
        """Return when the floor has room for `calls`; None: there is no floor."""
        floor = self._config.floor_per_hour
        if floor <= 0:
            return None
        each = _HOUR_NS / floor
        room = max(FLOOR_AT_ONCE * floor, calls) * each
        return int(self._floor.next_ns + calls * each - room)

    def sent(self, at_ns: int) -> None:
        """Count one request to the control."""
        self._minute.append(at_ns)
        self._sent.add(at_ns)
        self._even.take(at_ns, self._apart_ns)
        self._floor.take(at_ns, self._refill_ns)

    def unsent(self, at_ns: int) -> None:
        """Remove a request that was counted at this time but never sent."""
        self._take_back(at_ns)
        self._sent.take_out(at_ns)
        self._even.give_back(self._apart_ns)
        self._floor.give_back(self._refill_ns)

    def _take_back(self, at_ns: int) -> bool:
        """Remove a call from the last minute's; false if it is not among them."""
        if self._minute and self._minute[-1] == at_ns:  # of thousands, nearly always
            self._minute.pop()
            return True
        if at_ns not in self._minute:
            return False
        self._minute.remove(at_ns)
        return True

    def lend(self, sent_at_ns: Iterable[int]) -> None:
        """Count calls as sent now, whenever it is asked, until they are returned.

        So no sixty seconds hold more of them than the cap, whenever in between they
        are sent.
        """
        for at_ns in sent_at_ns:
            if self._take_back(at_ns):
                self._sent.take_out(at_ns)
            self._lent += 1

    def returned(self, calls: int, at_ns: int | None) -> None:
        """End what `lend` began: sent by `at_ns` at the latest; None: not sent."""
        self._lent = max(self._lent - calls, 0)
        for _ in range(calls):
            if at_ns is None:
                self._even.give_back(self._apart_ns)
                self._floor.give_back(self._refill_ns)
            else:
                self._minute.append(at_ns)
                self._sent.add(at_ns)

    def learnt(
        self, headers: Mapping[str, str], latency_seconds: float, kind: str = ""
    ) -> None:
        """Update from an answer's remaining quota and latency.

        Latency is compared within a `kind` of calls: pictures take longer than text.
        """
        before = self._backoff.factor
        self._backoff.learnt(headers, latency_seconds, kind)
        if self._backoff.factor != before:
            self._pace()

    def _pace(self) -> None:
        """Set the current cap per minute, backoff included; asked for all the time."""
        self.per_minute = max(self._config.per_minute * self._backoff.factor, 1.0)
        self._apart_ns = WINDOWS["minute"] / self.per_minute

    @property
    def slowed(self) -> Slowed | None:
        """The cap per minute where it is below the configured one, and why."""
        if self._backoff.factor >= 1.0 or self.per_minute >= self._config.per_minute:
            return None
        return Slowed(
            per_minute=self.per_minute,
            configured=self._config.per_minute,
            why=self._backoff.why,
        )


class _Bucket:
    """Calls counted against an even rate: when it would be empty at that rate.

    Source: ITU-T I.371, generic cell rate algorithm, virtual scheduling.
    """

    def __init__(self) -> None:
        self.next_ns = 0.0

    def take(self, at_ns: int, each_ns: float) -> None:
        self.next_ns = max(self.next_ns, at_ns) + each_ns

    def give_back(self, each_ns: float) -> None:
        self.next_ns -= each_ns


class _Rolling:
    """Sliding count of events, in buckets of a minute."""

    def __init__(self, over_ns: int) -> None:
        self._over_ns = over_ns
        self._minutes: deque[list[int]] = deque()  # [start, events]
        self._events = 0

    def add(self, at_ns: int) -> None:
        start = at_ns - at_ns % WINDOWS["minute"]
        if not self._minutes or self._minutes[-1][0] < start:
            self._minutes.append([start, 0])
        self._minutes[-1][1] += 1
        self._events += 1

    def take_out(self, at_ns: int) -> None:
        for minute in reversed(self._minutes):
            if minute[0] <= at_ns and minute[1]:
                minute[1] -= 1
                self._events -= 1
                return

    def count(self, now_ns: int) -> int:
        oldest = now_ns - self._over_ns - WINDOWS["minute"]
        while self._minutes and self._minutes[0][0] <= oldest:
            self._events -= self._minutes.popleft()[1]
        return self._events

    def eases_at_ns(self) -> int | None:
        """Return when the oldest minute expires; None if there is none."""
        if not self._minutes:
            return None
        return self._minutes[0][0] + self._over_ns + WINDOWS["minute"]


class ControlBackoff:
    """Slows calls to an endpoint before it rejects them."""

    LOW_SHARE = 0.2  # of the quota that is left: others need the rest
    SLOWER = 2.0  # times the usual latency
    SETTLED = 20  # calls of a kind; before that no latency is usual
    FELT_SECONDS = 0.25  # below it a longer latency is noise, ours as often as theirs

    def __init__(self) -> None:
        self.factor = 1.0
        self.why = ""  # why the factor is below 1
        self._latencies: dict[str, _Latency] = {}  # by kind, from a bounded set

    def learnt(
        self, headers: Mapping[str, str], latency_seconds: float, kind: str = ""
    ) -> None:
        """Halve when quota is low or latency high; else recover by a fifth."""
        latency = self._latencies.setdefault(kind, _Latency())
        latency.add(latency_seconds)
        left = remaining_share(headers)
        slow = (
            latency.calls > self.SETTLED
            and latency.recent > self.SLOWER * latency.usual
            and latency.recent - latency.usual > self.FELT_SECONDS
        )
        if left < self.LOW_SHARE:
            self.why = f"{left:.0%} of the endpoint's quota are left"
        elif slow:
            self.why = (
                f"{kind or 'its'} answers take {latency.recent:.2g} s,"
                f" {latency.usual:.2g} s are usual"
            )
        else:
            self.factor = min(self.factor * 1.2, 1.0)
            return
        self.factor = max(self.factor / 2, 0.05)


class _Latency:
    """Recent and usual latency of one kind of calls, in seconds."""

    def __init__(self) -> None:
        self.calls = 0
        self.recent = self.usual = 0.0

    def add(self, seconds: float) -> None:
        self.calls += 1
        self.recent += max(0.2, 1 / self.calls) * (seconds - self.recent)
        self.usual += max(0.02, 1 / self.calls) * (seconds - self.usual)


def remaining_share(headers: Mapping[str, str]) -> float:
    """Return the smallest remaining quota share in the headers; 1 if none.

    Sources: OpenAI, "Rate limits in headers"; Anthropic, "Rate limits, response
    headers".
    """
    smallest = 1.0
    for name, value in headers.items():
        if "remaining" not in name:
            continue
        limit = headers.get(name.replace("remaining", "limit"), "")
        if not (value.isascii() and limit.isascii()):
            continue  # there are digits out there that are no numbers
        if value.isdigit() and limit.isdigit() and int(limit) > 0:
            smallest = min(smallest, int(value) / int(limit))
    return smallest


def _forget(times: deque[int], before_ns: int) -> None:
    while times and times[0] <= before_ns:
        times.popleft()
