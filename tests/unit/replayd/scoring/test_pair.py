"""One pair of answers becomes one result."""

import math

import msgspec
import pytest
from fakes.scoring_cases import answer_of, case_of, listed_case
from hypothesis import given
from hypothesis import strategies as st

from replayd.errors import ScoreRangeError
from replayd.model import ArmAnswer, PairAnswers, Planned
from replayd.scoring import SCORERS
from replayd.scoring.contract import Score
from replayd.scoring.pair import checked, judge
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Redaction,
    ReplacedText,
    ToolCall,
)

RECORDED = "Revenue in the north region was 4,210 euros, up 12.5 percent."


def planned_of(**more):
    """Return a planned number."""
    return Planned(number=3, case=listed_case(), lane="traffic", **more)


def arm(text="", outcome="answered", **more):
    """Return what one arm did."""
    return ArmAnswer(outcome=outcome, answer=answer_of(text, **more))


async def judged(case, canary, control=None, second=None, **more):
    """Judge one pair."""
    answers = PairAnswers(
        number=3,
        snapshot_id="s",
        canary=canary,
        control=control,
        second_control=second,
    )
    return await judge(planned_of(), case, answers, committed_at_ns=5, **more)


async def test_three_streams_with_one_primary_rule():
    """A pair would be judged by nothing, or twice."""
    case = case_of(answer_of(RECORDED))
    result = await judged(case, arm("It was 4,120 euros, up 12.5 %."), arm(RECORDED))
    assert set(result.streams) == {"answered", "invariants", "quality"}
    quality = result.streams["quality"]
    assert (quality.scorer, quality.control) == ("claims", 1.0)
    assert quality.canary is not None
    assert quality.canary <= 0.5
    assert result.streams["answered"].canary == 1.0
    assert result.streams["invariants"].canary == 1.0
    assert "overlap" in result.diagnostics
    assert (result.number, result.committed_at_ns, result.service) == (3, 5, "shop")


@pytest.mark.parametrize("many", [1, 2, 3, 8, 40])
async def test_one_wrong_argument_makes_a_call_worse_than_half_right(many):
    """A canary that books the wrong day would lose three eighths of a pair."""
    right = {f"field{n}": f"value {n}" for n in range(many)}
    wrong = {**right, "field0": "another one"}

    def calling(arguments):
        text = msgspec.json.encode(arguments).decode()
        return answer_of("", calls=[{"name": "book", "arguments": text}])

    answers = [ArmAnswer(outcome="answered", answer=calling(a)) for a in (wrong, right)]
    result = await judged(case_of(answers[1].answer), *answers)
    quality = result.streams["quality"]
    assert (quality.scorer, quality.control) == ("tool_calls", 1.0)
    assert (quality.canary or 0.0) < 0.5


@pytest.mark.parametrize("outcome", ["timeout", "server_error", "malformed"])
async def test_a_missing_answer_scores_0_for_the_arm_that_lacks_it(outcome):
    """Timeouts would drop out, and a slow canary look good."""
    case = case_of(answer_of(RECORDED))
    missing, there = arm("", outcome), arm(RECORDED)
    one = await judged(case, missing, there)
    assert [one.streams[s].canary for s in one.streams] == [0.0, 0.0, 0.0]
    assert [one.streams[s].control for s in one.streams] == [1.0, 1.0, 1.0]
    other = await judged(case, there, missing)
    assert [other.streams[s].control for s in other.streams] == [0.0, 0.0, 0.0]
    assert [other.streams[s].canary for s in other.streams] == [1.0, 1.0, 1.0]


async def test_refusing_where_production_answered_breaks_an_invariant():
    """An over-careful canary would only lose some facts."""
    case = case_of(answer_of(RECORDED))
    refusing = arm("I'm sorry, but I can't help with that.", "refused")
    result = await judged(case, refusing, arm(RECORDED))
    invariants = result.streams["invariants"]
    assert (invariants.canary, invariants.control) == (0.0, 1.0)
    assert invariants.reason == "refusal_kept"
    assert result.streams["answered"].canary == 1.0
    assert result.streams["quality"].canary == 0.0


async def test_a_recorded_refusal_asks_for_no_facts():
    """Refusing rightly would score 0 in quality."""
    case = case_of(answer_of("I'm sorry, but I can't help with that 4,210."))
    again = arm("I'm sorry, but I can't help with this.")
    result = await judged(case, again, again)
    assert result.streams["quality"].scorer == "refusal_agreed"
    assert result.streams["quality"].canary == 1.0
    assert result.streams["invariants"].canary == 1.0
    result = await judged(case, arm("Sure: 4,210."), again)
    assert result.streams["quality"].canary == 0.0
    assert result.streams["invariants"].canary == 0.0


