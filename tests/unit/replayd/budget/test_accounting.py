"""What was spent before this replica led: counted once, whoever spent it."""

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap
from fakes.led_epoch import cases
from fakes.pair_results import epoch_of
from msgspec.structs import replace

from replayd.budget.accounting import DAY_NS, SpendingAccount, SpendingReader
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Amount, Budgets, Prices
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.evaluation import epochs
from replayd.evaluation.epochs import DeclaredRevision
from replayd.evaluation.lost_spending import lost_spending
from replayd.ledger.ledger import Ledger, Opened, open_epoch
from replayd.model import ArmOutcome, PairResult, Planned

NOW = 1_800_000_000_000_000_000 // DAY_NS * DAY_NS + DAY_NS // 2


def spending_of(clock):
    budgets = Budgets(BudgetConfig(requests_per_day=100), {})
    rate = ControlRate(ControlRateConfig(), 86_400.0)
    return SpendingAccount(budgets, Prices({}), rate, clock)


def used(spending, clock):
    return spending.budgets.lines(clock.now_ns())[0].used


def result(number, at_ns):
    arm = ArmOutcome(outcome="answered")
    return PairResult(
        number=number,
        snapshot_id=str(number),
        modality="text",
        lane="traffic",
        slices=(),
        recorded_at_ns=at_ns,
        committed_at_ns=at_ns,
        canary=arm,
        control=arm,
    )


def spent(pairs, at_ns=NOW):
    found = SpendingReader()
    for number in range(pairs):
        found.add(result(number, at_ns))
    return found


def test_an_epoch_is_counted_once_while_leading():
    """If it failed, every stumble of a leader would eat a part of the day's budget."""

    async def main():
        clock = LoopClock(NOW)
        spending = spending_of(clock)
        spending.recount("e1", spent(10))
        spending.recount("e1", spent(10))
        assert used(spending, clock) == 20
        spending.recount("e2", spent(5))
        assert used(spending, clock) == 30

    leap(main)


def test_whoever_leads_again_counts_what_another_spent_meanwhile():
    """If it failed, two replicas taking turns would each spend a whole budget."""

    async def main():
        clock = LoopClock(NOW)
        spending = spending_of(clock)
        spending.recount("e1", spent(10))
        spending.reserve("text", Amount(requests=2))
        spending.forget()
        assert used(spending, clock) == 0
        spending.recount("e1", spent(30))
        assert used(spending, clock) == 60

    leap(main)


def test_what_was_in_flight_at_a_crash_counts_as_spent():
    """If it failed, what is sent again after a crash would cost no budget."""

    async def main():
        clock = LoopClock(NOW)
        spending = spending_of(clock)
        item = Planned(number=1, case=cases(1)[0], lane="traffic", reserved_requests=2)
        opened = Opened(term=1, crashed=True, doomed=frozenset(), tries=(1, 1))
        lost = lost_spending([item], opened, clock.now_ns())
        spending.recount_lost("e1", [lost])
        assert used(spending, clock) == 6  # and both retries that were written down
        known = Opened(term=1, crashed=False, doomed=frozenset(), unsent=frozenset({1}))
        assert not lost_spending([item], known, clock.now_ns()).spent

    leap(main)


def test_a_new_epoch_after_a_restart_does_not_open_the_budget_again():
    """If it failed, each declared revision and restart would spend a day's money."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        day = DAY_NS
        started = {"old": NOW - 3 * day, "e1": NOW - 2 * day, "e2": NOW - day // 10}
        made = []
        for sequence, (name, at_ns) in enumerate(started.items()):
            epoch = replace(
                epoch_of("text"),
                epoch=name,
                canary="canary",
                sequence=sequence,
                started_at_ns=at_ns,
            )
            await open_epoch(store, epoch)
            made.append(epoch)
            results = [result(number, NOW - day // 5) for number in range(3)]
            await Ledger(store, name, clock).commit(results, [])
        found = await epochs.spent_before(store, clock, made[-1])
        assert list(found) == ["e1"]  # the first ended more than a day ago
        assert sum(found["e1"].control.values()) == 3

    leap(main)


def test_a_revision_in_the_configuration_outranks_an_older_declaration():
    """If it failed, one PUT would hide every later revision of the file for ever."""
    arm = ArmConfig(role="canary", url="http://c", model="m", revision="r1")
    declared = DeclaredRevision(revision="r2", instead_of="r1")
    assert epochs.with_declared(arm, declared).revision == "r2"
    newer = replace(arm, revision="r3")
    assert epochs.with_declared(newer, declared).revision == "r3"
    unsaid = DeclaredRevision(revision="r2")
    assert epochs.with_declared(newer, unsaid).revision == "r2"
