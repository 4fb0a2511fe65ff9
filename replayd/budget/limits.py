"""Budgets of replays: reserved before sending, settled afterwards. No I/O.

A budget counts in windows of the calendar (minute, hour, day of Unix time), so that a
restart can count again from the committed results. Nothing is sent without a
reservation; what a reservation held too much is given back when it is settled.
"""

from collections.abc import Mapping

from msgspec import Struct

from replayd.config import BudgetConfig, PriceConfig
from replayd.errors import BudgetSpentError
from snaptrace.snapshot.model import Usage

NS = 1_000_000_000
WINDOWS = {"minute": 60 * NS, "hour": 3600 * NS, "day": 86_400 * NS}
TOKENS = 1_000_000  # a price is for this many
EVERYTHING = ""  # the budget of all modalities together


class Amount(Struct, frozen=True, kw_only=True):
    """An amount spent or reserved."""

    requests: int = 0
    tokens: int = 0
    money: float = 0.0


class Line(Struct, frozen=True, kw_only=True):
    """One limit and its use, for metrics and `snaptrace budget`."""

    modality: str  # "" for all together
    unit: str  # requests, tokens or money
    window: str  # minute, hour or day
    limit: float
    used: float
    resets_at_ns: int


class Budgets:
    """All limits of one replayd, overall and per modality."""

    def __init__(
        self, overall: BudgetConfig, by_modality: Mapping[str, BudgetConfig]
    ) -> None:
        self._meters: dict[str, list[_Meter]] = {EVERYTHING: _meters(overall)}
        for modality, config in by_modality.items():
            self._meters[modality] = _meters(config)
        self._known: dict[str, list[tuple[str, _Meter]]] = {}  # by modality

    def concern(self, modality: str) -> bool:
        """Whether any limit applies to a modality."""
        return bool(self._concerned(modality))

    def reserve(self, modality: str, amount: Amount, now_ns: int) -> None:
        """Take `amount` from every applicable limit, or from none.

        Raises:
            BudgetSpentError: a limit would be passed; says which and until when.
        """
        self._take(self._concerned(modality), amount, now_ns)

    def carry(
        self, modality: str, amount: Amount, reserved_at_ns: int, now_ns: int
    ) -> None:
        """Carry a reservation into windows that opened since it was made.

        Raises:
            BudgetSpentError: one of them has no room for it; nothing was changed.
        """
        opened = [
            (scope, meter)
            for scope, meter in self._concerned(modality)
            if meter.start_ns(reserved_at_ns) < meter.start_ns(now_ns)
        ]
        self._take(opened, amount, now_ns)

    def _take(
        self, concerned: list[tuple[str, "_Meter"]], amount: Amount, now_ns: int
    ) -> None:
        for scope, meter in concerned:
            if meter.used(now_ns) + meter.part(amount) > meter.limit:
                name = f"{scope or 'all'}:{meter.unit}_per_{meter.window}"
                raise BudgetSpentError(name, meter.resets_at_ns(now_ns))
        for _, meter in concerned:
            meter.add(meter.part(amount), now_ns)

    def settle(
        self,
        modality: str,
        reserved: Amount,
        spent: Amount,
        now_ns: int,
        *,
        since_ns: int | None = None,
    ) -> None:
        """Replace a reservation by the amount spent, which may be larger.

        A window that opened after `since_ns`, when it was made, does not hold it: what
        was reserved too much is not given back there.
        """
        for _, meter in self._concerned(modality):
            more = meter.part(spent) - meter.part(reserved)
            if since_ns is not None:
                held = meter.start_ns(since_ns) == meter.start_ns(now_ns)
                more = more if held else max(more, 0.0)
            meter.add(more, now_ns)

    def lend(self, modality: str, amount: Amount) -> None:
        """Count a reservation in every window that opens until it is returned.

        Nobody here knows when it is sent.
        """
        for _, meter in self._concerned(modality):
            meter.lent += meter.part(amount)

    def returned(self, modality: str, amount: Amount) -> None:
        """End what `lend` began; the present windows count it still."""
        for _, meter in self._concerned(modality):
            meter.lent = max(meter.lent - meter.part(amount), 0.0)

    def count(self, modality: str, spent: Amount, at_ns: int, now_ns: int) -> None:
        """Count spending of an earlier process at `at_ns`, where still relevant."""
        for _, meter in self._concerned(modality):
            if meter.start_ns(at_ns) == meter.start_ns(now_ns):
                meter.add(meter.part(spent), now_ns)

    def reset(self) -> None:
        """Reset all use."""
        for meters in self._meters.values():
            for meter in meters:
                meter.reset()

    def lines(self, now_ns: int) -> list[Line]:
        """Return every limit with its use, in configuration order."""
        return [
            Line(
                modality=scope,
                unit=meter.unit,
                window=meter.window,
                limit=meter.limit,
                used=meter.used(now_ns),
                resets_at_ns=meter.resets_at_ns(now_ns),
            )
            for scope, meters in self._meters.items()
            for meter in meters
        ]

    def _concerned(self, modality: str) -> list[tuple[str, "_Meter"]]:
        if (known := self._known.get(modality)) is None:
            known = self._known[modality] = [
                (scope, meter)
                for scope in dict.fromkeys((EVERYTHING, modality))
                for meter in self._meters.get(scope, ())
            ]
        return known


class _Meter:
    """One limit: a unit, a window, what is used of it."""

    def __init__(self, unit: str, window: str, limit: float) -> None:
        self.unit, self.window, self.limit = unit, window, limit
        self._length_ns = WINDOWS[window]
        self._start_ns = 0
        self._used = 0.0
        self.lent = 0.0  # of it, in every window to come as well

    def reset(self) -> None:
        self._start_ns, self._used = 0, 0.0

    def part(self, amount: Amount) -> float:
        return float(getattr(amount, self.unit))

    def start_ns(self, now_ns: int) -> int:
        return now_ns - now_ns % self._length_ns

    def resets_at_ns(self, now_ns: int) -> int:
        return self.start_ns(now_ns) + self._length_ns

    def used(self, now_ns: int) -> float:
        return self._used if self.start_ns(now_ns) <= self._start_ns else self.lent

    def add(self, value: float, now_ns: int) -> None:
        # A clock that steps back must not open a fresh window.
        if (start := self.start_ns(now_ns)) > self._start_ns:
            self._start_ns, self._used = start, self.lent
        self._used = max(self._used + value, 0.0)


def _meters(config: BudgetConfig) -> list[_Meter]:
    found = []
    for unit in ("requests", "tokens", "money"):
        for window in WINDOWS:
            limit = getattr(config, f"{unit}_per_{window}", None)
            if limit is not None:
                found.append(_Meter(unit, window, float(limit)))
    return found


class Prices:
    """Price per token by model. A model without a price is free, and reported."""

    def __init__(self, table: Mapping[str, PriceConfig]) -> None:
        self._table = dict(table)

    def known(self, model: str) -> bool:
        """Whether the table has the model."""
        return model in self._table

    def cost(self, model: str, usage: Usage) -> float:
        """Return the price of a call, in the operator's currency."""
        price = self._table.get(model)
        if price is None:
            return 0.0
        given, cached = usage.input_tokens or 0, usage.cached_tokens or 0
        cached_price = price.input if price.cached_input is None else price.cached_input
        fresh = max(given - cached, 0)
        spent = (
            fresh * price.input
            + min(cached, given) * cached_price
            + (usage.output_tokens or 0) * price.output
        )
        return spent / TOKENS
