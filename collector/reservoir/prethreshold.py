"""Rejects calls before they are decoded, by rank alone, to stay within a budget."""

from snaptrace.snapshots.segment import RANK_SPAN

_LEAST_CALLS = 1.0  # per second: a service is never starved altogether
_MOST_SERVICES = 10_000
_SMOOTHING = 0.5  # weight of the newest interval


class PreThreshold:
    """A rank per service below which nothing is decoded.

    The budget is shared like water: services that need little get what they need,
    the others the same share each. With budget 0 there is no limit.
    """

    def __init__(self, calls_per_second: float) -> None:
        self._budget = calls_per_second
        self._arrived: dict[str, int] = {}
        self._rates: dict[str, float] = {}
        self._thresholds: dict[str, int] = {}

    def admits(self, service: str, rank: int) -> bool:
        """Count a candidate of this service; return whether it may be decoded."""
        count = self._arrived.get(service, 0)
        if count or len(self._arrived) < _MOST_SERVICES:
            self._arrived[service] = count + 1
        # Beyond that many nobody is counted: a service's threshold stays as it is, and
        # a window, which has room for far fewer, refuses new ones by name.
        return rank > self._thresholds.get(service, 0) or rank == 0

    def value(self, service: str) -> int:
        """Return the rank up to which this service's calls are rejected; 0: none."""
        return self._thresholds.get(service, 0)

    def adapt(self, elapsed_seconds: float) -> dict[str, int]:
        """Set thresholds from the rates of the last interval; return those changed.

        Give all changes to `Reservoirs.set_pre_thresholds` before the next offer.
        """
        for service in {*self._arrived, *self._rates}:
            rate = self._arrived.get(service, 0) / elapsed_seconds
            known = self._rates.get(service, rate)
            # Up at once, down slowly: a burst must not overrun the budget.
            smooth = known + _SMOOTHING * (rate - known)
            self._rates[service] = max(rate, smooth)
        self._arrived.clear()
        changed: dict[str, int] = {}
        share = self._share()
        for service, rate in list(self._rates.items()):
            if rate < 0.001:  # gone: forget it, so that memory follows traffic
                del self._rates[service]
            threshold = 0
            if self._budget and rate > share:
                threshold = int((1 - share / rate) * RANK_SPAN)
            if threshold != self._thresholds.get(service, 0):
                self._thresholds[service] = changed[service] = threshold
            if not threshold:
                self._thresholds.pop(service, None)
        return changed

    def _share(self) -> float:
        """Return the calls per second that each service may have at most."""
        left, open_services = self._budget, sorted(self._rates.values())
        for index, rate in enumerate(open_services):
            share = left / (len(open_services) - index)
            if rate > share:
                return max(share, _LEAST_CALLS)
            left -= rate
        return float("inf")
