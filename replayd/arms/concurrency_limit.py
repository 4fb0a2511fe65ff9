"""Concurrency limit of one endpoint, with rests while it is away. Pure.

Additive increase, multiplicative decrease (Chiu and Jain, "Analysis of the increase
and decrease algorithms for congestion avoidance", 1989), with the doubling start of
TCP: the limit doubles once per round until the first push-back, then grows by one per
round. A round is over when as many calls ended as the limit allows.

Times are seconds of one monotonic clock, handed in.
"""

import random
from typing import Literal

from msgspec import Struct

from snaptrace.runtime.backoff import Backoff

Sign = Literal["good", "slow_down", "away"]

START_LIMIT = 8.0
CUT_SHARE = 0.5  # of the limit that stays after a push-back
SLOW_FACTOR = 3.0  # recent latency over usual latency that counts as push-back
RECENT_WEIGHT, USUAL_WEIGHT = 0.2, 0.02  # of one call in the moving averages
SETTLED_CALLS = 50  # calls before latency means anything
AWAY_IN_A_ROW = 5  # faults without one success that open the breaker
RESTS = Backoff(1.0, 60.0)
LONGEST_OBEYED_SECONDS = 300.0  # a longer Retry-After is asked about again then


class ConcurrencyLimitState(Struct, frozen=True, kw_only=True):
    """Snapshot of a concurrency limit, for metrics."""

    limit: int
    in_flight: int
    resting: bool
    broken: bool


class ConcurrencyLimit:
    """The limit of one endpoint. Not safe for threads."""

    def __init__(self, most: int, rng: random.Random) -> None:
        self._most = float(most)
        self._limit = min(START_LIMIT, self._most)
        self._rng = rng
        self._in_flight = 0
        self._doubling = True
        self._ended_in_round = 0
        self._cut_allowed_at = 0.0
        self._rest_until = 0.0
        self._away_in_a_row = 0
        self._rests = 0
        self._recent = self._usual = 0.0
        self._calls = 0

    def state(self, now: float) -> ConcurrencyLimitState:
        """Return what can be seen from outside."""
        return ConcurrencyLimitState(
            limit=int(self._limit),
            in_flight=self._in_flight,
            resting=now < self._rest_until,
            broken=self._broken,
        )

    @property
    def _broken(self) -> bool:
        return self._away_in_a_row >= AWAY_IN_A_ROW

    def opens_at(self, now: float) -> float:
        """Return when a call may start: `now`, a time, or infinity (one must end)."""
        if now < self._rest_until:
            return self._rest_until
        allowed = 1 if self._broken else int(self._limit)  # a breaker lets one probe by
        return now if self._in_flight < allowed else float("inf")

    def started(self) -> None:
        """Count a call in."""
        self._in_flight += 1

    def ended(
        self,
        now: float,
        sign: Sign,
        *,
        latency_seconds: float = 0.0,
        retry_after_seconds: float = 0.0,
        fresh: bool = True,
    ) -> None:
        """Count a call out and learn from it.

        One that is not `fresh` was chosen because it had failed: it opens no breaker,
        and only keeps one open.
        """
        self._in_flight -= 1
        if retry_after_seconds > 0:
            wait = min(retry_after_seconds, LONGEST_OBEYED_SECONDS)
            self._rest_until = max(self._rest_until, now + wait)
        if sign == "good":
            self._away_in_a_row = self._rests = 0
            self._learn(now, latency_seconds)
        elif sign == "slow_down":
            self._cut(now, latency_seconds)
        else:
            self._away(now, latency_seconds, fresh=fresh)

    def abandoned(self) -> None:
        """Count out a call that was cancelled: nothing is learnt."""
        self._in_flight -= 1

    def _learn(self, now: float, latency: float) -> None:
        self._calls += 1
        weight = max(RECENT_WEIGHT, 1 / self._calls)
        self._recent += weight * (latency - self._recent)
        self._usual += max(USUAL_WEIGHT, 1 / self._calls) * (latency - self._usual)
        if self._calls > SETTLED_CALLS and self._recent > SLOW_FACTOR * self._usual:
            self._cut(now, latency)
            return
        if self._doubling:
            # One more with every call: a whole round at once would be a burst.
            self._limit = min(self._limit + 1, self._most)
            return
        self._ended_in_round += 1
        if self._ended_in_round >= int(self._limit):
            self._ended_in_round = 0
            self._limit = min(self._limit + 1, self._most)

    def _cut(self, now: float, latency: float) -> None:
        # Calls of one round are all pushed back at once: that is one signal.
        if now < self._cut_allowed_at:
            return
        self._doubling = False
        self._ended_in_round = 0
        self._limit = max(1.0, self._limit * CUT_SHARE)
        self._cut_allowed_at = now + max(latency, self._usual, 0.05)

    def _away(self, now: float, latency: float, *, fresh: bool) -> None:
        self._away_in_a_row += fresh or self._broken
        self._cut(now, latency)
        if self._broken and now >= self._rest_until:
            self._rests += 1
            rest = RESTS.seconds(self._rests, self._rng)
            self._rest_until = max(self._rest_until, now + rest)
