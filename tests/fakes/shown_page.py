"""The inspection page over a stored epoch, as a client or as a process serves it."""

import asyncio
import io
import json
import math
import struct
import sys
import wave

from fakes.judged_epoch import (
    AT_NS,
    KEY,
    chart,
    image_pair,
    said,
    store_epoch,
    text_pair,
)
from fakes.leaping_loop import LoopClock
from fakes.pair_results import START, live_of
from fakes.stored_calls import text_call
from msgspec import structs
from prometheus_client import CollectorRegistry, start_http_server

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.http.page import PageServer, PageSettings
from replayd.model import ArmAnswer
from replayd.results.history import History
from replayd.telemetry.metrics import EngineMetrics, VerdictCollector
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address
from snaptrace.snapshot.model import Answer, Media, MediaRef, ToolCall
from snaptrace.store.audit import Audit


class ShownPage:
    """A page's server, with its store, epoch and the audit's lines."""

    def __init__(self, store, epoch, verdicts, audit=None, **settings):
        self.store, self.epoch, self.audited = store, epoch, []
        self.verdicts = verdicts
        self.server = PageServer(
            PageSettings(
                listen=Address("127.0.0.1:0"), user_header="X-User", **settings
            ),
            lambda: verdicts,
            store,
            KEY,
            audit=audit or Audit("", self.audited.append),
            clock=SystemClock(),
        )


async def shown_page(pairs, *, leading=True, live=None, **more):
    """Return a page over a stored epoch of `pairs`."""
    store, epoch = await store_epoch(pairs)
    board = Scoreboard(epoch, BoardSettings())
    async for result in History(store, KEY, LoopClock()).results(epoch):
        board.fold(result)
    now_ns = START + 3600 * 10**9
    view = VerdictComputation(board).view(now_ns, live or live_of(*board.modalities))
    verdicts = Verdicts(canaries={"canary": view}, leading=leading)
    return ShownPage(store, epoch, verdicts, **more)


def tone(seconds=1.5, rate=8_000):
    """Return a WAV recording of a tone that swells twice."""
    count = int(seconds * rate)
    swell = [abs(math.sin(2 * math.pi * n / count)) for n in range(count)]
    samples = [
        int(20_000 * swell[n] * math.sin(2 * math.pi * 220 * n / rate))
        for n in range(count)
    ]
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{count}h", *samples))
    return data.getvalue()


def audio_pair(number, blob=None, form="wav"):
    """Return a recording with words that the canary mishears."""
    blob = blob or tone()
    medium = Media(
        kind="audio",
        mime=f"audio/{form}",
        state="inline",
        digest=KEY.media_digest(blob),
        size_bytes=len(blob),
    )
    content = [
        {"type": "text", "text": "Transcribe this recording word for word."},
        {
            "type": "input_audio",
            "input_audio": {"data": MediaRef(0, "base64"), "format": form},
        },
    ]
    words = "Please move my appointment to Thursday at ten past four."
    call = text_call(
        f"audio{number}",
        at_ns=AT_NS,
        answer=words,
        modality="audio",
        media=(medium,),
        body={
            "model": "assistant-7",
            "messages": [{"role": "user", "content": content}],
        },
    )
    heard = words.replace("Thursday", "Tuesday").replace("ten past four", "4:50")
    return call, heard, words, blob


def tool_pair(number):
    """Return a call of a tool with one wrong and one missing argument."""
    right = {
        "flight": {"from": "TXL", "to": "LIS", "date": "2031-05-02"},
        "passengers": [{"name": "A. Baum", "seat": "14C"}, {"name": "B. Baum"}],
        "bags": 2,
    }
    wrong = {
        "flight": {"from": "TXL", "to": "LIS", "date": "2031-02-05"},
        "passengers": [{"name": "A. Baum", "seat": "14C"}],
        "bags": 2,
        "meal": "vegetarian",
    }

    def answer(arguments):
        call = ToolCall(name="book_flight", arguments=json.dumps(arguments))
        return Answer(tool_calls=(call,))

    call = structs.replace(
        text_call(f"tool{number}", at_ns=AT_NS), answer=answer(right)
    )
    arms = [
        ArmAnswer(outcome="answered", answer=answer(each), served_model="assistant-8")
        for each in (wrong, right)
    ]
    return call, *arms, b""


def prose_pair(number):
    """Return an answer in prose with another number and another word."""
    right = (
        "The refund of 1,249.50 EUR was approved on 3 May and will reach the "
        "account ending in 4417 within five working days. No further action is needed."
    )
    wrong = right.replace("1,249.50", "1,294.50").replace("approved", "declined")
    call = text_call(
        f"prose{number}",
        at_ns=AT_NS,
        answer=right,
        body={
            "model": "assistant-7",
            "messages": [
                {"role": "system", "content": "You answer questions about refunds."},
                {"role": "user", "content": "Where is my refund?"},
                {"role": "assistant", "content": "Which order is it about?"},
                {"role": "user", "content": "Order 88-1742. What happened to it?"},
            ],
        },
    )
    return call, wrong, right, b""


