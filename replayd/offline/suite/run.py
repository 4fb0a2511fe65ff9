"""A pinned suite run once against one canary, without a daemon: for pipelines.

A case fails when no usable answer came, when an invariant is worse kept than in the
recording, when an assertion is not met, or, without one, when the answer differs from
the recording by the rules that judge live traffic. Exit codes are those of a gate.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.cases.intake import case_of
from replayd.cases.loader import CaseLoader, Gone, Loaded
from replayd.model import ArmAnswer, Case
from replayd.offline.oneshot import answer_once
from replayd.offline.suite.blindness import Blindness
from replayd.offline.suite.company import ALONE, Company, Recording
from replayd.offline.suite.file_kinds import RUBRIC
from replayd.offline.suite.held import Expected, Held, held_to, unmet
from replayd.offline.suite.judging import Judged, judged
from replayd.offline.suite.nonsense import passing_nonsense
from replayd.offline.suite.outcome import SuiteCase
from replayd.offline.suite.rubrics import RubricJudge, RubricVerdicts
from replayd.providers.contract import Refusal
from snaptrace.snapshot import segment
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.segment import Pin
from snaptrace.store.store import Store
from snaptrace.suite.lock import record_digest

HARD_RUNS: Final = 5
NO_JUDGE: Final = "rubric: no judge model is configured (replayd.judge)"


class Entry(Struct, frozen=True, kw_only=True):
    """One pin of a suite, found in the store or not."""

    snapshot_id: str
    name: str = ""  # of the pin's object
    pin: Pin | None = None
    problem: str = ""  # why it cannot be run
    expected: Expected | None = None  # what a suite file says of it
    digest: str = ""  # of the record, as a lock has it; "" where there is none
    recording: Recording | None = None  # for what the suite's other pins have to say


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of a suite run."""

    hard_runs: int = HARD_RUNS  # times that a hard pin is asked
    in_flight: int = 8


def runs_of(entry: Entry, settings: Settings) -> int:
    """Return how often a pin is asked."""
    expected = entry.expected
    if expected is None:
        return settings.hard_runs if entry.pin is not None and entry.pin.hard else 1
    hard = (expected.runs or settings.hard_runs) if expected.hard else 1
    return max(hard, *(each.runs for each in expected.assertions), 1)


