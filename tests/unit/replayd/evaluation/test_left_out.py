"""What an epoch leaves out is fixed when it opens."""

import random

import msgspec
from fakes.leaping_loop import LoopClock
from fakes.pair_results import epoch_of

from replayd.config import DrillConfig, ReplaydConfig
from replayd.drills.certificate import Certificate, RouteDependence, store_certificate
from replayd.evaluation import epochs
from replayd.evidence.settings import BoardSettings
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

PLACE = ("image", "shop", "alt-text")


def _certificate(cases, independent):
    modality, service, route = PLACE
    row = RouteDependence(
        modality=modality,
        service=service,
        route=route,
        cases=cases,
        independent=independent,
    )
    return Certificate(
        kind="share",
        source="request",
        made_at_ns=1,
        software="",
        orders=1,
        most_pairs=1,
        alpha=0.05,
        margins={},
        routes=(row,),
    )


async def _opened(store, share):
    config = ReplaydConfig(drills=DrillConfig(leave_out=share))
    wanted = await epochs.without_needless(store, config, epoch_of("image"))
    return await epochs.begin(
        store, LoopClock(), wanted, None, BoardSettings(), rng=random.Random(1)
    )


async def test_what_a_drill_proved_before_is_left_out_and_stays_so():
    """Answers of an epoch could decide which of its cases count."""
    store = Store.open(StoreConfig(url="memory://"))
    await store_certificate(store, _certificate(40, 39))
    assert (await _opened(store, 0.7)).left_out == (PLACE,)
    # Later drills say otherwise; the epoch that is open keeps what it began with.
    await store_certificate(store, _certificate(40, 2))
    assert (await epochs.current(store, "canary")).left_out == (PLACE,)


async def test_nothing_is_left_out_unless_it_is_wanted_and_proven():
    """A verdict would silently speak of fewer calls than before."""
    store = Store.open(StoreConfig(url="memory://"))
    await store_certificate(store, _certificate(10, 9))
    assert (await _opened(store, 0.9)).left_out == ()
    other = Store.open(StoreConfig(url="memory://"))
    await store_certificate(other, _certificate(40, 40))
    assert (await _opened(other, 0.0)).left_out == ()


def test_another_threshold_is_another_epoch():
    """Cases under two rules would be counted in one verdict."""
    arm = {"canary": {"role": "canary", "url": "http://a", "model": "m"}}
    made = [
        epochs.wanted_epoch(config, "canary", config.arms["canary"], ())
        for share in (0.0, 0.5)
        for config in [_config(arm, share)]
    ]
    assert not epochs.same(*made)
    assert "leave_out" not in made[0].key


def _config(arms, share):
    return msgspec.convert(
        {"arms": arms, "drills": {"leave_out": share}}, ReplaydConfig
    )
