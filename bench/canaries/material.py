"""The cases of a scenario: what was recorded, how else it can be said, how wrongly."""

import hashlib
import json
import tomllib
from pathlib import Path

from msgspec import Struct

from replayd.model import ArmAnswer, Case
from replayd.scoring.recorded import Recorded
from snaptrace.snapshot import codec
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Modality,
    Request,
    Snapshot,
    ToolCall,
)

MATERIAL = Path(__file__).parent / "material"
HOUR_NS = 3600 * 10**9
# What the newest turn carries, by the kind of case; everything else is text.
MEDIA: dict[str, tuple[Modality, str]] = {
    "chart": ("image", "image/png"),
    "invoice": ("image", "image/png"),
    "transcript": ("audio", "audio/wav"),
}


class Instance(Struct, frozen=True):
    """One recorded call with every answer that a canary of the bench may give."""

    case: Case
    recorded: Recorded
    same: tuple[ArmAnswer, ...]  # the recording first, then the same in other words
    worse: tuple[ArmAnswer, ...]


def instances(name: str, wrong: str, kinds: frozenset[str]) -> list[Instance]:
    """Return the cases of one file, each of its fills by itself.

    `wrong` is the list that a bad answer is taken from; cases without it are left out.
    """
    rows = tomllib.loads((MATERIAL / f"{name}.toml").read_text("utf-8"))["case"]
    return [
        _instance(f"{name}/{at}/{place}", row, wrong, fill)
        for at, row in enumerate(rows)
        if row.get(wrong) and (not kinds or row.get("kind") in kinds)
        for place, fill in enumerate(row.get("fills", [[]]))
    ]


def _instance(key: str, row: dict, wrong: str, fill: list[str]) -> Instance:
    def filled(said: object) -> object:
        if isinstance(said, str):
            for at, value in enumerate(fill):
                said = said.replace(f"{{{at}}}", value)
            return said
        if isinstance(said, list):
            return [filled(each) for each in said]
        if isinstance(said, dict):
            return {name: filled(each) for name, each in said.items()}
        return said

    row = {name: filled(value) for name, value in row.items()}
    modality, mime = MEDIA.get(row.get("kind", ""), ("text", ""))
    digits = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    snapshot = Snapshot(
        snapshot_id=digits,
        trace_id=digits,
        span_id=digits[:16],
        service="bench",
        operation="chat",
        modality=modality,
        request=Request(
            api="openai_chat",
            path="/chat/completions",
            model="m",
            body=_body(row, modality),
        ),
        answer=_answer(row["recorded"]),
        fidelity=Fidelity(level="exact"),
        media=(
            (Media(kind=modality, mime=mime, state="inline", digest="0" * 64),)
            if mime
            else ()
        ),
    )
    case = Case(
        snapshot_id=digits,
        segment="bench",
        index=0,
        unit=digits,
        trace_id=digits,
        service="bench",
        modality=modality,
        api="openai_chat",
        model="m",
        route="bench",
        rank=1,
        recorded_at_ns=HOUR_NS,
        uniform=True,
        replayable=True,
    )
    return Instance(
        case,
        Recorded(codec.pack_snapshot(snapshot), None),
        tuple(_arm(said) for said in (row["recorded"], *row["same"])),
        tuple(_arm(said) for said in row[wrong]),
    )


def _body(row: dict, modality: Modality) -> dict:
    content: object = row["ask"]
    if modality == "image":
        image = {"type": "image_url", "image_url": {"url": MediaRef(0, "data_url")}}
        content = [{"type": "text", "text": row["ask"]}, image]
    elif modality == "audio":
        sound = {"data": MediaRef(0, "base64"), "format": "wav"}
        content = [
            {"type": "text", "text": row["ask"]},
            {"type": "input_audio", "input_audio": sound},
        ]
    messages = [{"role": "user", "content": content}]
    if "system" in row:
        messages.insert(0, {"role": "system", "content": row["system"]})
    if "tool_result" in row:
        call = {"name": "read_ticket", "arguments": "{}"}
        asked = [{"id": "c1", "type": "function", "function": call}]
        messages += [
            {"role": "assistant", "content": None, "tool_calls": asked},
            {"role": "tool", "tool_call_id": "c1", "content": row["tool_result"]},
        ]
    body: dict = {"model": "m", "messages": messages}
    if "tools" in row:
        body["tools"] = [{"type": "function", "function": t} for t in row["tools"]]
    return body


def _answer(said: object) -> Answer:
    if isinstance(said, str):
        return Answer(text=said, finish_reason="stop", model="m")
    calls = tuple(
        ToolCall(name=call["name"], arguments=call["arguments"], id=f"c{at}")
        for at, call in enumerate(said)
    )
    for call in calls:
        json.loads(call.arguments)  # a slip in the material would be a wrong answer
    return Answer(tool_calls=calls, finish_reason="tool_calls", model="m")


def _arm(said: object) -> ArmAnswer:
    return ArmAnswer(outcome="answered", answer=_answer(said), served_model="m")
