"""Which rules judge a case, settled before any answer to it is seen."""

from collections.abc import Mapping

from msgspec import Struct

from replayd.scoring.contract import Scorer, ScoringCase
from replayd.scoring.extract.masking import answer_was_redacted
from replayd.scoring.own.scorer import OwnScorer
from replayd.scoring.rules.assertions import unknown_kinds
from replayd.scoring.tasks import TASKS, USABILITY, Task, task_of

# Operations whose outcome no scorer of this release can value.
UNSCORED_OPERATIONS = frozenset({"moderation", "rerank", "other"})
# Operations that answer with no text, and the one rule of each.
OF_MEDIA: Mapping[str, str] = {
    "embeddings": "vectors_near",
    "image_generation": "image_made",
    "speech": "speech_made",
}


class Choice(Struct, frozen=True):
    """The rules of one case. `excluded` says why nothing may be judged."""

    invariants: tuple[Scorer, ...] = ()
    quality: Scorer | None = None  # None: nothing in the reference can be checked
    diagnostics: tuple[Scorer, ...] = ()
    excluded: str = ""  # from a bounded set
    task: str = ""  # of the call; "" where nothing was recorded

    @property
    def scorers(self) -> tuple[Scorer, ...]:
        """All rules that apply."""
        quality = (self.quality,) if self.quality else ()
        return (*self.invariants, *quality, *self.diagnostics)


def choose(
    case: ScoringCase,
    unmasked: ScoringCase,
    scorers: Mapping[str, Scorer],
    invariants: tuple[Scorer, ...],
    own: tuple[OwnScorer, ...] = (),
) -> Choice:
    """Return the rules for `case`, whose redacted stretches are masked.

    `unmasked` is the same case before masking: where only that could be judged, the
    fact asked for was redacted, and the case is `unscorable_redacted`.
    """
    theirs = [scorer for scorer in own if scorer.applies(case)]
    of_own = next((scorer for scorer in theirs if scorer.role == "quality"), None)
    operation = case.snapshot.operation
    if not case.assertions and of_own is None:
        if operation in UNSCORED_OPERATIONS:
            return Choice(excluded=f"no_scorer_{operation}")
        if operation in OF_MEDIA:
            return _of_media(case, scorers, theirs)
    if unknown_kinds(case):
        return Choice(excluded="unknown_assertion")
    task = None if case.nothing_recorded else task_of(case)
    quality = _of_task(case, scorers, task)
    named = task or ""
    if of_own is not None and not case.assertions:
        quality = of_own
    elif _fact_was_redacted(case, unmasked, scorers, quality):
        return Choice(excluded="unscorable_redacted", task=named)
    applying = (
        *(scorer for scorer in invariants if scorer.applies(case)),
        *(scorer for scorer in theirs if scorer.role == "invariants"),
    )
    shown = tuple(scorer for scorer in theirs if scorer.role == "diagnostic")
    if not _comparable(case):
        return Choice(applying, quality, shown, task=named)
    judged = {scorer.name for scorer in applying}
    # Partial agreement is shown beside the value; a task's other rules say nothing.
    others = tuple(
        scorer
        for scorer in scorers.values()
        if scorer is not quality
        and scorer not in invariants
        and scorer.name not in judged
        and scorer.name not in USABILITY
        and scorer.applies(case)
    )
    return Choice(applying, quality, (*others, *shown), task=named)


def is_of_media(case: ScoringCase) -> bool:
    """Return whether a case's answers are no text to be read."""
    return case.snapshot.operation in OF_MEDIA


def _of_media(
    case: ScoringCase, scorers: Mapping[str, Scorer], theirs: list[OwnScorer]
) -> Choice:
    operation = case.snapshot.operation
    rule = scorers.get(OF_MEDIA[operation])
    if rule is None or not rule.applies(case):
        return Choice(excluded=f"no_scorer_{operation}")
    invariants = tuple(each for each in theirs if each.role == "invariants")
    shown = tuple(each for each in theirs if each.role == "diagnostic")
    return Choice(invariants, rule, shown, task=operation)


def primary(case: ScoringCase, scorers: Mapping[str, Scorer]) -> Scorer | None:
    """Return the one rule that is the stream `quality` of this case."""
    return _of_task(case, scorers, None if case.nothing_recorded else task_of(case))


def _of_task(
    case: ScoringCase, scorers: Mapping[str, Scorer], task: Task | None
) -> Scorer | None:
    for name in ("assertions", *(TASKS[task] if task else ())):
        scorer = scorers.get(name)
        if scorer is not None and scorer.applies(case):
            return scorer
    return None


def _comparable(case: ScoringCase) -> bool:
    """Whether the recording says something that an answer can be held against."""
    return not case.nothing_recorded and not case.recorded.refuses


def _fact_was_redacted(
    case: ScoringCase,
    unmasked: ScoringCase,
    scorers: Mapping[str, Scorer],
    quality: Scorer | None,
) -> bool:
    if case.assertions or not answer_was_redacted(case.snapshot):
        return False
    before = primary(unmasked, scorers)
    if before is None or before is quality:
        return False
    rules = TASKS[task_of(case)]
    if quality is None or before.name not in rules:
        return True
    # A closer rule may apply once a name is out of the sentence; a looser one means
    # that the fact is gone.
    return rules.index(before.name) < rules.index(quality.name)