async def test_without_a_control_agreement_is_no_verdict():
    """A canary would be compared with a recording that the model itself misses."""
    case = case_of(answer_of(RECORDED))
    result = await judged(case, arm("4,120"))
    assert set(result.streams) == {"answered", "invariants"}
    assert result.streams["invariants"].control == 1.0
    assert result.diagnostics["key_facts"].canary < 1.0
    assert result.control is None


async def test_without_a_control_pinned_assertions_still_decide():
    """A pin would say nothing for a team that has no control."""
    case = case_of(answer_of(RECORDED), assertions=({"number": "4210"},))
    result = await judged(case, arm("4,120"))
    quality = result.streams["quality"]
    assert (quality.scorer, quality.canary, quality.control) == ("assertions", 0.0, 1.0)


async def test_a_control_asked_twice_is_scored_twice():
    """The noise floor would be measured on nothing."""
    case = case_of(answer_of(RECORDED))
    result = await judged(case, arm(RECORDED), arm(RECORDED), arm("", "timeout"))
    seconds = [result.streams[s].second_control for s in result.streams]
    assert seconds == [0.0, 0.0, 0.0]


def redacted_case(text, start, end, pseudonym, question="", **more):
    """Return a case in whose recording one stretch was replaced."""
    replaced = ReplacedText(
        path="answer.text", start=start, end=end, kind="card", pseudonym=pseudonym
    )
    return case_of(
        answer_of(text),
        question=question,
        redaction=Redaction(version="1", replaced=(replaced,)),
        **more,
    )


async def test_redacted_stretches_count_for_nobody():
    """A pseudonym would be a fact that no model can know."""
    text = "Card 4000 1234 is charged 12.50 euros."
    case = redacted_case(text, 5, 14, "4000 1234")
    result = await judged(
        case, arm("The card is charged 12.50 euros."), arm("Card 4000 1234: 12.50")
    )
    quality = result.streams["quality"]
    assert (quality.canary, quality.control) == (1.0, 1.0)


async def test_a_case_whose_fact_was_redacted_is_excluded_and_said_so():
    """Both arms would be marked wrong for not guessing a pseudonym."""
    case = redacted_case("It is 4711.", 6, 10, "4711", question="What is my PIN?")
    result = await judged(case, arm("4712"), arm("4711"))
    assert result.excluded == "unscorable_redacted"
    assert result.streams == {}


@pytest.mark.parametrize("operation", ["moderation", "image_generation", "rerank"])
async def test_operations_without_a_scorer_are_excluded_by_name(operation):
    """They would pass for want of a rule."""
    case = case_of(answer_of(""), operation=operation)
    result = await judged(case, arm(""), arm(""))
    assert result.excluded == f"no_scorer_{operation}"


async def test_unknown_assertions_are_not_silently_met():
    """A pin written for a later release would always pass."""
    case = case_of(answer_of(RECORDED), assertions=({"smells": "nice"},))
    result = await judged(case, arm("x"), arm("x"))
    assert result.excluded == "unknown_assertion"


async def test_output_whose_schema_nobody_saw_is_not_judged_by_it():
    """Arms that were never told of a schema would fail it."""
    schema = {"type": "object"}
    seen = case_of(answer_of('{"a": 1}'), schema=schema)
    hidden = case_of(
        answer_of('{"a": 1}'),
        fidelity=Fidelity(level="as_observed", unobserved=("response_format",)),
    )
    result = await judged(seen, arm("prose"), arm('{"a": 1}'))
    assert result.streams["invariants"].reason == "schema_kept"
    assert result.streams["quality"].scorer == "document_fields"
    result = await judged(hidden, arm("prose 1"), arm("prose 1"))
    assert "schema_kept" not in result.diagnostics
    assert result.streams["quality"].scorer == "claims"


async def test_tools_that_nobody_saw_are_not_judged():
    """Arms without tools would be marked down for not calling any."""
    call = ToolCall(name="get", arguments="{}")
    hidden = case_of(
        Answer(tool_calls=(call,)),
        fidelity=Fidelity(level="as_observed", unobserved=("tools",)),
    )
    result = await judged(hidden, arm("text"), arm("text"))
    assert "quality" not in result.streams
    assert "tools_kept" not in result.diagnostics


@pytest.mark.parametrize(
    ("modality", "question", "recorded", "scorer"),
    [
        ("image", "Read the chart.", "North: 42\nSouth: 31", "cell_values"),
        ("image", "Who is this by?", "A painting by Paula Modersohn.", "final_answer"),
        ("document", "Total?", "The total is 12.50.", "final_answer"),
        ("audio", "Transcribe the command.", "turn on the light", "words_heard"),
        ("audio", "Transcribe.", " ".join(["word"] * 30), "words_heard"),
        ("audio", "When does it leave?", "It leaves at 17:30.", "final_answer"),
        ("text", "Total?", "The total is 12.50.", "final_answer"),
        ("text", "JSON please", '{"total": 12.5}', "document_fields"),
    ],
)
async def test_the_rule_follows_from_request_and_recording(
    modality, question, recorded, scorer
):
    """A picture would be judged by its wording, a command by its numbers."""
    case = case_of(answer_of(recorded), question=question, modality=modality)
    result = await judged(case, arm("anything"), arm(recorded))
    assert result.streams["quality"].scorer == scorer
    assert result.streams["quality"].control == 1.0


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -0.01, 1.01, True, "1", b"", 1 + 0j]
)
def test_scores_off_the_scale_are_refused(value):
    """Nonsense would become evidence."""
    with pytest.raises(ScoreRangeError, match="rule"):
        checked("rule", Score(value))


