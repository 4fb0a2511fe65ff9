"""Which pairs a judge model is asked about, and what its word does to a result."""

import msgspec
import pytest
from fakes.judge_server import FakeJudge, judge_of
from fakes.judged_epoch import AT_NS, KEY, planned_of, said
from fakes.pair_results import result_of, score
from fakes.stored_calls import text_call

from replayd.budget.accounting import SpendingAccount, SpendingReader
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases.loader import CaseLoader
from replayd.config import BudgetConfig, ControlRateConfig
from replayd.judge_model.pair import PairJudge, wanted
from replayd.model import ArmAnswer, PairAnswers
from replayd.scoring.recorded import Recorded
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import codec
from snaptrace.store.store import Store

RIGHT, WRONG = "It is closed on Mondays.", "It is open on Mondays."
CALL = text_call(1, at_ns=AT_NS, answer=RIGHT)


def unscored(number=0, **more):
    """Return a result without a value for quality."""
    row = result_of(number, **more)
    streams = {k: v for k, v in row.streams.items() if k != "quality"}
    return msgspec.structs.replace(row, streams=streams)


def checked():
    """Return a result that a decisive rule found equal."""
    row = result_of(0)
    quality = msgspec.structs.replace(row.streams["quality"], scorer="json_fields")
    return msgspec.structs.replace(row, streams={**row.streams, "quality": quality})


async def judged(result, canary, control, fake=None):
    """Return the result after the judge, and what the judge was asked."""
    fake = fake or FakeJudge(wrong=["open on Mondays"])
    content = CaseLoader(Store.open(StoreConfig(url="memory://")), KEY)
    answers = PairAnswers(
        number=0,
        snapshot_id=CALL.snapshot_id,
        canary=canary if isinstance(canary, ArmAnswer) else said(canary),
        control=None if control is None else said(control),
    )
    heard = []
    async with judge_of(fake) as judge:
        found = await PairJudge(judge, content, heard.append).judged(
            planned_of(0, CALL, "segment", 0),
            Recorded(codec.pack_snapshot(CALL)),
            answers,
            result,
        )
    return found, fake.prompts, heard


async def test_prose_that_no_scorer_values_is_judged():
    """Ruined prose would stay unscored."""
    found, prompts, heard = await judged(unscored(), WRONG, RIGHT)
    verdict = found.diagnostics["judge"]
    assert (verdict.canary, verdict.control, verdict.reason) == (0.0, 1.0, "worse")
    assert verdict.scorer == "prose@1"
    assert "quality" not in found.streams
    assert len(prompts) == 2
    assert found.judge.attempts == 2
    assert heard[0].quotes == ("open on Mondays",)


async def test_unequal_scores_are_judged_too():
    """A rewording that a scorer punished would never meet a judge."""
    found, _, _ = await judged(result_of(0, 0.5), "On Mondays it is closed.", RIGHT)
    assert found.diagnostics["judge"].reason == "tie"
    assert found.streams["quality"].canary == 0.5


async def test_equal_scores_of_prose_are_judged():
    """A fact turned round that the claims scorer missed would never meet a judge."""
    assert result_of(0).streams["quality"].scorer == "key_facts"
    found, _, _ = await judged(result_of(0), WRONG, RIGHT)
    assert found.diagnostics["judge"].reason == "worse"


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (checked(), "scores agree by a decisive rule"),
        (unscored(lane="pin:smoke"), "not traffic"),
        (unscored(excluded="erased"), "excluded"),
        (result_of(0, None, None), "a scorer at fault"),
    ],
)
async def test_others_cost_nothing(result, why):
    """Money would be spent on pairs that need no judge."""
    assert not wanted(result), why
    found, prompts, _ = await judged(result, WRONG, RIGHT)
    assert (found, prompts) == (result, [])


async def test_equal_answers_and_missing_ones_need_no_judge():
    """The judge would be paid for what is known."""
    found, prompts, _ = await judged(unscored(), RIGHT, RIGHT)
    assert found.diagnostics["judge"].reason == "identical"
    missing = ArmAnswer(outcome="timeout")
    other, more, _ = await judged(unscored(), missing, RIGHT)
    verdict = other.diagnostics["judge"]
    assert (verdict.canary, verdict.control, verdict.reason) == (0.0, 1.0, "no_answer")
    assert prompts == more == []


async def test_without_a_control_there_is_nothing_to_compare():
    """A canary would be judged against an old recording."""
    found, prompts, _ = await judged(unscored(), WRONG, None)
    assert ("judge" in found.diagnostics, prompts) == (False, [])


async def test_an_absent_judge_is_no_score():
    """An outage would count against an arm."""
    found, _, _ = await judged(unscored(), WRONG, RIGHT, FakeJudge("away"))
    verdict = found.diagnostics["judge"]
    assert (verdict.canary, verdict.control, verdict.reason) == (None, None, "away")


async def test_what_judging_cost_is_counted_again_after_a_restart():
    """A crash would open the judge's budget anew."""
    found, _, _ = await judged(unscored(), WRONG, RIGHT)
    spent = SpendingReader()
    spent.add(found)
    (amount,) = spent.judge.values()
    assert (amount.requests, amount.tokens) == (2, 36)
    assert score(1.0).scorer  # the arms' own spending is not the judge's
    assert sum(a.requests for a in spent.minutes.values()) == 2


def test_a_crash_does_not_open_the_judges_budget():
    """Pairs in flight at a kill would be judged twice for one budget."""
    config = BudgetConfig(requests_per_day=5)
    spending = SpendingAccount(
        Budgets(BudgetConfig(), {}),
        Prices({}),
        ControlRate(ControlRateConfig(), 3600),
        ManualClock(),
        judge=Budgets(config, {}),
        judge_model="referee",
    )
    for number in range(2):
        spending.hold_judge(planned_of(number, CALL, "segment", number))
    (line,) = spending.judge.lines(AT_NS)
    assert (line.unit, line.used) == ("requests", 4)


class ManualClock:
    """A clock that stands still."""

    @staticmethod
    def now_ns():
        """Return the time of the recorded call."""
        return AT_NS
