"""A served model that changes under the same name."""

from replayd.arms.model_change import CONSECUTIVE, ServedModelWatch
from replayd.model import ArmOutcome, PairResult


def result(canary, control="m7"):
    return PairResult(
        number=0,
        snapshot_id="",
        modality="text",
        lane="traffic",
        slices=(),
        recorded_at_ns=0,
        committed_at_ns=0,
        canary=ArmOutcome(outcome="answered", served_model=canary),
        control=ArmOutcome(outcome="answered", served_model=control),
    )


def test_a_lasting_change_is_noticed_once_it_lasts():
    """If it failed, evidence about two models would be mixed in one verdict."""
    watch = ServedModelWatch()
    assert watch.saw(result("m8")) == ""
    found = [watch.saw(result("m9")) for _ in range(CONSECUTIVE)]
    assert found[:-1] == [""] * (CONSECUTIVE - 1)
    assert found[-1] == "canary=m9,control=m7"


def test_a_gateway_that_mixes_models_changes_nothing():
    """If it failed, every other answer would open an epoch: no verdict, ever."""
    watch = ServedModelWatch()
    assert not any(watch.saw(result(("m8", "m9")[i % 2])) for i in range(200))


def test_silence_about_the_model_is_no_change():
    """If it failed, servers that do not name their model could not be judged."""
    watch = ServedModelWatch()
    watch.saw(result("m8"))
    assert not any(watch.saw(result("")) for _ in range(100))
