"""A store with something for every command that prints a table, its words long."""

import asyncio
import random
import shutil
from functools import cached_property

from fakes.judged_epoch import chart, planned_of
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import cases
from fakes.pair_results import SECOND, epoch_of, result_of
from fakes.stored_calls import image_call, store_calls, text_call
from fakes.witnessed import VOUCHED, counted
from msgspec import structs

from replayd.ledger.ledger import Ledger, open_epoch
from replayd.model import ArmAnswer, PairAnswers
from replayd.watch.state import Anchor, Answered, WatchState, store_state
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig, load
from snaptrace.snapshot.model import Answer
from snaptrace.store import pins
from snaptrace.store.store import Store

SERVICE = "recommendation-engine-production-eu-central-1"
MODEL = "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"
SCOPE = "opentelemetry.instrumentation.some_long_framework"
ROUTE = "POST /v2/conversations/{conversation_id}/summarise"
ANSWER = "The total of the order is 42 euros, and it was paid on 2 May. " * 9
PAIRS = 300


class WideStore:
    """A folder with a store, its key, a suite file, and options that name them."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "fleet").write_text("a secret of some thirty-two letters")
        self.config = StoreConfig(
            url=f"file://{folder}/store", key_file=str(folder / "fleet")
        )
        self.options = self._options(
            self.config.url, f"store.audit.file={folder}/audit"
        )
        self.key = FleetKey.of_store(self.config.url, self.config.key_file)
        self.suite = folder / "suite.yaml"
        self.now_ns = SystemClock().now_ns() - 600 * SECOND
        self.calls = [*self._texts(), self._image()]
        asyncio.run(self._fill())

    @cached_property
    def encrypted(self):
        """Return the options of another store whose objects are encrypted."""
        (self.folder / "envelope").write_text("e" * 40)
        options = self._options(
            f"file://{self.folder}/encrypted",
            f"store.encryption.key_file={self.folder}/envelope",
        )
        store = Store.open(load(None, {}, options[1::2]).section("store", StoreConfig))
        asyncio.run(store_calls(store, self.calls[:1], at_ns=self.now_ns))
        return options

    @cached_property
    def damaged(self):
        """Return the options of a copy in which nothing can be read."""
        copy = self.folder / "damaged"
        shutil.copytree(self.folder / "store", copy)
        for path in copy.rglob("*"):
            if path.is_file():
                path.write_bytes(b"not what was written")
        return self._options(f"file://{copy}")

    def _options(self, url, *more):
        settings = (f"store.url={url}", f"store.key_file={self.config.key_file}", *more)
        return [part for each in settings for part in ("--set", each)]

    def _texts(self):
        for number in range(40):
            call = text_call(
                number,
                at_ns=self.now_ns,
                answer=ANSWER,
                service=SERVICE,
                route=ROUTE,
                scope=SCOPE,
                scope_version="1.0",
            )
            asked = structs.replace(call.request, model=MODEL)
            yield structs.replace(call, request=asked)

    def _image(self):
        self.blob = chart({"North": 4210, "South": 3100})
        return image_call(1, self.blob, self.key, at_ns=self.now_ns, service=SERVICE)

    async def _fill(self):
        store = Store.open(self.config)
        name = await store_calls(
            store, self.calls, at_ns=self.now_ns, blobs=[self.blob], key=self.key
        )
        await self._judge(store, name)
        anchor = Anchor(
            case=cases(1)[0], entered_at_ns=self.now_ns, next_at_ns=self.now_ns
        )
        answered = Answered(
            at_ns=self.now_ns,
            score=1.0,
            outcome="answered",
            scorer="key_facts",
            served_model=MODEL,
            latency_ms=12_345.0,
        )
        watched = WatchState(
            modality="document", control="p", anchors=(anchor,), recent=(answered,)
        )
        await store_state(store, watched)
        await pins.pin(
            store, self.key, name, self.calls[0], suite="release", now_ns=self.now_ns
        )
        self.suite.write_text(
            f"suite: release\npin:\n  - id: {self.calls[0].snapshot_id}\n"
            f"  - id: {'f' * 32}\n"
        )

    async def _judge(self, store, name):
        """Store an epoch that regressed, and a newer one that carries it over."""
        rng = random.Random(1)
        row = VOUCHED._replace(scope=SCOPE, medium="image")
        results = [
            structs.replace(
                counted(number, 90 * (number % 4 == 0), row=row),
                snapshot_id=self.calls[number % 40].snapshot_id,
                streams=result_of(
                    number, 1.0 if number < PAIRS // 2 else float(rng.random() > 0.5)
                ).streams,
            )
            for number in range(PAIRS)
        ]
        older = epoch_of(
            "text", epoch="e" * 24, started_at_ns=self.now_ns, revision="2031.05-rc1"
        )
        await self._write(store, older, results, name)
        newer = {
            "epoch": "f" * 24,
            "sequence": 1,
            "revision": "2031.05-rc2-with-a-longer-name",
            "carried": ("text",),
            "started_at_ns": self.now_ns + 900 * SECOND,
        }
        few = [result_of(number) for number in range(8)]
        await self._write(store, epoch_of("text", **newer), few, name)

    async def _write(self, store, epoch, results, name):
        await open_epoch(store, epoch)
        ledger = Ledger(store, epoch.epoch, LoopClock(), "leader-1")
        planned = [
            planned_of(number, self.calls[number % 40], name, number % 40)
            for number in range(len(results))
        ]
        await ledger.plan(planned)
        answers = [
            PairAnswers(
                number=each.number,
                snapshot_id=self.calls[each.number % 40].snapshot_id,
                canary=_said("It is 24. " * 40),
                control=_said(ANSWER),
            )
            for each in results
        ]
        await ledger.commit(results, answers)


def _said(text):
    return ArmAnswer(outcome="answered", answer=Answer(text=text), served_model=MODEL)
