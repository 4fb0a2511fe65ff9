"""The control against itself, over all modalities and streams of an epoch.

Some pairs ask the control twice. The difference of those two answers goes through
the same code as a verdict; its mean is zero unless the harness itself is broken, as
when one arm is always asked first and the second finds a warm cache. An alarm takes
every verdict of the epoch away.
"""

from msgspec import Struct, field

from replayd.model import STREAMS, PairResult
from replayd.stats import (
    NOISE_ALPHA,
    NoiseFloor,
    NoiseState,
    add_noise,
    check,
    noise_floor,
)

FEWEST_NOISE_PAIRS = 20  # before a noise floor is taken for measured


class AaTestStates(Struct):
    """A/A evidence by modality and stream."""

    modalities: dict[str, dict[str, NoiseState]] = field(default_factory=dict)


class AaTest:
    """The A/A streams of an epoch."""

    def __init__(self, eps: float, states: AaTestStates | None = None) -> None:
        """Go on from `states`, which are then owned by this object.

        Raises:
            DamagedStateError: counts that no fold could have left.
        """
        self._eps = eps
        self.states = states or AaTestStates()
        for streams in self.states.modalities.values():
            for state in streams.values():
                check(state.evidence)

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Name every modality/stream in which equal arms were found to differ."""
        return tuple(
            f"{modality}/{stream}"
            for modality, streams in self.states.modalities.items()
            for stream, state in streams.items()
            if state.alarmed_at is not None
        )

    def add(self, result: PairResult) -> None:
        """Count a pair whose control was asked twice; others change nothing."""
        for stream in STREAMS:
            score = result.streams.get(stream)
            if not score or score.control is None or score.second_control is None:
                continue
            streams = self.states.modalities.setdefault(result.modality, {})
            streams[stream] = add_noise(
                streams.get(stream) or NoiseState(),
                score.second_control - score.control,
                number=result.number,
                eps=self._eps,
                alpha=self._share(result.modality),
            )

    def floor(self, modality: str) -> NoiseFloor:
        """Return what equal arms differ by in quality, for people and planning."""
        streams = self.states.modalities.get(modality, {})
        return noise_floor(streams.get("quality") or NoiseState())

    def discordances(self) -> dict[str, float]:
        """Return how often equal arms disagree, where that was asked often enough."""
        floors = {modality: self.floor(modality) for modality in self.states.modalities}
        return {
            modality: floor.discordance
            for modality, floor in floors.items()
            if floor.discordance is not None and floor.replays >= FEWEST_NOISE_PAIRS
        }

    def _share(self, modality: str) -> float:
        """Return a stream's part of alpha: 1 / (j (j + 1)) for the j-th modality.

        Those parts never add up to more than one, however many modalities come.
        """
        j = list(self.states.modalities).index(modality) + 1
        return NOISE_ALPHA / (j * (j + 1)) / len(STREAMS)
