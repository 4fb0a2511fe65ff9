"""A pinned suite run once against one canary, without a daemon: for pipelines.

A case fails when no usable answer came, when an invariant is worse kept than in the
recording, or when what a person wrote down is not met. Agreement with the recording
alone fails nothing: a model may say it better. Exit codes are those of a gate.
"""

from collections.abc import AsyncIterator

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.cases.intake import case_of
from replayd.cases.loader import CaseLoader, Gone, Loaded
from replayd.model import ArmAnswer, Case, PairAnswers, PairResult, Planned
from replayd.offline.oneshot import Answered, answer_once
from replayd.scoring.pair import judge
from snaptrace.snapshot import segment
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.store import pins
from snaptrace.store.store import Store

PASSED, FAILED, UNDECIDED, UNKNOWN = 0, 1, 2, 3


class SuiteCase(Struct, frozen=True, kw_only=True):
    """What one pinned case came to."""

    snapshot_id: str
    modality: str
    state: str  # passed, failed or not_judged
    why: tuple[str, ...] = ()  # failed streams, or why it was not judged
    note: str = ""  # what the person who pinned it wrote
    recorded: str = ""
    answer: str = ""
    outcome: str = ""
    latency_ms: float = 0.0


async def run_suite(
    store: Store, content: CaseLoader, arm: Arm, suite: str
) -> AsyncIterator[SuiteCase]:
    """Yield each case of a suite as it is judged, in the order of names.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    async for name, pin, _ in pins.pinned(store, suite):
        case = case_of(segment.read(await store.get(name), name), 0, Frame())
        loaded = await content.load(case)
        if isinstance(loaded, Gone):
            yield SuiteCase(
                snapshot_id=case.snapshot_id,
                modality=case.modality,
                state="not_judged",
                why=(loaded.reason,),
                note=pin.note,
            )
            continue
        yield await _judged(arm, case, loaded, pin.note)


def exit_code(cases: list[SuiteCase]) -> int:
    """Return 0 all passed, 1 one failed, 2 one was not judged, 3 there was none."""
    states = {case.state for case in cases}
    if not cases:
        return UNKNOWN
    if "failed" in states:
        return FAILED
    return UNDECIDED if "not_judged" in states else PASSED


async def _judged(arm: Arm, case: Case, loaded: Loaded, note: str) -> SuiteCase:
    found = await answer_once(arm, loaded.snapshot, loaded.media)
    shown = SuiteCase(
        snapshot_id=case.snapshot_id,
        modality=case.modality,
        state="not_judged",
        note=note,
        recorded=loaded.snapshot.answer.text,
    )
    if not isinstance(found, Answered):
        return replace(shown, why=(found.reason, *found.paths))
    reading = found.attempt.reading
    answer = ArmAnswer(
        outcome=reading.outcome,
        answer=reading.answer,
        latency_ms=found.attempt.latency_ms,
        attempts=found.tries,
    )
    answers = PairAnswers(number=0, snapshot_id=case.snapshot_id, canary=answer)
    planned = Planned(number=0, case=case, lane=f"pin:{case.pin}")
    result = await judge(planned, loaded.scoring, answers, committed_at_ns=0)
    shown = replace(
        shown,
        answer=reading.answer.text or reading.answer.refusal,
        outcome=reading.outcome,
        latency_ms=round(found.attempt.latency_ms, 1),
    )
    if result.excluded:
        return replace(shown, why=(result.excluded,))
    failed = tuple(_failed(result))
    return replace(shown, state="failed" if failed else "passed", why=failed)


def _failed(result: PairResult) -> list[str]:
    """Return the streams in which the canary did worse than it may."""
    found = []
    for name, score in result.streams.items():
        if score.canary is None:
            continue
        least = 1.0 if score.scorer == "assertions" else (score.control or 0.0)
        if score.canary < least:
            found.append(f"{name}: {score.reason or score.scorer}")
    return found
