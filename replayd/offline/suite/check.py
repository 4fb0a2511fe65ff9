"""A suite looked at without asking anybody: cases, media, assertions, weak pins."""

from collections.abc import Iterable

from msgspec import Struct

from replayd.cases.intake import why_not
from replayd.cases.loader import CaseLoader
from replayd.offline.suite.blindness import Blindness
from replayd.offline.suite.company import Company
from replayd.offline.suite.entries import expected_of, inapplicable, recording_of
from replayd.offline.suite.held import Held, held_to
from replayd.offline.suite.judging import rule_judges
from replayd.offline.suite.nonsense import passing_nonsense
from replayd.offline.suite.outcome import MOST_NAMED
from replayd.offline.suite.run import NO_JUDGE
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.suite.model import Suite
from snaptrace.suite.resolve import Case as SuiteCase

UNVERIFIED = "unverified"  # sent all the same, and said with its result


class Finding(Struct, frozen=True):
    """One thing that is wrong with a suite's case."""

    what: str
    where: str
    why: str


async def check_cases(
    content: CaseLoader,
    suite: Suite,
    cases: Iterable[SuiteCase],
    *,
    has_judge: bool = False,
) -> list[Finding]:
    """Return what is wrong with the cases that a suite comes to.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    cases = list(cases)
    known = [recording_of(case.snapshot) for case in cases]
    company = Company([each for each in known if each is not None])
    blindness = Blindness(company)
    found: list[Finding] = []
    for case in cases:
        expected = expected_of(suite, case.snapshot, hard=case.hard)
        held = held_to(case.snapshot, None, expected, company)
        found += await _check(content, suite, case, held, has_judge=has_judge)
        if not content.is_erased(case.snapshot) and await _is_strong(held):
            await blindness.look(held, trusts_judge=bool(held.rubrics))
    if blind_to := blindness.found:
        why = f"{', '.join(blind_to[:MOST_NAMED])}: would pass every pin"
        found.append(Finding("blind", suite.name, why))
    return found


async def _is_strong(held: Held) -> bool:
    """Whether a pass of this pin will count."""
    if held.by_recording and not await rule_judges(held):
        return False
    return bool(held.rubrics) or not await passing_nonsense(held)


async def _check(
    content: CaseLoader,
    suite: Suite,
    case: SuiteCase,
    held: Held,
    *,
    has_judge: bool,
) -> list[Finding]:
    snapshot = case.snapshot
    name = snapshot.snapshot_id
    if content.is_erased(snapshot):
        return [Finding("no case", name, "erased")]
    found: list[Finding] = []
    try:
        await content.media(case.name, snapshot)
    except (MissingObjectError, CorruptSnapshotError) as error:
        found.append(Finding("no media", name, str(error)))
    why = why_not(snapshot)
    if why and why != UNVERIFIED:
        found.append(Finding("cannot be sent", name, why))
    for place, kind, why in inapplicable(suite, snapshot):
        found.append(
            Finding("cannot apply", f"assert[{place}].{kind}", f"{name}: {why}")
        )
    gating = [entry for entry in held.rubrics if entry not in held.warned]
    if gating and not has_judge:
        found.append(Finding("not judged", name, NO_JUDGE))
    if held.by_recording and not await rule_judges(held):
        found.append(
            Finding("not judged", name, "no rule can check this recording; assert")
        )
    senseless = await passing_nonsense(held)
    if senseless and not gating:
        why = f"{' and '.join(senseless)} would pass: assert more"
        found.append(Finding("weak pin", name, why))
    return found