class SuiteRun:
    """Asks a canary, and a control where a pin fails, for every pin of a suite."""

    def __init__(
        self,
        store: Store,
        content: CaseLoader,
        canary: Arm,
        *,
        control: Arm | None = None,
        rubrics: RubricJudge | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._store, self._content = store, content
        self._canary, self._control, self._rubrics = canary, control, rubrics
        self._settings = settings or Settings()
        self._company = ALONE
        self._blindness = Blindness(ALONE)

    @property
    def blind_to(self) -> tuple[str, ...]:
        """Senseless models that would pass every pin that the canary passed."""
        return self._blindness.found

    async def cases(self, entries: Sequence[Entry]) -> AsyncIterator[SuiteCase]:
        """Yield each case in the order of `entries`.

        Raises:
            StoreUnavailableError: safe to run again.
        """
        known = [each.recording for each in entries if each.recording is not None]
        self._company = Company(known)
        self._blindness = Blindness(self._company)
        waiting: asyncio.Queue[asyncio.Task[SuiteCase] | None]
        waiting = asyncio.Queue(self._settings.in_flight)
        async with asyncio.TaskGroup() as group:

            async def start() -> None:
                for entry in entries:
                    await waiting.put(group.create_task(self._case(entry)))
                await waiting.put(None)

            group.create_task(start())
            while (task := await waiting.get()) is not None:
                yield await task

    async def _case(self, entry: Entry) -> SuiteCase:
        if entry.problem or entry.pin is None:
            return _not_judged(entry, entry.problem or "not pinned")
        try:
            data = await self._store.get(entry.name)
            read = segment.read(data, entry.name)
            case = case_of(read, 0, Frame())
        except MissingObjectError:
            return _not_judged(entry, "erased or unpinned since")
        except CorruptSnapshotError:
            return _not_judged(entry, "damaged")
        if entry.digest and entry.digest != record_digest(read.record(0)):
            return _not_judged(entry, "not the snapshot that was locked", case.modality)
        loaded = await self._content.load(case)
        if isinstance(loaded, Gone):
            return _not_judged(entry, loaded.reason, case.modality)
        return await self._asked(entry, case, loaded)

    async def _asked(self, entry: Entry, case: Case, loaded: Loaded) -> SuiteCase:
        assert entry.pin is not None
        pin, expected = entry.pin, entry.expected
        held = held_to(loaded.snapshot, pin.assertion, expected, self._company)
        runs = runs_of(entry, self._settings)
        found = await asked(self._canary, loaded, held, runs, self._rubrics)
        recorded = loaded.snapshot.answer
        shown = SuiteCase(
            snapshot_id=case.snapshot_id,
            modality=case.modality,
            state=found.judged.state,
            why=found.judged.why,
            note=pin.note,
            recorded=recorded.text or recorded.refusal,
            answer=found.text,
            outcome=found.outcome,
            latency_ms=found.latency_ms,
            judged_by=found.judged.judged_by,
            runs=runs,
            passed_runs=found.passed,
            nonsense=await self._passing_nonsense(held, loaded),
            outage=found.judged.outage,
            warnings=(*_doubts(loaded), *found.warnings),
            masked_stretches=held.masked_stretches,
            masked_share=round(held.masked_share, 4),
        )
        if shown.state == "passed":
            return await self._weighed(shown, held)
        if shown.state != "failed" or shown.outage or self._control is None:
            return shown
        control = await asked(self._control, loaded, held, runs, self._rubrics)
        shown = replace(shown, control_answer=control.text)
        if control.judged.state != "failed" or control.judged.outage:
            return shown
        why = (*shown.why, f"control: {'; '.join(control.judged.why)}")
        return replace(shown, state="quarantined", why=why)

    async def _weighed(self, shown: SuiteCase, held: Held) -> SuiteCase:
        """Return a pass for what it is worth: nothing, where nonsense passes too."""
        if shown.nonsense:
            why = f"{' and '.join(shown.nonsense)} would pass as well"
            return replace(shown, state="weak", why=(why,))
        await self._blindness.look(held, trusts_judge=bool(held.rubrics))
        return shown

    async def _passing_nonsense(self, held: Held, loaded: Loaded) -> tuple[str, ...]:
        """Return the senseless answers that rules and the judge model would pass."""
        passing = await passing_nonsense(held)
        if self._rubrics is None or not held.rubrics:
            return tuple(passing)
        return tuple(
            [
                name
                for name, answer in passing.items()
                if not (await self._rubrics.verdicts(held, answer, loaded.media)).failed
            ]
        )


class Asked(Struct, frozen=True, kw_only=True):
    """Result of one arm for one pin: the last answer, and all states."""

    judged: Judged
    passed: int = 0
    text: str = ""
    outcome: str = ""
    latency_ms: float = 0.0
    unmet: frozenset[int] = frozenset()  # places in `Held.counted`
    warnings: tuple[str, ...] = ()


async def asked(
    arm: Arm,
    loaded: Loaded,
    held: Held,
    runs: int,
    rubrics: RubricJudge | None = None,
) -> Asked:
    """Ask an arm `runs` times; more than half must pass, or as many as is asserted.

    What is shown is the last answer that is in the state of the whole.
    """
    found = [await _once(arm, loaded, held, rubrics) for _ in range(runs)]
    passed = sum(each.judged.state == "passed" for each in found)
    if passed * 2 > runs:
        kept = [each for each in found if each.judged.state == "passed"]
    else:
        kept = [each for each in found if each.judged.state == "failed"] or found
    shown = replace(kept[-1], passed=passed)
    if shown.judged.state == "passed":
        broken = _too_rarely(held, found)
        if broken:
            failed = Judged("failed", broken, shown.judged.judged_by)
            return replace(shown, judged=failed)
    if runs == 1 or shown.judged.state != "failed":
        return shown
    why = (f"passed {passed} of {runs} runs", *shown.judged.why)
    return replace(shown, judged=replace(shown.judged, why=why))


def _too_rarely(held: Held, found: list[Asked]) -> tuple[str, ...]:
    """Return the assertions that fewer runs met than must, with how many did."""
    broken: list[str] = []
    for place, entry in enumerate(held.counted):
        met = sum(place not in each.unmet for each in found[: entry.runs])
        if met < entry.at_least:
            broken.append(
                f"{entry.kind}: met in {met} of {entry.runs} runs, "
                f"at least {entry.at_least} must"
            )
    return tuple(broken)


async def _once(
    arm: Arm, loaded: Loaded, held: Held, rubrics: RubricJudge | None
) -> Asked:
    found = await answer_once(arm, loaded.snapshot, loaded.media)
    if isinstance(found, Refusal):
        return Asked(judged=Judged("not_judged", (found.reason, *found.paths)))
    reading = found.attempt.reading
    answer = ArmAnswer(
        outcome=reading.outcome,
        answer=reading.answer,
        latency_ms=found.attempt.latency_ms,
        attempts=found.tries,
        detail=reading.detail,
    )
    by_rules = await judged(held, answer)
    by_model = RubricVerdicts()
    if held.rubrics and by_rules.state == "passed":
        by_model = await _by_model(rubrics, loaded, held, answer)
    return Asked(
        judged=_together(by_rules, by_model),
        text=_text(answer),
        outcome=reading.outcome,
        latency_ms=round(found.attempt.latency_ms, 1),
        unmet=by_model.unmet
        | frozenset(
            place
            for place, entry in enumerate(held.counted)
            if unmet([entry], held, answer)
        ),
        warnings=(*unmet(held.warned, held, answer), *by_model.warnings),
    )


async def _by_model(
    rubrics: RubricJudge | None, loaded: Loaded, held: Held, answer: ArmAnswer
) -> RubricVerdicts:
    if rubrics is not None:
        return await rubrics.verdicts(held, answer, loaded.media)
    gating = [entry for entry in held.rubrics if entry not in held.warned]
    return RubricVerdicts(unjudged=tuple(NO_JUDGE for _ in gating))


def _together(by_rules: Judged, by_model: RubricVerdicts) -> Judged:
    """Return an answer's state by rules and by what a judge model said."""
    if by_model.failed:
        return Judged("failed", by_model.failed, RUBRIC)
    if by_model.unjudged:
        return Judged("not_judged", by_model.unjudged)
    return by_rules


def _text(answer: ArmAnswer) -> str:
    calls = [f"{c.name}({c.arguments})" for c in answer.answer.tool_calls]
    return "\n".join(
        filter(None, [answer.answer.text or answer.answer.refusal, *calls])
    )


def _doubts(loaded: Loaded) -> tuple[str, ...]:
    """Return what is doubtful about the request that was sent."""
    if loaded.snapshot.fidelity.level != "unverified":
        return ()
    return ("unverified: no recording proves that the whole request was read",)


def _not_judged(entry: Entry, why: str, modality: str = "") -> SuiteCase:
    note = entry.pin.note if entry.pin is not None else ""
    return SuiteCase(
        snapshot_id=entry.snapshot_id,
        modality=modality,
        state="not_judged",
        why=(why,),
        note=note,
    )
