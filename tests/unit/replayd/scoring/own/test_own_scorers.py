"""Scorers of a team's own in the place of rules."""

import asyncio
import os
from pathlib import Path

import pytest
from fakes.judged_epoch import AT_NS, planned_of, said
from fakes.leaping_loop import LoopClock
from fakes.scoring_cases import answer_of, case_of
from fakes.stored_calls import text_call

from replayd.config import ArmConfig, ReplaydConfig
from replayd.config.scorers import ScorerConfig
from replayd.evaluation.epochs import wanted_epoch
from replayd.model import PairAnswers
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.own.scorer import own_scorers
from replayd.scoring.own.settings import OwnScorers, check_declared
from replayd.scoring.pair import PairScoring
from replayd.scoring.pool import ScoringPool
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import RedactionSettings
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import ConfigError
from snaptrace.snapshot.codec import pack_snapshot

RECORDED = "one two three four"
CALL = text_call(7, at_ns=AT_NS, answer=RECORDED)


@pytest.fixture(autouse=True)
def found_by_processes(monkeypatch):
    """Have confined processes find the tests' scorers; and a secret lie about."""
    path = os.pathsep.join((str(Path(__file__).parents[4]), str(Path.cwd())))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("SNAPTRACE_SECRET", "s3cr3t")


@pytest.fixture
def own():
    """Return a maker of own scorers that ends their processes after the test."""
    made = []

    def make(use="WordShare", **more):
        settings = {"version": "1", "role": "quality", **more}
        config = ScorerConfig(use=f"fakes.own_scorers:{use}", **settings)
        made.extend(own_scorers(OwnScorers({"mine": config})))
        return tuple(made[-1:])

    yield make
    for scorer in made:
        scorer.close()


async def judged(own, canary="one two", control=RECORDED, **more):
    """Judge one pair with own scorers beside the built-in ones."""
    case = case_of(answer_of(RECORDED), **more)
    answers = PairAnswers(
        number=0, snapshot_id="s", canary=said(canary), control=said(control)
    )
    bench = PairScoring(planned_of(0, CALL, "s", 0), case, answers, 5)
    return await bench.judged(SCORERS, INVARIANTS, own)


async def test_an_own_scorer_of_quality_takes_the_place_of_the_rules(own):
    """A team that knows better how its answers are used could not say so."""
    quality = (await judged(own())).streams["quality"]
    assert (quality.scorer, quality.canary, quality.control) == ("mine", 0.5, 1.0)
    assert quality.reason == "2 words"


async def test_it_values_operations_that_no_rule_can(own):
    """Embeddings and the like would stay excluded although somebody can judge them."""
    result = await judged(own(), operation="rerank")
    assert (result.excluded, result.streams["quality"].canary) == ("", 0.5)
    assert (await judged((), operation="rerank")).excluded == "no_scorer_rerank"


async def test_an_invariant_can_be_the_lowest_and_a_diagnostic_decides_nothing(own):
    """A role would mean something else than its name."""
    lowest = (await judged(own(role="invariants"))).streams["invariants"]
    assert (lowest.canary, lowest.control, lowest.reason) == (0.5, 1.0, "mine")
    shown = await judged(own(role="diagnostic"))
    assert shown.diagnostics["mine"].canary == 0.5
    assert shown.streams["quality"].scorer != "mine"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"modality": ["image"]},
        {"route": ["billing"]},
        {"service": ["billing"]},
        {"task": ["table"]},
        {"attributes": {"team": ["a"]}},
    ],
)
async def test_it_judges_only_what_it_is_configured_for(own, elsewhere):
    """A rule for one team's route would judge everybody's traffic."""
    assert (await judged(own(**elsewhere))).streams["quality"].scorer != "mine"


@pytest.mark.parametrize(
    "broken",
    [
        {"use": "TooMuch"},
        {"use": "missing"},
        {"use": "Hanging", "timeout_seconds": 0.5},
        {"version": "2"},
    ],
)
async def test_a_broken_promise_takes_the_stream_out_for_both_arms(own, broken):
    """A scorer at fault would count as a bad answer, or another rule would judge."""
    result = await judged(own(**broken))
    quality = result.streams["quality"]
    assert (quality.scorer, quality.canary, quality.control) == ("mine", None, None)
    assert quality.reason == "scorer_fault"
    assert result.streams["answered"].canary == 1.0


async def test_it_sees_no_secret_of_the_program(own):
    """A metric from elsewhere could send keys away."""
    assert (await judged(own("Curious"))).streams["quality"].canary == 1.0


@pytest.mark.parametrize("in_process", [True, False])
async def test_the_pool_asks_it_wherever_pairs_are_judged(in_process):
    """A configured scorer would judge in tests and not in a daemon."""
    config = ScorerConfig(
        use="fakes.own_scorers:WordShare", version="1", role="quality"
    )
    redaction = RedactionSettings(RedactConfig(), FleetKey(b"k" * 32).handed_over())
    judging = ScoringPool(
        LoopClock(AT_NS),
        redaction,
        in_process=in_process,
        own=OwnScorers({"mine": config}),
    )
    stop = asyncio.Event()
    answers = PairAnswers(
        number=0,
        snapshot_id=CALL.snapshot_id,
        canary=said("one two"),
        control=said(RECORDED),
    )
    async with asyncio.TaskGroup() as group:
        part = group.create_task(judging.run(lambda: None, stop))
        await asyncio.sleep(0)
        planned = planned_of(0, CALL, "s", 0)
        found = await judging.judge(planned, Recorded(pack_snapshot(CALL)), answers)
        stop.set()
        await part
    quality = found.result.streams["quality"]
    assert (quality.scorer, quality.canary, quality.control) == ("mine", 0.5, 1.0)


def test_a_built_in_name_is_refused():
    """One label would stand for two rules."""
    with pytest.raises(ConfigError, match="claims"):
        check_declared({"claims": ScorerConfig(version="1")})


def test_another_version_is_another_epoch():
    """Evidence of two rules would be added up."""
    arm = ArmConfig(role="canary", url="http://c/v1", model="m")

    def key(**scorers):
        config = ReplaydConfig(arms={"c": arm}, scorers=scorers)
        return wanted_epoch(config, "c", arm, ("text",)).key["scorers"]

    first = key(mine=ScorerConfig(version="1"))
    assert first != key(mine=ScorerConfig(version="2"))
    assert first != key() == ",".join(sorted(SCORERS))
