"""Evidence from a judge model's verdicts, in dispatch order.

A pair whose arms agree counts as no difference; one that the judge was asked about
counts by its verdict, corrected by the label of a person where one was drawn for it.
Later pairs wait for such a label: in the order of labels, what people find easy would
count first. A pair that nobody judged is left out for both arms and counted.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from replayd.adjudication.decisions import is_labelled
from replayd.evidence.settings import JUDGE, JudgeKey
from replayd.model import PairResult
from replayd.stats import Agreement, agreement
from replayd.stats.prediction_powered import place, scale, value

MOST_WAITING = 5_000  # pairs of a modality; then the stream gives up for good
NINE = 9  # words of the judge by words of people
NOT_ASKED = frozenset({"identical", "no_answer"})  # known without a judge


class JudgedPair(Struct, frozen=True, array_like=True):
    """A pair of the judge's stream that is not counted yet."""

    number: int
    word: int  # -1, 0, 1: the canary is worse, alike, better
    labelled: bool  # a person is asked too
    rubric: str = ""  # task@version, where the judge was asked


class JudgeState(Struct):
    """State of one modality."""

    waiting: list[JudgedPair] = field(default_factory=list)
    # Nine counts by rubric: the judge's word by the person's.
    confusion: dict[str, list[int]] = field(default_factory=dict)
    asked: int = 0
    unscored: int = 0  # judged pairs that no scorer valued
    away: dict[str, int] = field(default_factory=dict)  # pairs nobody judged, by why
    closed: bool = False  # too many waited: what follows would be a biased rest


class JudgeQueue:
    """The judge's streams of all modalities of one epoch."""

    def __init__(
        self, epoch: str, key: JudgeKey | None, states: dict[str, JudgeState]
    ) -> None:
        self._epoch, self._key, self.states = epoch, key, states

    @property
    def share(self) -> float:
        """The share of judged pairs that people label; 0 where nothing is corrected."""
        key = self._key
        return key.label_share if key and key.standing == "gates" else 0.0

    def state(self, modality: str) -> JudgeState:
        """Return what is known of a modality; an empty state if nothing is."""
        return self.states.get(modality) or JudgeState()

    def take(self, result: PairResult) -> None:
        """Line up a pair of the traffic lane, if it belongs to the stream."""
        if self._key is None:
            return
        state = self.states.setdefault(result.modality, JudgeState())
        judged, quality = result.diagnostics.get(JUDGE), result.streams.get("quality")
        if judged is None:
            alike = quality is not None and quality.canary is not None
            if alike and quality is not None and quality.canary == quality.control:
                self._append(state, JudgedPair(result.number, 0, labelled=False))
            return
        if judged.canary is None or judged.control is None:
            state.away[judged.reason] = state.away.get(judged.reason, 0) + 1
            return
        word = (judged.canary > judged.control) - (judged.canary < judged.control)
        asked = judged.reason not in NOT_ASKED
        state.asked += asked
        state.unscored += quality is None or quality.canary is None
        labelled = asked and is_labelled(self._epoch, result.number, self.share)
        rubric = judged.scorer if asked else ""
        self._append(state, JudgedPair(result.number, word, labelled, rubric))

    def settle(
        self, modality: str, labels: Mapping[int, int]
    ) -> Iterator[tuple[int, float]]:
        """Yield (number, value) in order up to the first pair without its label."""
        state, share = self.state(modality), self.share
        done = 0
        for pair in state.waiting:
            label: int | None = None
            if pair.labelled:
                label = labels.get(pair.number)
                if label is None:
                    break
                counts = state.confusion.setdefault(pair.rubric, [0] * NINE)
                counts[place(pair.word, label)] += 1
            done += 1
            corrected = value(pair.word, label, share) if share else float(pair.word)
            yield pair.number, corrected * scale(share or 1.0)
        del state.waiting[:done]

    def wants(self, labels: Mapping[int, int], modality: str) -> set[int]:
        """Return the numbers for which people are asked and have not answered."""
        waiting = self.state(modality).waiting
        return {p.number for p in waiting if p.labelled and p.number not in labels}

    def agreement(self, modality: str) -> Agreement:
        """Return how far judge and people agree."""
        counts = self.state(modality).confusion.values()
        return agreement(tuple(map(sum, zip([0] * NINE, *counts, strict=True))))

    def agreement_by_rubric(self, modality: str) -> dict[str, Agreement]:
        """Return the same for each rubric that pairs were judged by."""
        counts = self.state(modality).confusion.items()
        return {rubric: agreement(tuple(each)) for rubric, each in sorted(counts)}

    def _append(self, state: JudgeState, pair: JudgedPair) -> None:
        if state.closed or len(state.waiting) >= MOST_WAITING:
            state.closed = True
            return
        state.waiting.append(pair)
