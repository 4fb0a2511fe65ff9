"""A configuration read again: taken over whole, or refused while the old one runs."""

import asyncio

import pytest
from fakes.waiting import until
from prometheus_client import CollectorRegistry

from replayd.reload import EngineReloader, check, check_reload, unpriced
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.config import ConfigError, load

ARMS = {
    "canary": {"role": "canary", "url": "http://c/v1", "model": "m8"},
    "production": {"role": "control", "url": "http://p/v1", "model": "m7"},
}


class StubEngine:
    """Runs until told to end; says what happened to it."""

    def __init__(self, name, said):
        self.name, self.said = name, said

    async def run(self, stop, _environ, *, ready, keeps_lease):
        """Report the beginning and the end."""
        self.said.append(f"{self.name} began")
        ready()
        await stop.wait()
        self.said.append(f"{self.name} ended{' holding' if keeps_lease() else ''}")


def config_of(**more):
    from replayd.config import ReplaydConfig  # noqa: PLC0415

    settings = [f"replayd.{key}={value}" for key, value in more.items()]
    document = load(None, {}, settings)
    return document.section("replayd", ReplaydConfig)


def value(metrics, result):
    return metrics.reloads.labels(result)._value.get()


async def test_a_reload_ends_one_engine_and_starts_the_next():
    """If it failed, a new canary would need a restart, or two engines would lead."""
    said, reload, stop = [], asyncio.Event(), asyncio.Event()
    metrics = EngineMetrics(CollectorRegistry())
    part = EngineReloader(
        StubEngine("one", said), lambda: StubEngine("two", said), {}, reload, metrics
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(part.run(lambda: None, stop))
        await until(lambda: said)
        reload.set()
        await until(lambda: len(said) == 3)
        stop.set()
    assert said == ["one began", "one ended holding", "two began", "two ended"]
    assert value(metrics, "applied") == 1


async def test_a_configuration_that_cannot_work_changes_nothing():
    """If it failed, a slip in a file would end an evaluation of days."""
    said, reload, stop = [], asyncio.Event(), asyncio.Event()
    metrics = EngineMetrics(CollectorRegistry())

    def refuse():
        raise ConfigError("replayd.arms", "name at least one arm with role: canary")

    part = EngineReloader(StubEngine("one", said), refuse, {}, reload, metrics)
    async with asyncio.TaskGroup() as group:
        group.create_task(part.run(lambda: None, stop))
        for times in (1, 2):
            reload.set()
            await until(lambda times=times: value(metrics, "refused") == times)
        stop.set()
    assert said == ["one began", "one ended"]


async def test_a_stop_during_a_reload_is_a_stop():
    """If it failed, a pod would not end while its configuration changes."""
    said, reload, stop = [], asyncio.Event(), asyncio.Event()
    metrics = EngineMetrics(CollectorRegistry())
    part = EngineReloader(
        StubEngine("one", said), lambda: StubEngine("two", said), {}, reload, metrics
    )
    reload.set()
    stop.set()
    await part.run(lambda: None, stop)
    assert said == []


def test_what_only_a_restart_can_change_is_refused_by_name():
    """If it failed, a reload would seem to move a port and would not."""
    before = config_of()
    with pytest.raises(ConfigError, match=r"replayd\.metrics: changing it needs"):
        check_reload(before, config_of(**{"metrics.listen": "127.0.0.1:1"}))
    check_reload(before, config_of(concurrency=9))


def test_a_key_that_is_not_there_is_refused_before_anything_ends():
    """If it failed, the old engine would end and the new one could not begin."""
    import json  # noqa: PLC0415

    arms = {**ARMS, "canary": {**ARMS["canary"], "api_key_env": "NOT_THERE"}}
    config = config_of(arms=json.dumps(arms))
    check(config)
    with pytest.raises(ConfigError, match="NOT_THERE"):
        check(config, {})
    check(config, {"NOT_THERE": "k"})


def priced(prices, **limits):
    import json  # noqa: PLC0415

    return config_of(
        arms=json.dumps(ARMS), prices=json.dumps(prices), budget=json.dumps(limits)
    )


PRICE = {"input": 1, "output": 2}


def test_a_limit_of_money_wants_a_price_for_every_arm():
    """If it failed, a model without a price would cost nothing and never be stopped."""
    with pytest.raises(ConfigError, match=r"no price for m7, the model of arm prod"):
        check(priced({"m8": PRICE}, money_per_day=5))
    check(priced({"m8": PRICE, "m7": PRICE}, money_per_day=5))
    check(priced({"m8": PRICE}, tokens_per_day=5))


def test_a_price_table_without_a_model_names_it():
    """If it failed, a bill would be too low and nobody would know for which arm."""
    assert unpriced(priced({"m8": PRICE})) == {"production": "m7"}
    assert unpriced(priced({})) == {}
