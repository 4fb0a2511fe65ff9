"""Settings of a scoreboard, fixed at the start of an epoch."""

from typing import Literal

import msgspec
from msgspec import Struct, structs

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
from replayd.stats.prediction_powered import scale

ALPHA_PASS = 0.05  # of each stream: a gate passes only if all do, so none is shared
ADJUDICATION, ASSERTIONS, JUDGE = "adjudication", "assertions", "judge"
NANOSECONDS = 1_000_000_000
Standing = Literal["shown", "gates"]  # of a judge model


class JudgeKey(Struct, frozen=True, kw_only=True):
    """Judge model settings that an epoch holds fixed; JSON text in the epoch's key."""

    model: str
    version: str = ""  # as declared
    rubrics: str = ""  # digest
    said: str = ""  # its verdicts on the labelled cases, one letter each
    standing: Standing = "shown"
    label_share: float = 0.0  # of judged pairs that people label too
    margin: float = 0.05

    def text(self) -> str:
        """Return the key as an epoch holds it."""
        return msgspec.json.encode(self, order="sorted").decode()


def judge_key(epoch: Epoch) -> JudgeKey | None:
    """Return what an epoch holds fixed of its judge model; None if it has none."""
    text = epoch.key.get(JUDGE, "")
    try:
        return msgspec.json.decode(text, type=JudgeKey) if text else None
    except msgspec.DecodeError:
        return None


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
    scored_limit: float = 0.8
    pass_expires_ns: int = 6 * 3600 * NANOSECONDS
    expected_discordance: dict[str, float] = {}  # of the epoch before, by modality
    judge: JudgeKey | None = None
    # Modality -> faults that a pass must be able to show.
    required_sensitivity: dict[str, tuple[str, ...]] = {}

    @property
    def judge_gates(self) -> bool:
        """Whether a judge model's verdicts decide."""
        return self.judge is not None and self.judge.standing == "gates"

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
        scored_limit=schedule.scored_limit,
        pass_expires_ns=int(schedule.pass_expires * NANOSECONDS),
        required_sensitivity={
            modality: tuple(faults)
            for modality, faults in config.drills.required_sensitivity.items()
        },
    )


def declared_slices(config: ReplaydConfig) -> dict[str, tuple[str, ...]]:
    """Return the names of the declared protected slices by modality."""
    slices: dict[str, tuple[str, ...]] = {}
    for name, declared in config.slices.items():
        slices[declared.modality] = (*slices.get(declared.modality, ()), name)
    return slices


def of_epoch(settings: BoardSettings, epoch: Epoch) -> BoardSettings:
    """Return the settings with what an epoch itself holds fixed."""
    return structs.replace(
        settings, pinned_modalities=epoch.pinned, judge=judge_key(epoch)
    )


def deciders(settings: BoardSettings, modality: str) -> tuple[str, ...]:
    """Return the streams that stand beside agreement in `quality`."""
    found: list[str] = []
    if settings.judge_gates:
        found.append(JUDGE)  # people's decisions correct it
    elif settings.intent == "upgrade":
        found.append(ADJUDICATION)
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
    margin, eps, minimum = settings.margin(modality), settings.eps, 0
    if stream == JUDGE and settings.judge is not None:
        # Values of this stream are scaled, see `stats.prediction_powered`.
        share = settings.judge.label_share if settings.judge_gates else 1.0
        factor = scale(share or 1.0)
        margin, eps = factor * settings.judge.margin, factor * eps
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
        eps=eps,
        minimum_replays=minimum,
        expected_discordance=settings.expected_discordance.get(modality, 0.02),
    )
