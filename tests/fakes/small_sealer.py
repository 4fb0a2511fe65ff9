"""A sealer of small windows, calls for it, and what it stored."""

import hashlib

from fakes.filled_store import KEY

from collector.call import Call
from collector.config.sampling import ReservoirConfig, SealConfig
from collector.sealing.sealer import Sealer
from snaptrace.runtime.config import Duration
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import Answer, Fidelity, Media, Request, Snapshot
from snaptrace.store import media

SECOND_NS = 10**9
START_NS = 1_763_800_000 * SECOND_NS // (600 * SECOND_NS) * (600 * SECOND_NS)


class HandClock:
    """A clock that a test sets."""

    def __init__(self):
        self.at_ns = START_NS

    def now_ns(self):
        return self.at_ns

    def monotonic_seconds(self):
        return self.at_ns / SECOND_NS


def make(folder, store, clock, *, seal=None, cipher=None, **reservoir):
    """Return a sealer on `folder`."""
    settings = {"window": Duration(10), "grace": Duration(2), "size": 8, "quota": 0}
    return Sealer(
        seal or SealConfig(),
        ReservoirConfig(**{**settings, **reservoir}),
        folder=folder,
        store=store,
        key=KEY,
        clock=clock,
        redaction_version="1-test",
        release="0.0",
        name="pod",
        cipher=cipher,
    )


def call(number, ended_at_ns, *, image=None, user="", text=""):
    """Return a redacted call that is not placed yet."""
    trace_id = hashlib.sha256(b"%d" % number).digest()[:16]
    span_id = number.to_bytes(8, "big")
    medium, blobs = (), {}
    if image is not None:
        digest = KEY.media_digest(image)
        medium = (Media(kind="image", mime="image/png", state="inline", digest=digest),)
        blobs = {0: image}
    return Call(
        snapshot=Snapshot(
            snapshot_id=snapshot_id(trace_id, span_id),
            trace_id=trace_id.hex(),
            span_id=span_id.hex(),
            service="shop",
            operation="chat",
            modality="text",
            request=Request(api="", body={"n": number, "text": text}),
            answer=Answer(text="yes"),
            fidelity=Fidelity(level="exact"),
            media=medium,
            ended_at_ns=ended_at_ns,
            arrived_at_ns=ended_at_ns,
            user=KEY.subject("user", user) if user else "",
        ),
        blobs=blobs,
    )


async def feed(sealer, one):
    """Do with a call what the pipeline does; return whether it was admitted."""
    placed = sealer.selection.place(one)
    return (
        sealer.selection.wants(placed)
        and (await sealer.selection.admit(placed)).admitted
    )


async def stored(store):
    """Return (frame, [(header, snapshot)]) of all segments; media checked."""
    frame, found = Frame(), []
    async for info in store.list(object_names.SEGMENTS):
        read = segment.read(await store.get(info.name), info.name)
        frame.add(read.header)
        folder = object_names.parse_segment(info.name).media_folder
        for snapshot in read:
            found.append((read.header, snapshot))
            for medium in snapshot.media:
                await media.get(store, KEY, folder, medium.digest)
    return frame, found


def expected(calls, size=8):
    """Return the ids of the calls that a window of these must keep."""
    ranked = sorted(
        (KEY.rank(bytes.fromhex(one.snapshot.trace_id)), one.snapshot.snapshot_id)
        for one in calls
    )
    return {snapshot for _, snapshot in ranked[-size:]}
