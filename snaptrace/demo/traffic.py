"""The demo's app: asks the model by the real SDK, under the real instrumentation.

    python -m snaptrace.demo.traffic --otlp http://127.0.0.1:4317 \
        --model-url http://127.0.0.1:8000/v1 --model assistant-7 --seed 7 --rate 6

Nothing here knows of snapshots: the OpenAI SDK is instrumented by OpenInference, and
OpenTelemetry's OTLP exporter sends the spans. Each call is a trace of its own: a root
span `app.request`, and under it the instrumentation's span of kind LLM, which carries
the attribute `metadata`, a JSON object:

    {"feature": "voice", "accent": "en-GB"}     accent: en-US | en-GB | en-DE
    {"feature": "charts", "picture": "chart"}   picture: chart | table
    {"feature": "questions"}

The root span carries the same facts as `app.feature`, `user.accent`, `app.picture`.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
import signal
import sys
import threading
import tomllib
from importlib import import_module
from importlib.resources import files
from typing import Any

from msgspec import Struct

from snaptrace.demo.pictures import draw
from snaptrace.runtime.events import wait
from snaptrace.runtime.lifeline import end_with_parent

SERVICE_NAME = "demo-assistant"
MODALITIES = ("text", "image", "audio")
SHARES = {"text": 0.3, "image": 0.3, "audio": 0.4}  # of the calls
UNANSWERED_SHARE = 0.04  # of the questions: the sheets do not say
FOLLOW_UP_SHARE = 0.15  # of the questions: asked after another one
MAX_IN_FLIGHT = 8  # beyond it the app waits instead of asking
GRACE_SECONDS = 4.0  # for what is in flight, and again for the last spans
# A span of a picture or a sound is up to 0.1 MB, and gRPC refuses 4 MB.
SPANS_PER_EXPORT = 16
EXPORT_SECONDS = 60.0  # with retries: a collector may be away that long
SYSTEM = {
    "text": "You answer customers of the town services, from the fact sheets only.",
    "image": "You read tables and charts. One line per row, as label: number.",
    "audio": "You turn spoken household commands into text.",
}
ASK_PICTURE = (
    "List every label with its number.",
    "Which numbers does this {kind} show?",
    "Read this {kind} to me, row by row.",
    "Please copy the rows of this {kind}.",
)
ASK_SOUND = ("Which command is this?", "Write down the command.", "What was said?")


class Call(Struct, frozen=True):
    """One request of the app."""

    messages: list[dict[str, Any]]
    facts: dict[str, str]  # about the caller; become `metadata`


class Customers:
    """An endless stream of calls, the same for the same chance."""

    def __init__(self, modalities: tuple[str, ...], rng: random.Random) -> None:
        self._rng = rng
        self._modalities = modalities
        self._questions = _table("questions.toml")
        self._sheets: list[dict[str, Any]] = _table("sheets.toml")["sheet"]
        if "audio" in modalities:  # numpy and three megabytes of sound
            self._recordings = import_module("snaptrace.demo.voices").Recordings()

    def next_call(self) -> Call:
        """Draw a modality by its share, then a case of it."""
        weights = [SHARES[name] for name in self._modalities]
        modality = self._rng.choices(self._modalities, weights)[0]
        make = {"text": self._question, "image": self._picture, "audio": self._sound}
        return make[modality]()

    def _question(self) -> Call:
        turns = [_turn("system", SYSTEM["text"])]
        if self._rng.random() < FOLLOW_UP_SHARE:
            sheet = self._rng.choice(self._sheets)
            turns.append(_turn("user", self._ask_about(sheet)))
            turns.append(_turn("assistant", self._rng.choice(sheet["facts"])))
        if self._rng.random() < UNANSWERED_SHARE:
            question = self._rng.choice(self._questions["unanswered"])
        else:
            question = self._ask_about(self._rng.choice(self._sheets))
        return Call([*turns, _turn("user", question)], {"feature": "questions"})

    def _ask_about(self, sheet: dict[str, Any]) -> str:
        template: str = self._rng.choice(self._questions[sheet["kind"]])
        return template.format(site=sheet["site"])

    def _picture(self) -> Call:
        picture = draw(self._rng)
        ask = self._rng.choice(ASK_PICTURE).format(kind=picture.kind)
        url = f"data:image/png;base64,{_base64(picture.png)}"
        parts: list[dict[str, Any]] = [
            {"type": "text", "text": ask},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        return Call(
            [_turn("system", SYSTEM["image"]), _turn("user", parts)],
            {"feature": "charts", "picture": picture.kind},
        )

    def _sound(self) -> Call:
        heard = self._recordings.pick(self._rng)
        sound = {"data": _base64(heard.wave), "format": "wav"}
        parts: list[dict[str, Any]] = [
            {"type": "text", "text": self._rng.choice(ASK_SOUND)},
            {"type": "input_audio", "input_audio": sound},
        ]
        return Call(
            [_turn("system", SYSTEM["audio"]), _turn("user", parts)],
            {"feature": "voice", "accent": heard.accent},
        )


class App:
    """Sends calls under a span each, and counts what came back."""

    def __init__(self, client: Any, tracer: Any, model: str) -> None:  # noqa: ANN401
        self._client = client
        self._tracer = tracer
        self._model = model
        self._with_metadata = import_module("openinference.instrumentation")
        self._failures = import_module("openai").OpenAIError
        self.asked = self.answered = self.failed = 0

    async def ask(self, call: Call) -> None:
        """One trace. A failure is counted, and is on the span."""
        self.asked += 1
        facts = {
            {"accent": "user.accent"}.get(name, f"app.{name}"): value
            for name, value in call.facts.items()
        }
        with (
            self._tracer.start_as_current_span("app.request", attributes=facts),
            self._with_metadata.using_metadata(call.facts),
        ):
            try:
                await self._client.chat.completions.create(
                    model=self._model,
                    messages=call.messages,
                    temperature=0.2,
                    max_tokens=300,
                )
                self.answered += 1
            except self._failures:
                self.failed += 1


class TrafficSettings(Struct, frozen=True, kw_only=True):
    """Where to, how fast and how long."""

    otlp: str
    model_url: str
    model: str
    seed: int
    rate: float  # calls per second that start, as long as the model keeps up
    count: int | None  # None: until SIGTERM
    modalities: tuple[str, ...]


async def send(settings: TrafficSettings, app: App, stop: asyncio.Event) -> None:
    """Start calls at random moments until `stop` or the count; end what is open.

    After `stop`, what still hangs is given up when the grace is over.
    """
    rng = random.Random(settings.seed)
    customers = Customers(settings.modalities, rng)
    room = asyncio.Semaphore(MAX_IN_FLIGHT)
    loop = asyncio.get_running_loop()

    async def ask(call: Call) -> None:
        try:
            await app.ask(call)
        finally:
            room.release()

    async def end_soon_after_stop() -> None:
        await stop.wait()
        deadline.reschedule(loop.time() + GRACE_SECONDS)

    due = loop.time()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as deadline, asyncio.TaskGroup() as calls:
            watch = calls.create_task(end_soon_after_stop())
            started = 0
            while not stop.is_set() and started != settings.count:
                await room.acquire()
                calls.create_task(ask(customers.next_call()))
                started += 1
                # A backlog of more than a second is let go: no burst after a stall.
                due = max(due + rng.expovariate(settings.rate), loop.time() - 1.0)
                await wait(stop, due - loop.time())
            if not stop.is_set():
                watch.cancel()


async def run(settings: TrafficSettings) -> dict[str, int]:
    """Send the stream, deliver the last spans, and return the counts."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    provider = instrument(settings.otlp)
    openai = import_module("openai")
    # No proxy of the surroundings: everything of the demo is on this machine.
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(
        api_key="not-needed",
        base_url=settings.model_url,
        http_client=http,
        max_retries=4,
        timeout=30.0,
    ) as client:
        app = App(client, provider.get_tracer("demo-app"), settings.model)
        await send(settings, app, stop)
    await deliver(provider)
    return {"asked": app.asked, "answered": app.answered, "failed": app.failed}


