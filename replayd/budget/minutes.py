"""Spending by minute of the last day, so that a part's own budget holds on restart."""

from msgspec import Struct

from replayd.budget.accounting import DAY_NS, MINUTE_NS
from replayd.budget.limits import Amount


class Spent(Struct, frozen=True, kw_only=True):
    """Spending of one minute."""

    minute_ns: int
    requests: int = 0
    tokens: int = 0
    money: float = 0.0

    @property
    def amount(self) -> Amount:
        """Requests, tokens and money that budgets count."""
        return Amount(requests=self.requests, tokens=self.tokens, money=self.money)


def with_spent(
    known: tuple[Spent, ...], at_ns: int, amount: Amount
) -> tuple[Spent, ...]:
    """Return `known` with one more amount, without what is older than a day."""
    minute_ns = at_ns - at_ns % MINUTE_NS
    kept = [each for each in known if each.minute_ns > at_ns - DAY_NS]
    before = Spent(minute_ns=minute_ns)
    if kept and kept[-1].minute_ns == minute_ns:
        before = kept.pop()
    now = Spent(
        minute_ns=minute_ns,
        requests=before.requests + amount.requests,
        tokens=before.tokens + amount.tokens,
        money=before.money + amount.money,
    )
    return (*kept, now)
