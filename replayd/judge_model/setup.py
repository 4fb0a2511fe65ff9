"""From the configuration to a judge model, with everything refused that cannot work."""

import random
from collections.abc import Mapping

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.limits import WINDOWS, Budgets, Prices
from replayd.config import ArmConfig, JudgeConfig, OverridesConfig, ReplaydConfig
from replayd.judge_model.anchors import load_anchors
from replayd.judge_model.families import family_of
from replayd.judge_model.model import JudgeModel
from replayd.judge_model.rubrics import load_rubrics
from replayd.providers import PROVIDERS
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import ConfigError

AT = "replayd.judge"


def check(config: ReplaydConfig, environ: Mapping[str, str] | None = None) -> None:
    """Refuse a judge that cannot be asked, or that would judge itself.

    Raises:
        ConfigError: says which key and why.
    """
    judge = config.judge
    if not judge.url:
        return
    if not judge.model:
        raise ConfigError(f"{AT}.model", "name the model that judges")
    for name, arm in config.arms.items():
        related = family_of(judge.model) == family_of(arm.model)
        if related and not judge.allow_family:
            why = (
                f"{judge.model} is of the same family as {arm.model} of arm {name}; "
                "take another vendor's model, or set allow_family: true"
            )
            raise ConfigError(f"{AT}.model", why)
    limits = (getattr(judge.budget, f"money_per_{window}") for window in WINDOWS)
    if judge.model not in config.prices and any(limit is not None for limit in limits):
        why = f"no price for {judge.model}, while {AT}.budget limits money"
        raise ConfigError("replayd.prices", why)
    load_rubrics(judge.rubrics)
    load_anchors(judge.labelled)
    if environ is not None:
        endpoint_settings("judge", arm_config(judge), environ, at=AT)


def made(
    config: ReplaydConfig,
    budgets: Budgets,
    environ: Mapping[str, str],
    clock: Clock,
    rng: random.Random,
) -> JudgeModel:
    """Return the judge; its endpoint is opened and closed by the caller.

    Raises:
        ConfigError: a key, rubric or setting that is not there.
    """
    arm = arm_config(config.judge)
    settings = endpoint_settings("judge", arm, environ, at=AT)
    endpoint = Endpoint(settings, PROVIDERS[arm.api], clock, rng)
    return JudgeModel(
        Arm("judge", arm, endpoint),
        load_rubrics(config.judge.rubrics),
        budgets,
        Prices(config.prices),
        clock,
    )


def arm_config(judge: JudgeConfig) -> ArmConfig:
    """Return the judge as the arm by whose code it is asked."""
    return ArmConfig(
        role="control",
        url=judge.url,
        model=judge.model,
        api=judge.api,
        platform=judge.platform,
        region=judge.region,
        api_version=judge.api_version,
        api_key_env=judge.api_key_env,
        api_key_file=judge.api_key_file,
        headers=judge.headers,
        ca_file=judge.ca_file,
        proxy=judge.proxy,
        timeout=judge.timeout,
        concurrency=judge.concurrency,
        overrides=OverridesConfig(params=judge.params),
    )
