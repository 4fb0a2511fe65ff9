"""Snapshots as a collector would have stored them, for replays in tests."""

import hashlib

from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Request,
    Snapshot,
    Usage,
)
from snaptrace.snapshot.segment import ReservoirState, SegmentHeader
from snaptrace.store import media
from snaptrace.store.tombstones import subjects_of

WINDOW_NS = 600 * 10**9


def hexed(*parts, size=16):
    """Return stable hex digits for a name."""
    text = "/".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def text_call(number, *, at_ns, answer="The total is 42.", service="shop", **more):
    """Return one recorded chat call; `number` makes it a trace of its own."""
    body = more.pop("body", None) or {
        "model": "assistant-7",
        "messages": [
            {"role": "user", "content": f"What is the total of order {number}?"}
        ],
        "temperature": 0.2,
    }
    fields = {
        "snapshot_id": hexed("snapshot", number),
        "trace_id": hexed("trace", number),
        "span_id": hexed("span", number, size=8),
        "service": service,
        "operation": "chat",
        "modality": "text",
        "request": Request(
            api="openai_chat", path="/chat/completions", model="assistant-7", body=body
        ),
        "answer": Answer(
            text=answer, usage=Usage(input_tokens=11, output_tokens=7), model="m"
        ),
        "fidelity": Fidelity(level="as_observed"),
        "ended_at_ns": at_ns,
        "arrived_at_ns": at_ns,
        "rank": int(hexed("rank", number, size=7), 16),
        "window_start_ns": at_ns - at_ns % WINDOW_NS,
        "route": "r1",
        "turn": 1,
    }
    return Snapshot(**{**fields, **more})


def image_call(number, data, key, *, at_ns, answer="North 12, South 30", **more):
    """Return one recorded call about an image whose bytes are `data`."""
    content = [
        {"type": "text", "text": "Read every value."},
        {"type": "image_url", "image_url": {"url": MediaRef(0, "data_url")}},
    ]
    medium = Media(
        kind="image",
        mime="image/png",
        state="inline",
        digest=key.media_digest(data),
        size_bytes=len(data),
        path="messages.content.image_url.url",
    )
    body = {"model": "assistant-7", "messages": [{"role": "user", "content": content}]}
    return text_call(
        f"image{number}",
        at_ns=at_ns,
        answer=answer,
        body=body,
        modality="image",
        media=(medium,),
        **more,
    )


async def store_calls(
    store, calls, *, at_ns, sequence=0, threshold=0, blobs=(), key=None
):
    """Write calls of one window as one segment, with their media."""
    groups = {(call.service, call.modality) for call in calls}
    header = SegmentHeader(
        collector="c1",
        sequence=sequence,
        window_start_ns=calls[0].window_start_ns,
        window_length_ns=WINDOW_NS,
        sealed_at_ns=at_ns,
        subjects=segment.pack_subjects(
            [subject for c in calls if key for subject in subjects_of(key, c)]
        ),
        reservoirs=tuple(
            ReservoirState(
                kind="uniform",
                service=service,
                modality=modality,
                size=10_000,
                threshold=threshold,
                seen=sum((c.service, c.modality) == (service, modality) for c in calls),
                kept=sum((c.service, c.modality) == (service, modality) for c in calls),
            )
            for service, modality in sorted(groups)
        ),
    )
    name = object_names.segment(at_ns, "c1", sequence)
    for data in blobs:
        await media.put(
            store, object_names.media_folder(at_ns), key.media_digest(data), data
        )
    assert await store.create(name, segment.write(header, calls))
    return name
