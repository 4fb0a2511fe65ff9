"""A model server that is wrong at a known rate, and spans of calls to it."""

import base64
import io
import json
import random
import re
import time

from aiohttp import web
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from PIL import Image

MODALITIES = ("text", "image", "audio")


ROOMS = ("kitchen", "office", "hallway", "basement", "bedroom")


def picture() -> bytes:
    """Return a small PNG; what it shows does not matter to a model that is told."""
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "#4a6fa5").save(data, "PNG")
    return data.getvalue()


def silence() -> bytes:
    """Return a tenth of a second of WAVE."""
    samples = b"\0\0" * 1600
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt "
    head += (16).to_bytes(4, "little") + (1).to_bytes(2, "little") * 2
    head += (16_000).to_bytes(4, "little") + (32_000).to_bytes(4, "little")
    head += (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    return head + b"data" + len(samples).to_bytes(4, "little") + samples


def question(modality: str, number: int) -> str:
    """Return what is asked; the model server knows a case by its number."""
    return {
        "text": f"Case {number}: what is the total of this order?",
        "image": f"Case {number}: read the value off this gauge.",
        "audio": f"Case {number}: transcribe the spoken command.",
    }[modality]


def answer(modality: str, number: int, off: int = 0) -> str:
    """Return the model's answer; `off`, 1 to 99, makes it wrong in its own way."""
    value = 1000 + number * 7 + off
    room = ROOMS[(number + (1 + off % (len(ROOMS) - 1) if off else 0)) % len(ROOMS)]
    return {
        "text": f"The total of the order is {value:,} euros.",
        "image": f"Pressure: {value}",
        "audio": f"turn on the {room} light and set it to {number % 40} percent",
    }[modality]


class Model:
    """Answers as OpenAI chat does.

    `wrong[model][modality]` are the rates of its sources of errors: the jitter that
    every model has, and for the canary's images the fault that is to be found.
    """

    def __init__(self, seed: int, wrong: dict[str, dict[str, list[float]]]) -> None:
        self._seed, self._wrong = seed, wrong
        self._asked: dict[tuple[str, int], int] = {}
        self.calls = 0

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body = await request.json()
        self.calls += 1
        content = body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        number = int(re.search(r"Case (\d+)", text)[1])
        modality = next(m for m in MODALITIES if text == question(m, number))
        model = body["model"]
        again = self._asked[model, number] = self._asked.get((model, number), -1) + 1
        rng = random.Random(f"{self._seed}/{model}/{modality}/{number}/{again}")
        wrong = any(rng.random() < rate for rate in self._wrong[model][modality])
        return web.json_response(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "model": model,
                "choices": [
                    {
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "content": answer(
                                modality, number, wrong * rng.randint(1, 99)
                            ),
                        },
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 20, "completion_tokens": 10},
            }
        )


def span(
    scope: ScopeSpans, number: int, modality: str, rng: random.Random, wrong: float
) -> None:
    """Add one recorded call to `scope`."""
    # Whose recordings prove these spans: a call of no known library is `unverified`.
    scope.scope.name = "opentelemetry.instrumentation.genai.openai"
    scope.scope.version = "1.3b0"
    made = scope.spans.add()
    made.trace_id, made.span_id = rng.randbytes(16), rng.randbytes(8)
    made.name, made.kind = "chat assistant-7", 3
    now = time.time_ns()
    made.start_time_unix_nano, made.end_time_unix_nano = now - 10**9, now
    parts = [{"type": "text", "content": question(modality, number)}]
    if modality != "text":
        data = picture() if modality == "image" else silence()
        parts.append(
            {
                "type": "blob",
                "modality": modality,
                "mime_type": "image/png" if modality == "image" else "audio/wav",
                "content": base64.b64encode(data).decode(),
            }
        )
    off = (rng.random() < wrong) * rng.randint(1, 99)
    said = answer(modality, number, off)
    for key, value in {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "assistant-7",
        "gen_ai.response.model": "assistant-7",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}]),
        "gen_ai.output.messages": json.dumps(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "text", "content": said}],
                    "finish_reason": "stop",
                }
            ]
        ),
    }.items():
        attribute = made.attributes.add()
        attribute.key, attribute.value.string_value = key, value
