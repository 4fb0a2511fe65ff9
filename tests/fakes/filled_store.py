"""A store with segments, media and answers in it, written by the real code."""

import msgspec
import zstandard
from fakes.dying_store import KilledError

from snaptrace import export
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Request,
    Snapshot,
)
from snaptrace.store import hour_index, media
from snaptrace.store.pins import digests_of
from snaptrace.store.store import Store
from snaptrace.store.tombstones import subjects_of

KEY = FleetKey(b"the secret of a fleet of test sidecars")
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
START_NS = 1_763_800_000 * 10**9 // HOUR_NS * HOUR_NS  # an hour of 22 November 2025


class DyingBackend:
    """Lets `left` changes through; at the next one the process is gone."""

    def __init__(self, backend, left):
        self._backend, self.left = backend, left

    def __getattr__(self, name):
        return getattr(self._backend, name)

    def _change(self):
        self.left -= 1
        if self.left < 0:
            raise KilledError

    async def create(self, name, data):
        self._change()
        return await self._backend.create(name, data)

    async def delete(self, name):
        self._change()
        await self._backend.delete(name)


def dying(store, left):
    """Return the same store, whose user is killed after `left` changes."""
    return Store(DyingBackend(store._backend, left))


def memory_store():
    """Return an empty store that lives in memory."""
    return Store.open(StoreConfig(url="memory://"))


def recorded(number, *, user="", session="", image=None, ended_at_ns=START_NS):
    """Return a snapshot, and its media by digest."""
    trace_id, span_id = number.to_bytes(16, "big"), number.to_bytes(8, "big")
    held, medium = {}, ()
    content = f"question number {number} of {user or 'nobody'}"
    if image is not None:
        digest = KEY.media_digest(image)
        held[digest] = image
        medium = (
            Media(
                kind="image",
                mime="image/png",
                state="inline",
                digest=digest,
                size_bytes=len(image),
            ),
        )
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": content},
                    *(
                        {
                            "type": "image_url",
                            "image_url": {"url": MediaRef(0, "data_url")},
                        }
                        for _ in medium
                    ),
                ],
            },
        ],
    }
    snapshot = Snapshot(
        snapshot_id=snapshot_id(trace_id, span_id),
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        service="shop",
        operation="chat",
        modality="image" if image is not None else "text",
        request=Request(api="openai_chat", path="/chat/completions", body=body),
        answer=Answer(text=f"answer to {content}"),
        fidelity=Fidelity(level="exact"),
        media=medium,
        ended_at_ns=ended_at_ns,
        user=KEY.subject("user", user) if user else "",
        session=KEY.subject("session", session) if session else "",
        rank=KEY.rank(trace_id),
        window_start_ns=START_NS,
    )
    return snapshot, held


async def put_segment(store, calls, *, at_ns=START_NS, sequence=1, collector="pod"):
    """Write a segment with its media, as the sealer does; return its name."""
    for _, held in calls:
        for digest, data in held.items():
            await media.put(store, object_names.media_folder(at_ns), digest, data)
    header = segment.SegmentHeader(
        collector=collector,
        sequence=sequence,
        window_start_ns=START_NS,
        window_length_ns=600 * 10**9,
        sealed_at_ns=at_ns,
        subjects=segment.pack_subjects(
            [subject for snapshot, _ in calls for subject in subjects_of(KEY, snapshot)]
        ),
        reservoirs=(
            segment.ReservoirState(
                kind="uniform",
                service="shop",
                modality="text",
                size=256,
                seen=len(calls),
            ),
        ),
    )
    name = object_names.segment(at_ns, collector, sequence)
    await store.create(name, segment.write(header, [snapshot for snapshot, _ in calls]))
    return name


async def put_answers(store, epoch, first, snapshots, *, subjects=()):
    """Write an answers object of the form that replayd writes."""
    content = {
        "epoch": epoch,
        "first": first,
        "answers": [
            {
                "number": first + index,
                "snapshot_id": snapshot.snapshot_id,
                "subjects": list(subjects),
                "canary": {"answer": {"text": f"canary's {snapshot.answer.text}"}},
            }
            for index, snapshot in enumerate(snapshots)
        ],
    }
    data = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content))
    await store.create(object_names.answer(epoch, first), data)


async def put_results(store, epoch, numbers):
    """Write a results object of the form that replayd writes, with so many results."""
    content = {"epoch": epoch, "first": 0, "results": [{"number": n} for n in numbers]}
    data = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content))
    await store.create(object_names.result(epoch, 0), data)


async def everything(store):
    """Return every object by name, as raw bytes."""
    return {info.name: await store.get(info.name) async for info in store.list("v1")}


def plain(objects):
    """Return all bytes that can be read out of objects, decompressed."""
    out = []
    for name, data in objects.items():
        out.append(name.encode())
        if (
            name.startswith((object_names.SEGMENTS, object_names.PINS))
            and "/media/" not in name
        ):
            read = segment.read(data, name)
            out += [msgspec.msgpack.encode(read.header)]
            out += [msgspec.json.encode(export.row(one, "snapshot")) for one in read]
        elif name.startswith(object_names.ANSWERS):
            out.append(zstandard.ZstdDecompressor().decompress(data))
        elif name.startswith(object_names.CATALOGUE):
            out.append(msgspec.msgpack.encode(hour_index.unpack(data, name)))
        elif name.startswith(object_names.MEDIA) or "/media/" in name:
            out.append(media.unpack(data, name))
        else:
            out.append(data)
    return b"\0".join(out)


__all__ = [
    "DAY_NS",
    "HOUR_NS",
    "KEY",
    "START_NS",
    "KilledError",
    "digests_of",
    "dying",
    "everything",
    "memory_store",
    "plain",
    "put_answers",
    "put_segment",
    "recorded",
]