async def deliver(provider: Any) -> None:  # noqa: ANN401 - the SDK is imported inside
    """Send the last spans; with a collector that is away, give up after the grace."""
    # A daemon, as the exporter's own time limit is per batch and not for the rest.
    last = threading.Thread(target=provider.shutdown, daemon=True)
    last.start()
    await asyncio.to_thread(last.join, GRACE_SECONDS)


def instrument(otlp: str) -> Any:  # noqa: ANN401 - the SDK is imported inside
    """Install the real instrumentation and exporter; return the tracer provider."""
    sdk = import_module("opentelemetry.sdk.trace")
    resources = import_module("opentelemetry.sdk.resources")
    export = import_module("opentelemetry.sdk.trace.export")
    grpc = import_module("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
    openinference = import_module("openinference.instrumentation")
    provider = sdk.TracerProvider(
        resource=resources.Resource.create({"service.name": SERVICE_NAME}),
        shutdown_on_exit=False,  # see `deliver`
    )
    exporter = grpc.OTLPSpanExporter(
        endpoint=otlp,
        insecure=otlp.startswith("http://"),
        timeout=EXPORT_SECONDS,
        channel_options=(("grpc.enable_http_proxy", 0),),
    )
    provider.add_span_processor(
        export.BatchSpanProcessor(
            exporter,
            max_export_batch_size=SPANS_PER_EXPORT,
            schedule_delay_millis=300,
        )
    )
    instrumentor = import_module("openinference.instrumentation.openai")
    instrumentor.OpenAIInstrumentor().instrument(
        tracer_provider=provider,
        # By default a picture of more than 24 kB is replaced by a placeholder.
        config=openinference.TraceConfig(base64_image_max_length=4_000_000),
    )
    return provider


def _table(name: str) -> dict[str, Any]:
    text = files("snaptrace.demo").joinpath(name).read_text("utf-8")
    return tomllib.loads(text)


def _turn(role: str, content: str | list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": role, "content": content}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and send; the counts go to stdout as JSON."""
    end_with_parent()
    parser = argparse.ArgumentParser(prog="python -m snaptrace.demo.traffic")
    parser.add_argument("--otlp", required=True, help="http://host:port of the spans")
    parser.add_argument("--model-url", required=True, help="http://host:port/v1")
    parser.add_argument("--model", default="assistant-7")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=6.0, help="calls per second")
    parser.add_argument("--count", type=int, help="stop after so many calls")
    parser.add_argument("--modalities", default=",".join(MODALITIES))
    given = parser.parse_args(arguments)
    settings = TrafficSettings(
        otlp=given.otlp,
        model_url=given.model_url,
        model=given.model,
        seed=given.seed,
        rate=given.rate,
        count=given.count,
        modalities=tuple(given.modalities.split(",")),
    )
    # The exporter reads these too, and an outer app's are not meant for this one.
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        del os.environ[name]
    json.dump(asyncio.run(run(settings)), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
