"""Shutdown dates of models, and the notice and plan that come of them."""

from datetime import date

import pytest
from fakes.led_epoch import cases
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from replayd.config import PriceConfig, ReplaydConfig
from replayd.planning.retirement import (
    Retirement,
    plan_retirement,
    retirement_of,
    retirements,
)
from replayd.services.retirement import RetirementNotice
from replayd.telemetry.metrics import EngineMetrics

NOW = 1_800_000_000 * 10**9  # 2027-01-15
HOUR = 3_600 * 10**9


class Clock:
    def now_ns(self):
        return NOW


def test_every_date_of_the_table_has_a_source():
    """An alert would rest on hearsay."""
    known = retirements(ReplaydConfig())
    assert len(known) > 10
    assert all(each.source.startswith("https://") for each in known.values())
    assert all(date(2026, 1, 1) <= each.on for each in known.values())
    assert {each.checked for each in known.values()} == {"provider", "copy", "quoted"}


def test_only_a_providers_own_page_counts_as_one():
    """A date from somebody's blog would be shown as announced by the provider."""
    own = ("https://developers.openai.com/", "https://ai.google.dev/")
    known = retirements(ReplaydConfig()).values()
    stated = [each for each in known if each.checked == "provider"]
    assert stated
    assert all(each.source.startswith(own) for each in stated)
    assert not any(e.source.startswith(own) for e in known if e.checked != "provider")


def test_the_operators_date_wins_and_a_row_can_be_removed():
    """A cloud with another date would raise false alarms for months."""
    own = {"gpt-4": "2027-03-01", "assistant-7": "2027-02-01", "chatgpt-4o-latest": ""}
    known = retirements(ReplaydConfig(retirements=own))
    assert known["gpt-4"] == Retirement("gpt-4", date(2027, 3, 1))
    assert known["assistant-7"].days_left(NOW) == 17
    assert "chatgpt-4o-latest" not in known
    assert retirement_of(known, "openai/gpt-4").model == "gpt-4"
    assert retirement_of(known, "gpt-4-own-tuning") is None


@pytest.mark.parametrize(("age_hours", "shown"), [(1, 17.0), (30, None)])
def test_live_traffic_on_a_model_that_goes_is_shown(age_hours, shown):
    """A service would find out on the day on which its calls fail."""
    registry = CollectorRegistry()
    config = ReplaydConfig(retirements={"m": "2027-02-01"})
    notice = RetirementNotice(config, Clock(), EngineMetrics(registry))
    calls = [replace(c, recorded_at_ns=NOW - age_hours * HOUR) for c in cases(3)]
    notice.saw([*calls, replace(calls[0], model="other")])
    name = "snaptrace_replayd_retiring_model_days"
    labels = {"service": "shop", "model": "m"}
    assert registry.get_sample_value(name, labels) == shown
    other = {"service": "shop", "model": "other"}
    assert registry.get_sample_value(name, other) is None


def test_a_verdict_before_the_date_is_planned_from_the_old_models_traffic():
    """Nobody would know whether there is time, or what it costs."""
    calls = [replace(c, recorded_at_ns=NOW - HOUR) for c in cases(50)]
    prices = {
        "m": PriceConfig(input=1_000_000, output=0),
        "next": PriceConfig(input=2_000_000, output=0),
    }

    def planned(config, **names):
        given = {"old": "m", "new": "next", **names}
        return list(
            plan_retirement(config, calls, now_ns=NOW, lookback_ns=24 * HOUR, **given)
        )

    (text,) = planned(ReplaydConfig(prices=prices))
    to_pass = next(need for need in text.needs if need.goal == "pass")
    assert text.cases == 50
    assert to_pass.pairs.p90 > 100
    # 11 tokens to each: the old model's price and twice that, and the second control's.
    assert to_pass.money == pytest.approx(to_pass.pairs.p90 * 11 * (2 + 1.05))
    assert to_pass.hours > 0
    (unpriced,) = planned(ReplaydConfig(prices=prices), new="unknown")
    assert unpriced.unpriced == ("unknown",)
    assert planned(ReplaydConfig(), old="another") == []
