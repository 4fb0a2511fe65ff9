"""A small OpenAI-compatible server with real models inside.

    python -m snaptrace.demo.server --port-file F --model assistant-7 --seed 7

`POST /v1/chat/completions` (not streaming), `GET /v1/models`, `GET /healthz`. What is
asked of it decides which model answers: pictures go to optical recognition, sounds to
a speech recogniser, plain text to retrieval over fact sheets. Every request draws its
own front-end noise, as a sampling model would, so that no two answers agree because
they were copied. A front end other than the default is the fault of a canary.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from aiohttp import web

from snaptrace.demo import chat
from snaptrace.demo.available import available_modalities
from snaptrace.demo.errors import (
    BusyError,
    DemoError,
    UnreadableMediaError,
    UnservedModalityError,
)
from snaptrace.demo.image_model import ChartReader, ImageFrontEnd
from snaptrace.demo.speech_model import AudioFrontEnd, CommandRecogniser
from snaptrace.demo.text_model import FactFinder, TextFrontEnd
from snaptrace.runtime.lifeline import end_with_parent

MAX_BODY_BYTES = 8 * 2**20
MAX_WAITING = 64  # calls per model, running or in line; beyond it: 429
T = TypeVar("T")


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Models of one server process, and their noise."""

    model: str
    seed: int = 0
    threads: int = 1  # of one image recognition
    modalities: tuple[str, ...] = ("text", "image", "audio")
    image_front_end: ImageFrontEnd = "full"
    audio_front_end: AudioFrontEnd = "wideband"
    text_front_end: TextFrontEnd = "full"


class Lane:
    """One model's own thread: calls run one at a time, the loop stays live."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting = 0
        self.name = name

    async def run(self, work: Callable[[], T]) -> T:
        """Wait in line for the model.

        Raises:
            BusyError: the line is full; nothing was done.
        """
        if self._waiting >= MAX_WAITING:
            raise BusyError(f"{self._waiting} calls wait for the {self.name} model")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Drop what waits; what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Assistant:
    """The models behind one name."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._calls = 0
        self.unserved = {
            modality: reason or "switched off"
            for modality, reason in available_modalities().items()
            if reason or modality not in settings.modalities
        }
        self._text = FactFinder(settings.text_front_end)
        self._lanes = {name: Lane(name) for name in ("image", "audio")}
        if "image" not in self.unserved:
            self._image = ChartReader(settings.image_front_end, settings.threads)
        if "audio" not in self.unserved:
            self._audio = CommandRecogniser(settings.audio_front_end)

    @property
    def model(self) -> str:
        """The only model name that is answered."""
        return self._settings.model

    @property
    def modalities(self) -> list[str]:
        """List the models."""
        return [name for name in available_modalities() if name not in self.unserved]

    async def answer(self, question: tuple[chat.Part, ...]) -> str:
        """Media are read in their order; text is answered only where there are none.

        Raises:
            DemoError: no answer; the class says whose fault it was.
        """
        self._calls += 1
        seed = f"{self._settings.seed}:{self._calls}"
        jitter = random.Random(seed)
        noise = np.random.default_rng(jitter.getrandbits(64))
        media = [part for part in question if not isinstance(part, chat.TextPart)]
        if media:
            return "\n".join([await self._perceive(part, noise) for part in media])
        words = " ".join(
            part.text for part in question if isinstance(part, chat.TextPart)
        )
        self._require("text")
        return self._text.answer(words, jitter)

    async def _perceive(self, part: chat.Part, noise: np.random.Generator) -> str:
        if isinstance(part, chat.ImagePart):
            self._require("image")
            picture = chat.image_bytes(part)
            return await self._lanes["image"].run(
                lambda: self._image.read(picture, noise)
            )
        assert isinstance(part, chat.AudioPart)
        self._require("audio")
        sound = chat.audio_bytes(part)
        return await self._lanes["audio"].run(
            lambda: self._audio.recognise(sound, noise)
        )

    def _require(self, modality: str) -> None:
        if modality in self.unserved:
            raise UnservedModalityError(
                f"{modality} is not served: {self.unserved[modality]}"
            )

    def close(self) -> None:
        """End the models' threads."""
        for lane in self._lanes.values():
            lane.close()


