"""Traits as slices: from a loaded case to a result, a protected slice, an epoch."""

from fakes.judged_epoch import AT_NS, planned_of, said
from fakes.stored_calls import text_call
from msgspec.structs import replace

from replayd.cases.schedule import Schedule, ScheduleSettings, slices_of
from replayd.config import ArmConfig, ReplaydConfig, SliceConfig
from replayd.evaluation.epochs import wanted_epoch
from replayd.evidence.watched_slices import SliceWatch
from replayd.model import PairAnswers
from replayd.scoring.recorded import Recorded
from replayd.scoring.worker import Job, judged
from snaptrace.snapshot.codec import pack_snapshot

CALL = text_call(7, at_ns=AT_NS, answer="The total is 7.", modality="image")
SCANS = SliceConfig(modality="image", attribute="image.kind", values=["scan"])


async def result_of(traits, attributes=None):
    """Judge one pair of a case with traits."""
    planned = planned_of(0, CALL, "s", 0)
    case = replace(planned.case, attributes=attributes or {})
    recorded = Recorded(pack_snapshot(CALL), None, traits)
    answers = PairAnswers(
        number=0,
        snapshot_id=CALL.snapshot_id,
        canary=said("It is 8."),
        control=said("The total is 7."),
    )
    (found,) = await judged([Job(replace(planned, case=case), recorded, answers, 1)])
    return found


async def test_traits_stand_in_results_and_are_watched():
    """A canary that fails on scans would hide in the average of images."""
    result = await result_of({"image.kind": "scan"})
    assert result.attributes == {"image.kind": "scan"}
    watch = SliceWatch(0.005)
    watch.add(result)
    assert "image.kind=scan" in {shown.slice for shown in watch.shown()}


async def test_what_the_application_says_stands():
    """A guess would overwrite what the team knows."""
    result = await result_of({"image.kind": "scan"}, {"image.kind": "receipt"})
    assert result.attributes["image.kind"] == "receipt"


async def test_a_protected_slice_is_fed_by_a_trait():
    """A gate would pass whatever happens to scans."""
    settings = ScheduleSettings(
        seed="e", lookback_ns=1, age_limit_ns=1, slices=slices_of({"scans": SCANS})
    )
    schedule = Schedule(settings)
    scan = await result_of({"image.kind": "scan"})
    assert schedule.slices_fed(scan) == ("scans",)
    assert schedule.slices_fed(await result_of({"image.kind": "photo"})) == ()
    assert schedule.slices_fed(replace(scan, modality="text")) == ()
    assert schedule.slices_fed(replace(scan, lane="quota:rare")) == ()


def test_a_changed_measure_opens_an_epoch_where_a_slice_rests_on_it(monkeypatch):
    """Evidence of two measures would be added up under one name."""
    arm = ArmConfig(role="canary", url="http://c/v1", model="m")
    by_trait = ReplaydConfig(arms={"c": arm}, slices={"scans": SCANS})
    plain = ReplaydConfig(arms={"c": arm})
    before = [wanted_epoch(each, "c", arm, ("image",)) for each in (by_trait, plain)]
    monkeypatch.setattr("replayd.evaluation.epochs.VERSION", "next")
    after = [wanted_epoch(each, "c", arm, ("image",)) for each in (by_trait, plain)]
    assert before[0].key != after[0].key
    assert before[1].key == after[1].key
