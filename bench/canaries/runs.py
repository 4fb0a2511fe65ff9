"""One run: pairs drawn, scored by replayd's scorers, folded by its scoreboard."""

import asyncio
import random
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from canaries.material import HOUR_NS, Instance
from replayd.adjudication.decisions import Decisions
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, JudgeKey, of_epoch
from replayd.judge_model.pair import NAME, VALUES, wanted
from replayd.model import Epoch, PairAnswers, PairResult, Planned, StreamScore
from replayd.scoring.worker import Job, judged
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import LiveModality, LiveTraffic, ModalityView

BATCH = 64
LOOK_EVERY = 50  # pairs
NOW_NS = 2 * HOUR_NS
BACKGROUND_SHARE = 0.25  # pairs of each other modality, per pair of the one in question


class Look(Struct, frozen=True):
    """The verdicts after some pairs of the modality in question."""

    pairs: int
    verdicts: dict[str, str]
    view: ModalityView


class Pairs:
    """Every pair of answers that the runs may draw, scored once: scorers are pure."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = instances
        wanted = [
            (at, bad, left, right)
            for at, each in enumerate(instances)
            for bad, answers in ((False, each.same), (True, each.worse))
            for left in range(len(answers))
            for right in range(len(each.same))
        ]
        results: list[PairResult] = []
        for first in range(0, len(wanted), BATCH):
            jobs = [self._job(*key) for key in wanted[first : first + BATCH]]
            results += asyncio.run(judged(jobs))
        self.results = dict(zip(wanted, results, strict=True))

    def draw(
        self, rng: random.Random, *, wrong_share: float, judge: dict | None = None
    ) -> tuple[PairResult, int]:
        """Return one pair, and what a person would say: -1 worse, 0 alike.

        The control rewords, the canary does so too, or is wrong.
        """
        at = rng.randrange(len(self._instances))
        each = self._instances[at]
        bad = rng.random() < wrong_share
        left = rng.randrange(len(each.worse if bad else each.same))
        right = rng.randrange(len(each.same))
        result, label = self.results[at, bad, left, right], -int(bad)
        if judge is None or not wanted(result):
            return result, label
        if not bad and left == right:
            return _judged(result, 0, "identical"), 0
        word = label
        if rng.random() >= judge["accuracy"]:
            word = rng.choice([other for other in (-1, 0, 1) if other != label])
        return _judged(result, word, "simulated"), label

    def said(self, at: int, *, bad: bool, place: int) -> str:
        """Return the text or the calls of one answer."""
        each = self._instances[at]
        answer = (each.worse if bad else each.same)[place].answer
        return answer.text or str(answer.tool_calls)

    def _job(self, at: int, bad: bool, left: int, right: int) -> Job:  # noqa: FBT001
        each = self._instances[at]
        answers = PairAnswers(
            number=0,
            snapshot_id=each.case.snapshot_id,
            canary=(each.worse if bad else each.same)[left],
            control=each.same[right],
        )
        planned = Planned(number=0, case=each.case, lane="traffic")
        return Job(planned, each.recorded, answers, HOUR_NS)


def _judged(result: PairResult, word: int, reason: str) -> PairResult:
    canary, control = VALUES[word]
    score = StreamScore(scorer="bench@1", canary=canary, control=control, reason=reason)
    return structs.replace(result, diagnostics={**result.diagnostics, NAME: score})


def run(
    asked: Pairs,
    others: Sequence[Pairs],
    *,
    wrong_share: float,
    pairs: int,
    seed: int,
    judge: dict | None = None,
) -> Iterator[Look]:
    """Fold `pairs` pairs of the first kind amid the others; look every now and then.

    `judge` simulates a judge model of a stated accuracy, and people who label a share
    of its pairs: {"accuracy", "label_share"}.
    """
    rng = random.Random(seed)
    kinds = [asked, *others]
    modalities = {next(iter(kind.results.values())).modality for kind in kinds}
    epoch = Epoch(
        epoch="bench",
        canary="canary",
        control="production",
        revision="r1",
        key={} if judge is None else {"judge": _judge_key(judge)},
        modalities=tuple(sorted(modalities)),
    )
    settings = BoardSettings(pass_expires_ns=HOUR_NS * 10**6)
    board = Scoreboard(epoch, of_epoch(settings, epoch))
    labels: dict[int, int] = {}
    shown = VerdictComputation(board)
    seen = {m: LiveModality(seen=100, replayable=100) for m in modalities}
    live = LiveTraffic(modalities=seen)
    number = 0
    for count in range(1, pairs + 1):
        results = [asked.draw(rng, wrong_share=wrong_share, judge=judge)]
        results += [
            kind.draw(rng, wrong_share=0.0, judge=judge)
            for kind in others
            if rng.random() < BACKGROUND_SHARE
        ]
        rng.shuffle(results)
        for result, label in results:
            labels[number] = label
            board.fold(structs.replace(result, number=number))
            number += 1
        if count % LOOK_EVERY == 0 or count == pairs:
            shown.decide(Decisions(labels))
            view = shown.view(NOW_NS, live)
            words = {m: str(v.verdict) for m, v in view.modalities.items()}
            modality = next(iter(asked.results.values())).modality
            yield Look(count, words, view.modalities[modality])


def _judge_key(judge: dict) -> str:
    key = JudgeKey(
        model="simulated", standing="gates", label_share=judge["label_share"]
    )
    return key.text()