class Endpoints:
    """The HTTP face of one assistant."""

    def __init__(self, assistant: Assistant, now_s: Callable[[], float]) -> None:
        self._assistant = assistant
        self._now_s = now_s
        self._answered = 0

    def routes(self) -> list[web.RouteDef]:
        """Every path that is served."""
        return [
            web.post("/v1/chat/completions", self.complete),
            web.get("/v1/models", self.models),
            web.get("/healthz", self.health),
        ]

    async def complete(self, request: web.Request) -> web.Response:
        """One answer, or an error in the provider's shape."""
        try:
            asked = msgspec.json.decode(await request.read(), type=chat.ChatRequest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refuse(400, f"the body cannot be read: {error}", "invalid_body")
        except web.HTTPRequestEntityTooLarge:
            return _refuse(413, f"more than {MAX_BODY_BYTES} bytes", "too_large")
        if asked.model != self._assistant.model:
            return _refuse(
                404, f"the model {asked.model!r} does not exist", "model_not_found"
            )
        if asked.stream or (asked.n or 1) != 1:
            return _refuse(400, "stream and n > 1 are not served", "unsupported_value")
        question = chat.newest_question(asked)
        if not question:
            return _refuse(400, "no turn of role user", "invalid_value")
        try:
            answer = await self._assistant.answer(question)
        except DemoError as error:
            status, code = _status(error)
            return _refuse(status, str(error), code)
        self._answered += 1
        return web.json_response(
            chat.completion(
                name=f"chatcmpl-{os.getpid():x}-{self._answered:x}",
                model=asked.model,
                created_at_s=int(self._now_s()),
                answer=answer,
                request=asked,
            )
        )

    async def models(self, _request: web.Request) -> web.Response:
        """The one model, as a list."""
        entry = {"id": self._assistant.model, "object": "model", "owned_by": "demo"}
        return web.json_response({"object": "list", "data": [entry]})

    async def health(self, _request: web.Request) -> web.Response:
        """Report served models, and the reason for each that is not."""
        return web.json_response(
            {
                "status": "ok",
                "modalities": self._assistant.modalities,
                "unserved": self._assistant.unserved,
                "answered": self._answered,
            }
        )


def _status(error: DemoError) -> tuple[int, str]:
    if isinstance(error, BusyError):
        return 429, "rate_limit_exceeded"
    if isinstance(error, UnreadableMediaError):
        return 400, "invalid_media"
    return 400, "unsupported_modality"


def _refuse(status: int, message: str, code: str) -> web.Response:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    return web.json_response(chat.error_body(message, kind, code), status=status)


def application(
    assistant: Assistant, now_s: Callable[[], float] = time.time
) -> web.Application:
    """The server without a socket; the caller closes the assistant."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(Endpoints(assistant, now_s).routes())
    return app


async def serve(
    settings: ServerSettings, host: str, port: int, port_file: Path | None
) -> None:
    """Load the models, then listen until SIGTERM or SIGINT.

    `port_file` appears, whole, once requests are answered.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with contextlib.closing(Assistant(settings)) as assistant:
        runner = web.AppRunner(application(assistant), access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, shutdown_timeout=2.0)
            await site.start()
            if port_file is not None:
                _write_whole(port_file, str(runner.addresses[0][1]))
            await stop.wait()
        finally:
            await runner.cleanup()


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="ascii")
    partial.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    end_with_parent()
    parser = argparse.ArgumentParser(prog="python -m snaptrace.demo.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--model", default="assistant-7")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--modalities", default="text,image,audio")
    parser.add_argument("--image-front-end", choices=["full", "capped"], default="full")
    parser.add_argument(
        "--audio-front-end", choices=["wideband", "narrowband"], default="wideband"
    )
    parser.add_argument(
        "--text-front-end", choices=["full", "forgetful"], default="full"
    )
    given = parser.parse_args(arguments)
    settings = ServerSettings(
        model=given.model,
        seed=given.seed,
        threads=given.threads,
        modalities=tuple(given.modalities.split(",")),
        image_front_end=given.image_front_end,
        audio_front_end=given.audio_front_end,
        text_front_end=given.text_front_end,
    )
    asyncio.run(serve(settings, given.host, given.port, given.port_file))


if __name__ == "__main__":
    main()
