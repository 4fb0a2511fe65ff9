"""Spending of an earlier leadership on numbers without a result.

A plan says what is sent at most; retries are written down before they are sent. So
everything planned and not known as unsent counts as spent, whatever became of it.
"""

from collections import Counter
from collections.abc import Sequence

from replayd.budget.accounting import planned_charge
from replayd.ledger.ledger import Opened
from replayd.model import Charged, Lost, Planned


def lost_spending(open_numbers: Sequence[Planned], opened: Opened, now_ns: int) -> Lost:
    """Return what the last term may have spent on numbers that are still open."""
    more = Counter(opened.tries)
    spent: dict[str, Charged] = {}
    for item in open_numbers:
        if opened.term == 0 or item.number in opened.unsent:
            continue
        each = planned_charge(item, 1 + more[item.number])
        modality = item.case.modality
        spent[modality] = charged_together(spent.get(modality, Charged()), each)
    return Lost(at_ns=now_ns, spent=tuple(spent.items()))


def charged_together(one: Charged, other: Charged) -> Charged:
    """Return the sum of two charges."""
    return Charged(
        requests=one.requests + other.requests,
        tokens=one.tokens + other.tokens,
        money=one.money + other.money,
        control_calls=one.control_calls + other.control_calls,
    )
