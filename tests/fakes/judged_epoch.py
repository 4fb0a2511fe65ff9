"""An epoch as the daemon leaves it in a store: calls, plan, results and answers."""

import io

from fakes.leaping_loop import LoopClock
from fakes.pair_results import epoch_of
from fakes.stored_calls import image_call, store_calls, text_call
from PIL import Image, ImageDraw

from replayd.ledger.ledger import Ledger, open_epoch
from replayd.model import ArmAnswer, Case, PairAnswers, Planned
from replayd.scoring.pair import judge
from replayd.scoring.recorded import scoring_case
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.model import Answer
from snaptrace.store.store import Store

AT_NS = 1_800_000_000_000_000_000
KEY = FleetKey(b"k" * 32)


def chart(values):
    """Return a PNG of a small bar chart."""
    image = Image.new("RGB", (360, 40 + 34 * len(values)), "white")
    draw = ImageDraw.Draw(image)
    for row, (label, value) in enumerate(values.items()):
        top = 24 + 34 * row
        draw.text((12, top + 4), label, fill="black")
        draw.rectangle((90, top, 90 + value // 25, top + 20), fill="#4a6fa5")
        draw.text((300, top + 4), str(value), fill="black")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def planned_of(number, snapshot, segment, index):
    """Return the plan's line about one stored call."""
    case = Case(
        snapshot_id=snapshot.snapshot_id,
        segment=segment,
        index=index,
        unit=snapshot.trace_id,
        trace_id=snapshot.trace_id,
        service=snapshot.service,
        modality=snapshot.modality,
        api="openai_chat",
        model="assistant-7",
        route=snapshot.route,
        rank=snapshot.rank,
        recorded_at_ns=snapshot.ended_at_ns,
        uniform=True,
        replayable=True,
    )
    return Planned(number=number, case=case, lane="traffic")


def said(text, outcome="answered"):
    """Return what an arm answered."""
    return ArmAnswer(
        outcome=outcome,
        answer=Answer(text=text),
        served_model="assistant-8",
        latency_ms=812.0,
    )


async def store_epoch(pairs, *, keep_answers=True, url="memory://"):
    """Store an epoch of `pairs`: (snapshot, canary text, control text, blob)."""
    store = Store.open(StoreConfig(url=url))
    calls = [pair[0] for pair in pairs]
    blobs = [pair[3] for pair in pairs if pair[3]]
    name = await store_calls(store, calls, at_ns=AT_NS, blobs=blobs, key=KEY)
    epoch = epoch_of("image", "text")
    await open_epoch(store, epoch)
    ledger = Ledger(store, epoch.epoch, LoopClock(), "leader-1")
    for number, (snapshot, canary, control, _) in enumerate(pairs):
        planned = planned_of(number, snapshot, name, number)
        await ledger.plan([planned])
        answers = PairAnswers(
            number=number,
            snapshot_id=snapshot.snapshot_id,
            canary=canary if isinstance(canary, ArmAnswer) else said(canary),
            control=control if isinstance(control, ArmAnswer) else said(control),
        )
        result = await judge(
            planned, scoring_case(snapshot), answers, committed_at_ns=AT_NS + number
        )
        await ledger.commit([result], [answers] if keep_answers else [])
    return store, epoch


def image_pair(number, canary, control=None):
    """Return a chart, read by both arms."""
    values = {"North": 4210 + number, "South": 3100, "East": 875}
    blob = chart(values)
    right = "\n".join(f"{label}: {value}" for label, value in values.items())
    call = image_call(number, blob, KEY, at_ns=AT_NS, answer=right)
    return call, canary, control or right, blob


def text_pair(number, canary, control="The total is 42."):
    """Return a question about an order."""
    return text_call(number, at_ns=AT_NS), canary, control, b""