def test_no_score_needs_a_reason():
    """A scorer could stay silent on what it dislikes."""
    with pytest.raises(ScoreRangeError):
        checked("rule", Score(None))
    assert checked("rule", Score(None, "judge is down")).value is None


class Faulty:
    """A rule that breaks its promise for the answer `bad`."""

    name = "final_answer"

    def __init__(self, value):
        self.value = value

    def applies(self, _case):
        """Everywhere."""
        return True

    async def score(self, _case, said):
        """Return nonsense for one answer."""
        return Score(self.value if said.answer.text == "bad" else 1.0)


async def test_a_rule_at_fault_takes_its_stream_out_of_the_pair(caplog):
    """NaN for one arm would raise or lower the other."""
    case = case_of(answer_of(RECORDED))
    rules = {**SCORERS, "final_answer": Faulty(math.nan)}
    result = await judged(case, arm("bad"), arm("good"), scorers=rules)
    quality = result.streams["quality"]
    assert (quality.canary, quality.control) == (None, None)
    assert quality.reason == "scorer_fault"
    assert result.streams["answered"].canary == 1.0
    assert "final_answer returned nan" in caplog.records[0].why


class Fickle(Faulty):
    """A rule that stops applying once it has seen an answer it dislikes."""

    def __init__(self):
        super().__init__(0.0)
        self.seen_bad = False

    def applies(self, _case):
        """Until an answer was bad."""
        return not self.seen_bad

    async def score(self, _case, said):
        """Remember what was seen."""
        self.seen_bad = self.seen_bad or said.answer.text == "bad"
        return Score(1.0)


async def test_a_rule_that_applies_after_the_fact_is_at_fault(caplog):
    """A rule could drop the cases that its favourite gets wrong."""
    case = case_of(answer_of(RECORDED))
    rules = {**SCORERS, "final_answer": Fickle()}
    result = await judged(case, arm("bad"), arm("good"), scorers=rules)
    assert result.streams["quality"].reason == "scorer_fault"
    assert result.streams["quality"].canary is None
    assert "changed its mind" in caplog.text


class Away(Faulty):
    """An outside judge that is down for one arm."""

    def __init__(self):
        super().__init__(None)

    async def score(self, _case, said):
        """Be away for one answer."""
        if said.answer.text == "bad":
            return Score(None, "judge is down")
        return Score(1.0)


async def test_an_outage_is_told_apart_from_zero():
    """A judge that is down would count against the model."""
    case = case_of(answer_of(RECORDED))
    rules = {**SCORERS, "final_answer": Away()}
    result = await judged(case, arm("bad"), arm("good"), scorers=rules)
    quality = result.streams["quality"]
    assert (quality.canary, quality.control) == (None, 1.0)
    assert quality.reason == "judge_away"


@given(canary=st.text(max_size=80), control=st.text(max_size=80))
async def test_results_hold_no_content(canary, control):
    """An answer would be kept after its content was erased."""
    mark = "Zwiebelkuchen"
    case = case_of(answer_of(RECORDED + mark), question=mark)
    result = await judged(case, arm(mark + canary), arm(mark + control))
    assert mark.encode() not in msgspec.json.encode(result)


class Doubtful:
    """A rule that cannot tell whether `reworded` says the same."""

    name = "claims"
    SCORES = {  # noqa: RUF012 - a table
        "right": Score(1.0),
        "wrong": Score(0.3, "another fact"),
        "reworded": Score(0.65, "worded freely", unsure=True),
    }

    def applies(self, _case):
        """Every case."""
        return True

    async def score(self, _case, said):
        """Return the row of an answer's text."""
        return self.SCORES[said.answer.text]


@pytest.mark.parametrize(
    ("canary", "control", "scored"),
    [
        ("right", "wrong", True),
        ("reworded", "right", False),
        ("right", "reworded", False),
        ("wrong", "reworded", True),
        ("reworded", "wrong", True),
    ],
)
async def test_free_rewording_beside_a_right_answer_is_unscored(
    canary, control, scored
):
    """An unknown answer would gate as a guess, or a known wrong one would be let go."""
    case = case_of(answer_of("A ferry was late because of the wind."))
    rules = {**SCORERS, "claims": Doubtful(), "key_facts": Doubtful()}
    result = await judged(case, arm(canary), arm(control), scorers=rules)
    assert ("quality" in result.streams) is scored
    assert ("claims" in result.diagnostics) is not scored
