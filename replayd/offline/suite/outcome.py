"""Outcome of a suite: one state per pin, an exit code, and what a pass promises."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

from msgspec import Struct

# `weak`: nothing wrong was found, but senseless answers would pass as well.
State = Literal["passed", "failed", "weak", "quarantined", "not_judged"]
STATES: Final[tuple[State, ...]] = get_args(State)
PASSED, FAILED, UNDECIDED, UNKNOWN = 0, 1, 2, 3

# From here on a suite says too little: most of its pins were not judged.
LEAST_JUDGED_SHARE: Final = 0.5
CONFIDENCE: Final = 0.95
MOST_NAMED: Final = 5  # senseless models in a sentence


class SuiteCase(Struct, frozen=True, kw_only=True):
    """Result of one pinned case."""

    snapshot_id: str
    modality: str
    state: State
    why: tuple[str, ...] = ()  # what failed, or why it was not judged or is weak
    note: str = ""  # of the person who pinned it
    recorded: str = ""
    answer: str = ""
    outcome: str = ""
    latency_ms: float = 0.0
    judged_by: str = ""  # `assertions`, or the scorer that held it to the recording
    runs: int = 1
    passed_runs: int = 0
    control_answer: str = ""  # where the control was asked too
    nonsense: tuple[str, ...] = ()  # senseless answers that would have passed
    outage: bool = False  # no answer, for a reason that concerns the endpoint
    warnings: tuple[str, ...] = ()  # assertions and bands that fail nothing
    masked_stretches: int = 0  # of the recording, that the suite ignores
    masked_share: float = 0.0


class Outcome(Struct, frozen=True, kw_only=True):
    """All cases of a run and what they come to."""

    suite: str
    suite_hash: str  # of the cases and what is said of them
    verdict: Literal["passed", "failed", "undecided", "unknown"]
    exit_code: int
    counts: dict[str, int]
    statement: tuple[str, ...]  # what this does and does not promise
    cases: tuple[SuiteCase, ...]
    blind_to: tuple[str, ...] = ()  # senseless models that would pass all judged pins


def settled(cases: Sequence[SuiteCase]) -> list[SuiteCase]:
    """Return the cases with outages told from failures of single cases.

    An endpoint that answers most pins and not this one failed it. One that answers
    few is away, which says nothing about its model.
    """
    away = [case for case in cases if case.outage]
    asked = [case for case in cases if case.outcome]
    if len(away) * 2 < len(asked):
        return list(cases)
    return [_unanswered(case) if case.outage else case for case in cases]


def _unanswered(case: SuiteCase) -> SuiteCase:
    why = (f"endpoint unavailable: {case.outcome}", *case.why[1:])
    return SuiteCase(
        snapshot_id=case.snapshot_id,
        modality=case.modality,
        state="not_judged",
        why=why,
        note=case.note,
        recorded=case.recorded,
        outcome=case.outcome,
        latency_ms=case.latency_ms,
        runs=case.runs,
        outage=True,
    )


def exit_code(cases: Sequence[SuiteCase], blind_to: Sequence[str] = ()) -> int:
    """Return a gate's exit code.

    0: judged cases passed and none was left open; 1: one failed; 2: some could not be
    judged, most are weak, or a senseless model would pass all; 3: nothing was judged.
    """
    judged = _judged(cases)
    if not judged and not any(case.state == "weak" for case in cases):
        return UNKNOWN
    if any(case.state == "failed" for case in judged):
        return FAILED
    open_ones = any(case.state == "not_judged" for case in cases)
    few = not judged or len(judged) < LEAST_JUDGED_SHARE * len(cases)
    return UNDECIDED if open_ones or few or blind_to else PASSED


def _judged(cases: Sequence[SuiteCase]) -> list[SuiteCase]:
    return [case for case in cases if case.state in ("passed", "failed")]


def outcome_of(
    suite: str,
    cases: Sequence[SuiteCase],
    suite_hash: str = "",
    blind_to: Sequence[str] = (),
) -> Outcome:
    """Return what a run came to."""
    code = exit_code(cases, blind_to)
    names: tuple[Literal["passed", "failed", "undecided", "unknown"], ...]
    names = ("passed", "failed", "undecided", "unknown")
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for case in cases:
        counts[case.state] += 1
    return Outcome(
        suite=suite,
        suite_hash=suite_hash,
        verdict=names[code],
        exit_code=code,
        counts=counts,
        statement=statement(cases, blind_to),
        cases=tuple(cases),
        blind_to=tuple(blind_to),
    )


def statement(
    cases: Sequence[SuiteCase], blind_to: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what these results do and do not promise, a sentence each."""
    judged = _judged(cases)
    said = _of_judged(judged) if judged else []
    if not judged:
        said.append("Nothing was judged, so nothing is promised.")
    if weak := [case for case in cases if case.state == "weak"]:
        named = sorted({name for case in weak for name in case.nonsense})
        said.append(
            f"{len(weak)} are weak and do not count as judged: senseless answers "
            f"({', '.join(named)}) would pass them as well. Assert what only a right "
            "answer meets."
        )
    if blind_to:
        said.append(
            f"A model that gives this and nothing else would pass every judged pin: "
            f"{', '.join(blind_to[:MOST_NAMED])}. So a pass says nothing: add a pin "
            "or an assertion that it fails."
        )
    quarantined = sum(case.state == "quarantined" for case in cases)
    if quarantined:
        said.append(
            f"{quarantined} failed on the control as well and were quarantined: they "
            "say nothing about the canary. Correct or unpin them."
        )
    masked = [case for case in cases if case.masked_stretches]
    if masked:
        most = max(case.masked_share for case in masked)
        said.append(
            f"{len(masked)} were judged without what the suite ignores: "
            f"{sum(case.masked_stretches for case in masked)} stretches, at most "
            f"{most:.0%} of one recording."
        )
    return tuple(said)


def _of_judged(judged: Sequence[SuiteCase]) -> list[str]:
    passed = sum(case.state == "passed" for case in judged)
    said = [f"{passed} of {len(judged)} judged pins passed."]
    if passed == len(judged):
        share = most_failing(len(judged))
        said.append(
            f"If these pins had been drawn at random, up to {share:.0%} of such calls "
            f"could still fail ({CONFIDENCE:.0%} confidence). They were chosen, so "
            "nothing follows for traffic: `snaptrace gate` judges that."
        )
    by_recording = sum(case.judged_by != "assertions" for case in judged)
    if by_recording:
        said.append(
            f"{by_recording} of them have no assertion and were held to their "
            "recording, right or wrong."
        )
    return said


def most_failing(passed: int) -> float:
    """Return the largest failing share that `passed` of `passed` leaves plausible.

    Clopper and Pearson (1934), the case without failures, one-sided.
    """
    return float(1.0 - (1.0 - CONFIDENCE) ** (1.0 / passed))
