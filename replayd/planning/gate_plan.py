"""Predicts what a verdict will need, from current knowledge, before any spending."""

from collections.abc import Iterator

from msgspec import Struct

from replayd.config import BudgetConfig, ReplaydConfig
from replayd.evidence.aa_test import FEWEST_NOISE_PAIRS
from replayd.evidence.settings import ALPHA_PASS, BoardSettings, settings_of
from replayd.stats import Plan, plan
from replayd.verdicts.views import CanaryView, ModalityView

ASSUMED_DISCORDANCE = 0.02  # before the control was ever asked twice
GATING_STREAMS = 3


class ModalityPlanned(Struct, frozen=True, kw_only=True):
    """One modality's plan; pairs needed in 50 % and in 90 % of all runs."""

    modality: str
    margin: float
    discordance: float
    measured: bool  # False: assumed, not measured yet
    plan: Plan

    def needed(self, what: str) -> str:
        """Return `median / p90` for "pass" or a drop such as "0.05"; else "never"."""
        found = self.plan.to_pass if what == "pass" else self.plan.to_find.get(what)
        return f"{found.median} / {found.p90}" if found else "never"


def plan_of(view: CanaryView) -> Iterator[ModalityPlanned]:
    """Yield a plan per modality, from the noise measured in this epoch."""
    for modality, shown in view.modalities.items():
        quality = shown.streams["quality"]
        discordance, measured = _noise(shown)
        yield ModalityPlanned(
            modality=modality,
            margin=quality.margin,
            discordance=discordance,
            measured=measured,
            plan=plan(
                discordance=discordance,
                margin=quality.margin,
                eps=quality.eps,
                alpha_regression=quality.alpha_regression,
                alpha_pass=quality.alpha_pass,
            ),
        )


def out_of_reach(
    settings: BoardSettings, modalities: tuple[str, ...], pairs_affordable: int | None
) -> tuple[str, ...]:
    """Return a sentence for each margin that the budget cannot meet; said at start.

    `pairs_affordable` is per modality and week; None: no limit.
    """
    found: list[str] = []
    for modality in modalities:
        margin = settings.margin(modality)
        planned = plan(
            discordance=settings.expected_discordance.get(
                modality, ASSUMED_DISCORDANCE
            ),
            margin=margin,
            eps=settings.eps,
            alpha_regression=settings.alpha / (GATING_STREAMS * len(modalities)),
            alpha_pass=ALPHA_PASS,
        ).to_pass
        if planned is None:
            found.append(f"{modality}: no number of pairs passes at margin {margin:g}")
        elif pairs_affordable is not None and planned.p90 > pairs_affordable:
            found.append(
                f"{modality}: margin {margin:g} needs {planned.p90} pairs,"
                f" a week's budget pays for {pairs_affordable}"
            )
    return tuple(found)


def said_at_start(config: ReplaydConfig, canary: str) -> tuple[str, ...]:
    """Return a sentence for each margin that a week of the budget cannot meet."""
    settings = settings_of(config, canary)
    modalities = settings.required_modalities or tuple(
        sorted({*settings.margins, *(s.modality for s in settings.slices.values())})
    )
    requests = requests_a_week(config.budget)
    if not modalities or requests is None:
        return out_of_reach(settings, modalities, None)
    arms = len([a for a in config.arms.values() if a.role == "control"]) + 1
    return out_of_reach(settings, modalities, requests // arms // len(modalities))


def requests_a_week(budget: BudgetConfig) -> int | None:
    """Return the budget's requests per week; None: no limit."""
    limits = (
        (budget.requests_per_minute, 7 * 24 * 60),
        (budget.requests_per_hour, 7 * 24),
        (budget.requests_per_day, 7),
    )
    return min((limit * times for limit, times in limits if limit), default=None)


def _noise(shown: ModalityView) -> tuple[float, bool]:
    floor = shown.noise_floor
    if (
        floor is not None
        and floor.discordance is not None
        and floor.replays >= FEWEST_NOISE_PAIRS
    ):
        return floor.discordance, True
    return ASSUMED_DISCORDANCE, False
