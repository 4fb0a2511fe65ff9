"""One answer to one pin: passed, failed, or not judged and why.

A pin with an assertion is held to it; one without is held to its recording by the rules
that judge live traffic. The recording stands in for the control there, so its own score
says whether the rule can judge this pin at all.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.outcomes import RULES, is_outage
from replayd.model import (
    ArmAnswer,
    Case,
    PairAnswers,
    PairResult,
    Planned,
    StreamScore,
)
from replayd.offline.suite.company import is_strange, says_more
from replayd.offline.suite.held import MOST_MASKED, Held
from replayd.offline.suite.outcome import State
from replayd.offline.suite.sense import own_words, senseless
from replayd.scoring.pair import judge
from replayd.scoring.tasks import USABILITY
from snaptrace.snapshot.model import Answer, Snapshot

# Rules of usability take at most this much for what changes nothing (an article, an
# accent); from one error on they give half or less. Rules of partial agreement take
# less than that for an error, so there only 1 passes.
LEAST_USABLE: Final = 0.9
ASSERTIONS: Final = "assertions"


class Judged(Struct, frozen=True):
    """One answer's state, by which rule, and why."""

    state: State
    why: tuple[str, ...] = ()
    judged_by: str = ""
    outage: bool = False


async def judged(held: Held, answer: ArmAnswer) -> Judged:
    """Judge one arm's answer to a pin."""
    found = await _by_rules(held, answer)
    if found.state != "passed":
        return found
    text = answer.answer.text
    why = senseless(held, text) or await _of_other_pins(held, text)
    return Judged("failed", (why,), found.judged_by) if why else found


async def _by_rules(held: Held, answer: ArmAnswer) -> Judged:
    scoring = held.scoring
    recorded = scoring.reference
    usable = recorded.observed and recorded.outcome != "error"
    masked = held.masks.apply(answer.answer).answer
    answers = PairAnswers(
        number=0,
        snapshot_id=scoring.snapshot.snapshot_id,
        canary=replace(answer, answer=masked),
        control=ArmAnswer(outcome="answered", answer=recorded) if usable else None,
    )
    planned = Planned(number=0, case=_case(scoring.snapshot), lane="pin")
    result = await judge(planned, scoring, answers, committed_at_ns=0)
    return _state_of(result, answer, held)


async def _of_other_pins(held: Held, text: str) -> str:
    """Return why an answer is one to other pins of the suite, "" where it is not.

    A recording of another pin that stands in it word for word is none of its own
    affair, if it would be wrong here by itself, names what only the other asked for or
    has no word in common with what was asked and recorded here.
    """
    company, own = held.company, own_words(held)
    if company.is_collage(text, own):
        return "lines of several pins' recordings"
    for other in company.quoted(held.scoring.snapshot.snapshot_id, text):
        if not says_more(other.text, own):
            continue
        alone = ArmAnswer(outcome="answered", answer=Answer(text=other.text))
        if (
            is_strange(other.text, own)
            or other.names_its_subject(own)
            or (await _by_rules(held, alone)).state == "failed"
        ):
            return f"says the recording of {other.pin[:12]} as well"
    return ""


async def rule_judges(held: Held) -> bool:
    """Return whether a rule finds the recording itself right: else none can judge."""
    recorded = held.scoring.reference
    answer = ArmAnswer(outcome="answered", answer=recorded)
    return (await judged(held, answer)).state != "not_judged"


def _case(snapshot: Snapshot) -> Case:
    """Return the facts of a case that is judged outside a schedule."""
    return Case(
        snapshot_id=snapshot.snapshot_id,
        segment="",
        index=0,
        unit=snapshot.snapshot_id,
        trace_id=snapshot.trace_id,
        service=snapshot.service,
        modality=snapshot.modality,
        api=snapshot.request.api,
        model=snapshot.request.model,
        route=snapshot.route,
        rank=snapshot.rank,
        recorded_at_ns=snapshot.ended_at_ns,
        uniform=False,
        replayable=True,
    )


def _state_of(result: PairResult, answer: ArmAnswer, held: Held) -> Judged:
    if not RULES[answer.outcome].scored:
        detail = f" ({answer.detail})" if answer.detail else ""
        why = f"no answer: {answer.outcome}{detail}"
        away = is_outage(answer.outcome, answer.detail)
        return Judged("failed", (why,), "answered", away)
    if result.excluded:
        return Judged("not_judged", (_excluded(result.excluded),))
    quality = _quality(result, held)
    by = quality.scorer if quality is not None else ""
    found = [_kept(result.streams.get("invariants"))]
    if held.by_recording and held.masked_share > MOST_MASKED:
        found.append(("not_judged", "too little of the recording is left unmasked"))
    elif held.by_recording or held.scoring.assertions:
        found.append(_agreed(quality))
    else:
        by = ASSERTIONS  # those that some of several runs must meet
    if failed := tuple(why for state, why in found if state == "failed"):
        return Judged("failed", failed, by or "invariants")
    if invalid := tuple(why for state, why in found if state == "not_judged"):
        return Judged("not_judged", invalid)
    return Judged("passed", (), by)


def _quality(result: PairResult, held: Held) -> StreamScore | None:
    """Return the stream that decides; facts alone where wording is ignored."""
    quality = result.streams.get("quality")
    if quality is not None and held.masks.wording and quality.scorer == "claims":
        return result.diagnostics.get("key_facts", quality)
    return quality


def _kept(invariants: StreamScore | None) -> tuple[State, str]:
    """Return whether the invariants hold as well as in the recording."""
    if invariants is None:
        return "passed", ""
    why = f"invariants: {invariants.reason}"
    if invariants.canary is None:
        return "not_judged", why
    least = 1.0 if invariants.control is None else invariants.control
    return ("failed" if invariants.canary < least else "passed"), why


def _agreed(quality: StreamScore | None) -> tuple[State, str]:
    """Return whether the assertion is met, or the recording agreed with."""
    if quality is None:
        return "not_judged", "no rule can check this recording; pin it with --expect"
    why = f"{quality.scorer}: {quality.reason or 'differs'}"
    if quality.canary is None:
        return "not_judged", why
    if not _judges(quality):
        return "not_judged", f"the recording itself does not satisfy {quality.scorer}"
    least = _least(quality.scorer)
    return ("failed" if quality.canary < least else "passed"), why


def _least(scorer: str) -> float:
    return LEAST_USABLE if scorer in USABILITY else 1.0


def _judges(quality: StreamScore) -> bool:
    """Whether a rule that fails an answer does not fail the recording as well."""
    if quality.scorer == ASSERTIONS:
        return True
    return quality.control is not None and quality.control >= _least(quality.scorer)


def _excluded(reason: str) -> str:
    return {
        "unknown_assertion": "an assertion of a kind that this release does not know",
        "unscorable_redacted": "the fact that was asked for is redacted",
    }.get(reason, reason)