def pages(*lines):
    """Return a PDF with one page for each line of text."""
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(lines)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(lines)}/MediaBox[0 0 420 300]>>",
    ]
    font = "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    for n, line in enumerate(lines):
        text = f"BT /F 22 Tf 40 200 Td ({line}) Tj ET 0.2 0.4 0.7 rg 40 90 200 60 re f"
        objects += [
            f"<</Type/Page/Parent 2 0 R/Resources{font}/Contents {4 + 2 * n} 0 R>>",
            f"<</Length {len(text)}>>stream\n{text}\nendstream",
        ]
    body = "".join(f"{n} 0 obj\n{o}\nendobj\n" for n, o in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n%%EOF\n".encode()


def document_pair(number):
    """Return a question about a document of two pages, answered with another sum."""
    blob = pages("Invoice 88-1742", "Total due 1249.50 EUR")
    medium = Media(
        kind="document",
        mime="application/pdf",
        state="inline",
        digest=KEY.media_digest(blob),
        size_bytes=len(blob),
    )
    named = {"filename": "invoice.pdf", "file_data": MediaRef(0, "data_url")}
    content = [
        {"type": "text", "text": "What is the total due?"},
        {"type": "file", "file": named},
    ]
    call = text_call(
        f"document{number}",
        at_ns=AT_NS,
        answer="1249.50 EUR",
        modality="document",
        media=(medium,),
        body={
            "model": "assistant-7",
            "messages": [{"role": "user", "content": content}],
        },
    )
    return call, "1294.50 EUR", "1249.50 EUR", blob


def flac(rate=8_000, blocks=12):
    """Return a FLAC recording: silence and plain steps, each block one constant."""

    def crc(data, polynomial, bits):
        value = 0
        for byte in data:
            value ^= byte << (bits - 8)
            for _ in range(8):
                value <<= 1
                if value >> bits:
                    value ^= polynomial | 1 << bits
        return value

    size = 1152
    info = struct.pack(">HH", size, size) + bytes(6)
    info += (rate << 44 | 15 << 36 | size * blocks).to_bytes(8, "big") + bytes(16)
    data = b"fLaC\x80" + len(info).to_bytes(3, "big") + info
    for block in range(blocks):
        head = bytes([0xFF, 0xF8, 0x34, 0x08, block])
        frame = head + bytes([crc(head, 0x07, 8), 0])
        frame += struct.pack(">h", 2_500 * block)
        data += frame + struct.pack(">H", crc(frame, 0x8005, 16))
    return data


def _made(kind, mime, blob):
    """Return a medium that an answer consists of."""
    return Media(
        kind=kind,
        mime=mime,
        state="inline",
        digest=KEY.media_digest(blob),
        size_bytes=len(blob),
    )


def made_pair(name, words, kind, mime, blobs):
    """Return a request for media: what was recorded, the canary's and the control's."""
    recorded, *arms = [
        (Answer(text=words, media=(_made(kind, mime, blob),)), blob) for blob in blobs
    ]
    call = structs.replace(text_call(name, at_ns=AT_NS), answer=recorded[0])
    answers = [
        ArmAnswer(
            outcome="answered", answer=said, served_model="assistant-8", blobs={0: blob}
        )
        for said, blob in arms
    ]
    return call, *answers, recorded[1]


def drawing_pair(number):
    """Return a request for a picture; the canary's bar has another length."""
    charts = [
        chart({"North": north, "South": 3100, "East": east})
        for north, east in ((4210, 900), (2100, 875), (4210, 875))
    ]
    return made_pair(f"drawing{number}", "Here it is.", "image", "image/png", charts)


def speech_pair(number):
    """Return a request for speech; the canary's is cut short."""
    sounds = [tone(seconds) for seconds in (1.5, 0.6, 1.4)]
    return made_pair(f"speech{number}", "", "audio", "audio/wav", sounds)


def example_pairs(many=120, every=10):
    """Return pairs of several modalities; the canary misreads one image in five."""
    pairs = []
    if many >= 100:
        pairs = [audio_pair(0), tool_pair(1), prose_pair(2), document_pair(3)]
        pairs += [drawing_pair(4), audio_pair(5, flac(), "flac"), speech_pair(6)]
    for number in range(len(pairs), many):
        if number % 2:
            wrong = said("", "timeout") if number % 31 == 1 else "The total is 42."
            pairs.append(text_pair(number, wrong))
        else:
            values = {"North": 4210 + number, "South": 3100, "East": 875}
            if number % every == 0:
                values["North"] = values["North"] // 100
            text = "\n".join(f"{label}: {value}" for label, value in values.items())
            pairs.append(image_pair(number, text))
    return pairs


async def _serve(with_metrics):
    """Serve the page; with its metrics the canary misreads every image."""
    page = await shown_page(example_pairs(every=2 if with_metrics else 10))
    bound = []
    page.server._on_bound = bound.append

    def ready():
        if with_metrics:
            registry = CollectorRegistry()
            EngineMetrics(registry).links_info.labels(f"http://{bound[0]}", "").set(1)
            VerdictCollector(registry).publish(page.verdicts)
            server, _ = start_http_server(0, "127.0.0.1", registry)
            bound.append(f"127.0.0.1:{server.server_port}")
        sys.stdout.write(" ".join(bound) + "\n")
        sys.stdout.flush()

    await page.server.run(ready, asyncio.Event())


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve("--metrics" in sys.argv)))
