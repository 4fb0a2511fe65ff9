"""Rank-based rejection before decoding, to stay within a decode budget."""

from collector.reservoir.threshold_ladder import rung_from
from snaptrace.snapshot.segment import RANK_SPAN

_LEAST_CALLS = 1.0  # per second: a service is never starved altogether
_MOST_SERVICES = 10_000
_SMOOTHING = 0.5  # weight of the newest interval
_INTERVAL_SECONDS = 1.0  # at least this passes between two calls of `adapt`
# Beyond the budget, thresholds are looked at again after this share of it each time.
_TIGHTEN_AFTER = 1 / 8


class PreThreshold:
    """Rank threshold per service; calls below it are not decoded.

    The budget is shared like water: services that need little get what they need,
    the others the same share each. With budget 0 there is no limit. Thresholds stand
    on rungs, so that what was counted stays countable.
    """

    def __init__(self, calls_per_second: float) -> None:
        self._budget = calls_per_second
        self._arrived: dict[str, int] = {}
        self._rates: dict[str, float] = {}
        self._thresholds: dict[str, int] = {}
        self._admitted = 0  # since `adapt`
        self._tighten_at = calls_per_second or float("inf")

    def admits(self, service: str, rank: int) -> bool:
        """Count a candidate call of this service; return whether to decode it."""
        count = self._arrived.get(service, 0)
        if count or len(self._arrived) < _MOST_SERVICES:
            self._arrived[service] = count + 1
        # Services beyond this number are not counted: their threshold stays as it is,
        # and a window, which has room for far fewer, refuses new ones by name.
        if 0 < rank <= self._thresholds.get(service, 0):
            return False
        self._admitted += 1
        return True

    def value(self, service: str) -> int:
        """Return the highest rejected rank of this service; 0: none."""
        return self._thresholds.get(service, 0)

    @property
    def is_spent(self) -> bool:
        """Whether the interval's budget is exhausted: call `tighten`."""
        return self._admitted >= self._tighten_at

    def tighten(self) -> dict[str, int]:
        """Raise thresholds within an interval; return those changed, as `adapt` does.

        To what they will be at its end even if nothing more comes: never more of a
        sample is lost for it than at the end of the interval.
        """
        self._tighten_at = self._admitted + max(1.0, self._budget * _TIGHTEN_AFTER)
        wanted = self._wanted(self._rates_after(_INTERVAL_SECONDS))
        return self._set(
            {s: rank for s, rank in wanted.items() if rank > self.value(s)}
        )

    def adapt(self, elapsed_seconds: float) -> dict[str, int]:
        """Set thresholds from the rates of the last interval; return those changed.

        Give all changes to `Reservoirs.set_pre_thresholds` before the next offer.
        """
        self._rates = self._rates_after(elapsed_seconds)
        self._arrived.clear()
        self._admitted, self._tighten_at = 0, self._budget or float("inf")
        changed = self._set(self._wanted(self._rates))
        for service in [s for s, rate in self._rates.items() if rate < 0.001]:
            del self._rates[service]  # gone: memory follows traffic
        return changed

    def _rates_after(self, elapsed_seconds: float) -> dict[str, float]:
        """Return calls per second by service, should the interval be over."""
        rates: dict[str, float] = {}
        for service in {*self._arrived, *self._rates}:
            rate = self._arrived.get(service, 0) / elapsed_seconds
            known = self._rates.get(service, rate)
            # Up at once, down slowly: a burst must not overrun the budget.
            rates[service] = max(rate, known + _SMOOTHING * (rate - known))
        return rates

    def _wanted(self, rates: dict[str, float]) -> dict[str, int]:
        """Return the threshold that these rates ask for, by service."""
        share = self._share(rates)
        return {
            service: rung_from(int((1 - share / rate) * RANK_SPAN))
            if self._budget and rate > share
            else 0
            for service, rate in rates.items()
        }

    def _set(self, wanted: dict[str, int]) -> dict[str, int]:
        changed = {s: rank for s, rank in wanted.items() if rank != self.value(s)}
        for service, threshold in changed.items():
            if threshold:
                self._thresholds[service] = threshold
            else:
                del self._thresholds[service]
        return changed

    def _share(self, rates: dict[str, float]) -> float:
        """Return the calls per second that each service may have at most."""
        left, open_services = self._budget, sorted(rates.values())
        for index, rate in enumerate(open_services):
            share = left / (len(open_services) - index)
            if rate > share:
                return max(share, _LEAST_CALLS)
            left -= rate
        return float("inf")
