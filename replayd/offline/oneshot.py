"""Snapshots sent once, or shown as they would be sent: no plan, no verdict, no store.

Without an arm, `dry_run` prints the request as it was recorded, in the shape of the
API it was recorded from and with its media put back: what an app sent, not what a
replay makes of it. With an arm, `dry_run_through` prints what that arm would be sent.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Attempt
from replayd.arms.outcomes import RULES
from replayd.evaluation.pair import MOST_ATTEMPTS, RETRIES
from replayd.model import ArmAnswer
from replayd.providers.contract import ProviderRequest, Reading, Refusal
from replayd.providers.wire.encode import media_refs
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Answer, Json, MediaRef, Snapshot, Usage

# A coroutine function that fetches one snapshot and its media when its turn comes.
Load = Callable[[], Awaitable[tuple[Snapshot, dict[int, bytes]]]]


class Sent(Struct, frozen=True, kw_only=True):
    """One snapshot's answer from one arm, beside the recorded one."""

    snapshot_id: str
    trace_id: str
    span_id: str
    modality: str
    arm: str
    outcome: str  # typed, or `not_sent`
    reason: str = ""  # why it was not sent, or the outcome's detail
    paths: tuple[str, ...] = ()  # what stood in the way
    recorded: str = ""
    answer: str = ""
    tool_calls: tuple[dict[str, str], ...] = ()
    served_model: str = ""
    latency_ms: float = 0.0
    attempts: int = 0
    usage: Usage = Usage()
    fingerprint: str = ""
    quota: dict[str, str] = {}  # the server's rate-limit headers


class Answered(Struct, frozen=True):
    """The last attempt, and how many there were."""

    attempt: Attempt
    tries: int


def dry_run(snapshot: Snapshot, media: Mapping[int, bytes]) -> dict[str, Any]:
    """Return the recorded request and how far it is what was really sent.

    `media` maps `MediaRef.index` to bytes. `body` is None where it is unrecoverable;
    where only a medium's bytes are missing, its place holds null.
    """
    request, fidelity = snapshot.request, snapshot.fidelity
    taken_out = _taken_out(snapshot)
    return {
        "snapshot_id": snapshot.snapshot_id,
        "trace_id": snapshot.trace_id,
        "span_id": snapshot.span_id,
        "api": request.api,
        "method": request.method,
        "path": request.path or _path(request.api, request.model),
        "body": _with_media(request.body, snapshot, media),
        "fidelity": {
            "level": fidelity.level,
            "missing": list(dict.fromkeys((*fidelity.missing, *taken_out))),
            "unobserved": list(fidelity.unobserved),
            "reasons": list(dict.fromkeys((*fidelity.reasons, *taken_out.values()))),
            "unproven": list(fidelity.unproven),
        },
    }


def dry_run_through(
    arm: Arm, snapshot: Snapshot, media: Mapping[int, bytes]
) -> dict[str, Any]:
    """Return what this arm would be sent, or by which rule nothing would be."""
    shown = dry_run(snapshot, media)
    shown["arm"] = arm.name
    found = arm.request(snapshot, dict(media))
    if isinstance(found, Refusal):
        refused = {"reason": found.reason, "paths": list(found.paths)}
        return {**shown, "body": None, "refused": refused}
    return {
        **shown,
        "api": arm.endpoint.provider.name,
        "method": found.method,
        "path": found.path,
        "body": _body(found),
        "left_out": list(found.left_out),  # parameters that the model refuses
    }


def _taken_out(snapshot: Snapshot) -> dict[str, str]:
    """Return the leaf paths that redaction changed, and by which reason."""
    found = {m.path: "metadata_stripped" for m in snapshot.media if m.stripped}
    for text in snapshot.redaction.replaced:
        if not text.path.startswith("answer."):
            parts = [part for part in text.path.split(".") if not part.isdigit()]
            found[".".join(parts)] = "text_redacted"
    return found


def _path(api: str, model: str) -> str:
    known = APIS.get(api)
    return known.path(model) if known is not None else ""


def _with_media(body: Json, snapshot: Snapshot, media: Mapping[int, bytes]) -> Json:
    if body is None or next(media_refs(body), None) is None:
        return body

    def text(value: object) -> str | None:
        if not isinstance(value, MediaRef):
            raise NotImplementedError(type(value))
        if value.index not in media:
            return None
        data = b64encode(media[value.index]).decode()
        if value.form == "base64":
            return data
        return f"data:{snapshot.media[value.index].mime};base64,{data}"

    return msgspec.to_builtins(body, enc_hook=text)


