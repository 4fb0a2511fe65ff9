"""One run: pairs drawn, scored by replayd's scorers, folded by its scoreboard."""

import asyncio
import random
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from canaries.material import HOUR_NS, Instance
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.model import Epoch, PairAnswers, PairResult, Planned
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

    def draw(self, rng: random.Random, *, wrong_share: float) -> PairResult:
        """Return one pair: the control rewords, the canary does, or is wrong."""
        at = rng.randrange(len(self._instances))
        each = self._instances[at]
        bad = rng.random() < wrong_share
        left = rng.randrange(len(each.worse if bad else each.same))
        return self.results[at, bad, left, rng.randrange(len(each.same))]

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


def run(
    asked: Pairs,
    others: Sequence[Pairs],
    *,
    wrong_share: float,
    pairs: int,
    seed: int,
) -> Iterator[Look]:
    """Fold `pairs` pairs of the first kind amid the others; look every now and then."""
    rng = random.Random(seed)
    kinds = [asked, *others]
    modalities = {next(iter(kind.results.values())).modality for kind in kinds}
    epoch = Epoch(
        epoch="bench",
        canary="canary",
        control="production",
        revision="r1",
        key={},
        modalities=tuple(sorted(modalities)),
    )
    board = Scoreboard(epoch, BoardSettings(pass_expires_ns=HOUR_NS * 10**6))
    shown = VerdictComputation(board)
    seen = {m: LiveModality(seen=100, replayable=100) for m in modalities}
    live = LiveTraffic(modalities=seen)
    number = 0
    for count in range(1, pairs + 1):
        results = [asked.draw(rng, wrong_share=wrong_share)]
        results += [
            kind.draw(rng, wrong_share=0.0)
            for kind in others
            if rng.random() < BACKGROUND_SHARE
        ]
        rng.shuffle(results)
        for result in results:
            board.fold(structs.replace(result, number=number))
            number += 1
        if count % LOOK_EVERY == 0 or count == pairs:
            view = shown.view(NOW_NS, live)
            words = {m: str(v.verdict) for m, v in view.modalities.items()}
            modality = next(iter(asked.results.values())).modality
            yield Look(count, words, view.modalities[modality])
