"""What a scoreboard is told at the start of an epoch; from the configuration."""

from msgspec import Struct

from replayd.config import ReplaydConfig
from replayd.model import STREAMS, Epoch
from replayd.stats import (
    DEFAULT_MARGINS,
    OTHER_MARGIN,
    GatingSet,
    Intent,
    ModalityPlan,
    StreamSettings,
)

ALPHA_PASS = 0.05  # of each stream: a gate passes only if all do, so none is shared
ADJUDICATION, ASSERTIONS = "adjudication", "assertions"
NANOSECONDS = 1_000_000_000


class SliceSettings(Struct, frozen=True, kw_only=True):
    """One protected slice."""

    modality: str
    margin: float | None = None  # None: the modality's
    minimum_pairs: int = 30


class BoardSettings(Struct, frozen=True, kw_only=True):
    """Fixed for an epoch; a change of what stands in its key opens another."""

    alpha: float = 0.05  # over all gating streams
    eps: float = 0.005
    margins: dict[str, float] = {}  # modality -> score points
    slices: dict[str, SliceSettings] = {}
    intent: Intent = "equivalent"
    strict: bool = False
    required_modalities: tuple[str, ...] = ()
    pinned_modalities: tuple[str, ...] = ()  # with pinned assertions at the start
    coverage_limit: float = 0.2
    pass_expires_ns: int = 6 * 3600 * NANOSECONDS
    expected_discordance: dict[str, float] = {}  # of the epoch before, by modality

    def margin(self, modality: str) -> float:
        """Return the drop that still passes, in score points."""
        default = DEFAULT_MARGINS.get(modality, OTHER_MARGIN)
        return self.margins.get(modality, default)


def settings_of(config: ReplaydConfig, arm: str) -> BoardSettings:
    """Return the settings for one canary arm."""
    stats, schedule = config.stats, config.schedule
    return BoardSettings(
        alpha=stats.alpha,
        eps=stats.eps,
        margins=dict(stats.margins),
        slices={
            name: SliceSettings(
                modality=declared.modality,
                margin=declared.margin,
                minimum_pairs=declared.minimum_pairs,
            )
            for name, declared in config.slices.items()
        },
        intent=config.arms[arm].intent,
        strict=stats.strict,
        required_modalities=tuple(schedule.required_modalities),
        coverage_limit=schedule.coverage_limit,
        pass_expires_ns=int(schedule.pass_expires * NANOSECONDS),
    )


def deciders(settings: BoardSettings, modality: str) -> tuple[str, ...]:
    """Return the streams that stand beside agreement in `quality`."""
    found = [ADJUDICATION] if settings.intent == "upgrade" else []
    if modality in settings.pinned_modalities:
        found.append(ASSERTIONS)
    return tuple(found)


def gating_set(epoch: Epoch, settings: BoardSettings) -> GatingSet:
    """Return who may raise an alarm in `epoch`, and so at what share of alpha."""
    return GatingSet(
        frozen=tuple(
            ModalityPlan(
                modality,
                tuple(epoch.slices.get(modality, ())),
                deciders(settings, modality),
            )
            for modality in epoch.modalities
        ),
        alpha=settings.alpha,
    )


def stream_settings(
    settings: BoardSettings, gating: GatingSet, modality: str, stream: str
) -> StreamSettings:
    """Return what one stream is asked: a gating one, a decider or `slice:<name>`.

    Raises:
        OutOfRangeError: a margin that does not lie between eps and 1.
        KeyError: the modality is not in the gating set.
    """
    margin, minimum = settings.margin(modality), 0
    if stream not in STREAMS and stream.startswith("slice:"):
        declared = settings.slices.get(stream.removeprefix("slice:"))
        if declared is not None:
            margin = declared.margin or margin
            minimum = declared.minimum_pairs
    return StreamSettings(
        stream=stream,
        margin=margin,
        alpha_regression=gating.alpha_regression(modality),
        alpha_pass=ALPHA_PASS,
        eps=settings.eps,
        minimum_replays=minimum,
        expected_discordance=settings.expected_discordance.get(modality, 0.02),
    )
