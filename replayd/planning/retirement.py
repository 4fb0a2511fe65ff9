"""Announced shutdown dates of models, and what a verdict before one needs."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files

from msgspec import Struct
from msgspec.structs import replace

from replayd.config import ArmConfig, ReplaydConfig
from replayd.evidence.settings import ALPHA_PASS
from replayd.model import Case
from replayd.planning.cost import survey
from replayd.planning.estimates import Need, needs, pace, pair_cost
from replayd.stats import DEFAULT_MARGINS, OTHER_MARGIN, GatingSet, ModalityPlan, plan

NS_PER_DAY = 86_400 * 10**9
ASSUMED_DISCORDANCE = 0.02  # where nothing was measured yet
_OLD, _NEW = "retiring", "successor"


class Retirement(Struct, frozen=True):
    """One model's announced end."""

    model: str
    on: date
    source: str = "replayd.retirements"
    checked: str = "operator"  # or how the table knows it; see retirements.toml

    def days_left(self, now_ns: int) -> int:
        """Return the whole days until then; negative afterwards."""
        today = datetime.fromtimestamp(now_ns / 1e9, UTC).date()
        return (self.on - today).days


class RetirementPlan(Struct, frozen=True, kw_only=True):
    """Pairs, hours and money of a verdict on one modality of the retiring model."""

    modality: str
    cases: int
    needs: tuple[Need, ...]
    unpriced: tuple[str, ...] = ()
    limited_by: str = ""


@lru_cache(maxsize=1)
def _announced() -> dict[str, Retirement]:
    text = (files("replayd.planning") / "retirements.toml").read_text("utf-8")
    return {
        name: Retirement(name, row["on"], row["source"], row["checked"])
        for row in tomllib.loads(text)["model"]
        for name in row["names"]
    }


def retirements(config: ReplaydConfig) -> dict[str, Retirement]:
    """Return all known dates by model; the operator's own win over the table's."""
    known = dict(_announced())
    for model, on in config.retirements.items():
        known.pop(model, None)
        if on:
            known[model] = Retirement(model, date.fromisoformat(on))
    return known


def retirement_of(known: dict[str, Retirement], model: str) -> Retirement | None:
    """Return a model's date; a path before its name, as of a gateway, is left out."""
    return known.get(model) or known.get(model.rpartition("/")[2])


def plan_retirement(
    config: ReplaydConfig,
    cases: Iterable[Case],
    *,
    old: str,
    new: str,
    now_ns: int,
    lookback_ns: int,
) -> Iterator[RetirementPlan]:
    """Yield what a verdict on `new` in the place of `old` takes, per modality.

    From the traffic on `old`: its tokens, its pace and the configured limits.
    """
    asked = [case for case in cases if case.model == old]
    traffic = survey(
        sorted(asked, key=lambda case: -case.recorded_at_ns), now_ns, lookback_ns
    )
    trial = _trial(config, old, new)
    gating = GatingSet(
        frozen=tuple(map(ModalityPlan, traffic)), alpha=config.stats.alpha
    )
    hours = lookback_ns / (NS_PER_DAY / 24)
    for modality, seen in traffic.items():
        cost = pair_cost(trial, _NEW, seen.input_tokens, seen.output_tokens)
        found = pace(
            trial,
            modality,
            cost,
            production_calls_per_hour=len(asked) / hours,
            fresh_units_per_hour=seen.fresh_units_per_hour,
            modalities=len(traffic),
        )
        default = DEFAULT_MARGINS.get(modality, OTHER_MARGIN)
        pairs = plan(
            discordance=ASSUMED_DISCORDANCE,
            margin=config.stats.margins.get(modality, default),
            eps=config.stats.eps,
            alpha_regression=gating.alpha_regression(modality),
            alpha_pass=ALPHA_PASS,
        )
        yield RetirementPlan(
            modality=modality,
            cases=seen.cases,
            needs=tuple(needs(pairs, cost, found)),
            unpriced=cost.unpriced,
            limited_by=found.limited_by,
        )


def _trial(config: ReplaydConfig, old: str, new: str) -> ReplaydConfig:
    """Return the configuration of a canary `new` against the control `old`."""
    nowhere = "http://localhost"
    arms = {
        _OLD: ArmConfig(role="control", url=nowhere, model=old),
        _NEW: ArmConfig(role="canary", url=nowhere, model=new),
    }
    return replace(config, arms=arms)