def _body(request: ProviderRequest) -> Json:
    if request.content_type != "application/json":
        return {"content_type": request.content_type, "bytes": len(request.body)}
    return msgspec.json.decode(request.body)


async def answer_once(
    arm: Arm, snapshot: Snapshot, media: dict[int, bytes]
) -> Answered | Refusal:
    """Ask one arm, again where that may help; every end is a value."""
    found = arm.request(snapshot, media)
    if isinstance(found, Refusal):
        return found
    loop = asyncio.get_running_loop()
    last = Attempt(reading=Reading(outcome="connection", detail="given_up"))
    tries = 0
    deadline = float("inf")  # begins with the first attempt, not with the queue
    while True:
        # A person waits: a server that is away is not knocked at for minutes.
        if arm.endpoint.state().broken:
            return Answered(last, tries)
        await arm.endpoint.take_slot()
        deadline = min(deadline, loop.time() + arm.config.timeout)
        if loop.time() >= deadline:
            arm.endpoint.give_back()
            return Answered(last, tries)
        attempt = last = await arm.endpoint.attempt(found, deadline)
        tries += 1
        wait = max(attempt.retry_after_seconds, RETRIES.seconds(tries))
        late = tries >= MOST_ATTEMPTS or loop.time() + wait >= deadline
        if late or not RULES[attempt.reading.outcome].retry:
            return Answered(attempt, tries)
        await asyncio.sleep(wait)


def arm_answer(found: Answered, *, money: float = 0.0) -> ArmAnswer:
    """Return an answer as pairs hold it."""
    reading = found.attempt.reading
    return ArmAnswer(
        outcome=reading.outcome,
        answer=reading.answer if RULES[reading.outcome].scored else Answer(),
        served_model=reading.served_model,
        fingerprint=reading.fingerprint,
        latency_ms=found.attempt.latency_ms,
        attempts=max(found.tries, 1),
        usage=reading.answer.usage,
        money=money,
        detail=reading.detail,
        blobs=reading.blobs,
    )


async def send(arm: Arm, snapshot: Snapshot, media: dict[int, bytes]) -> Sent:
    """Send one snapshot to one arm; every end is a value."""
    found = await answer_once(arm, snapshot, media)
    if isinstance(found, Refusal):
        return _sent(arm, snapshot, "not_sent", found.reason, found.paths)
    reading = found.attempt.reading
    calls = tuple(
        {"name": call.name, "arguments": call.arguments}
        for call in reading.answer.tool_calls
    )
    return msgspec.structs.replace(
        _sent(arm, snapshot, reading.outcome, reading.detail),
        answer=reading.answer.text or reading.answer.refusal,
        tool_calls=calls,
        served_model=reading.served_model,
        latency_ms=round(found.attempt.latency_ms, 1),
        attempts=found.tries,
        usage=reading.answer.usage,
        fingerprint=reading.fingerprint,
        quota=found.attempt.quota,
    )


async def send_all(
    arm: Arm,
    loads: Iterable[Load],
    in_flight: int,
) -> AsyncIterator[Sent]:
    """Yield what each snapshot came to, in the order given.

    At most `in_flight` are in memory. Errors of a `Load` end the iteration.
    """
    results: asyncio.Queue[asyncio.Task[Sent] | None] = asyncio.Queue(in_flight)

    async def one(load: Load) -> Sent:
        snapshot, media = await load()
        return await send(arm, snapshot, media)

    async with asyncio.TaskGroup() as group:

        async def start() -> None:
            for load in loads:
                await results.put(group.create_task(one(load)))
            await results.put(None)

        group.create_task(start())
        while (task := await results.get()) is not None:
            yield await task


def _sent(
    arm: Arm,
    snapshot: Snapshot,
    outcome: str,
    reason: str = "",
    paths: tuple[str, ...] = (),
) -> Sent:
    return Sent(
        snapshot_id=snapshot.snapshot_id,
        trace_id=snapshot.trace_id,
        span_id=snapshot.span_id,
        modality=snapshot.modality,
        arm=arm.name,
        outcome=outcome,
        reason=reason,
        paths=paths,
        recorded=snapshot.answer.text or snapshot.answer.refusal,
    )
