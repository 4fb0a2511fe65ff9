"""Pipeline of the sampling process: recognise, correlate, redact, sample, seal.

This file wires the child as `app.py` wires the relay. A failure here loses a call and
moves a counter; it never reaches the forward path, which is another process.
"""

import asyncio
import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from collector.call import Call
from collector.config.relay import CollectorConfig
from collector.media_fetch.queue import MediaFetchQueue, resolver_of
from collector.media_fetch.references import References
from collector.metrics.families import Family
from collector.otlp.signals import OtlpRequest
from collector.recognise.correlate import CorrelationSettings
from collector.recognise.funnel import Funnel
from collector.recognise.recogniser import Recogniser
from collector.sampling.decode_budget import DecodeBudget
from collector.sampling.metrics import EVICTED, SamplingMetrics
from collector.sealing.sealer import Sealer
from snaptrace import VERSION
from snaptrace.crypto.cipher import Cipher
from snaptrace.crypto.fleet_key import FleetKey, secret_files
from snaptrace.redact.redactor import Redactor
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.config import Document, StoreConfig
from snaptrace.runtime.events import wait
from snaptrace.runtime.malloc_trim import MallocTrimmer, trim
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.data_keys import local_cipher, read_envelopes
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.5
_PROBE_AGAIN_SECONDS = 30.0
_NANOSECONDS = 10**9


class Pipeline:
    """Turns requests that may contain model calls into stored snapshots."""

    name = "sampling"

    def __init__(
        self,
        config: CollectorConfig,
        store: Store,
        key: FleetKey,
        folder: Path,
        clock: Clock,
        *,
        cipher: Cipher | None = None,
        key_files: tuple[str, ...] = (),
    ) -> None:
        """Open the state `folder`, encrypted with `cipher`.

        Raises:
            OSError: it cannot be made or read.
            StoreRefusedError: it is encrypted under a key that is not at hand.
        """
        self._store, self._clock = store, clock
        join = config.recognise
        self._redactor = Redactor(config.privacy, key, key_files)
        self._gate = DecodeBudget(
            config.tap.decode_budget,
            key,
            self._redactor.label,
            seconds=clock.monotonic_seconds,
            changed=self._set_pre_thresholds,
        )
        self._recogniser = Recogniser(
            tuple(config.attributes),
            CorrelationSettings(
                quiet_ns=round(join.quiet * _NANOSECONDS),
                age_ns=round(join.longest * _NANOSECONDS),
                bytes=int(join.held_bytes),
            ),
            Funnel(label=self._redactor.label),
            wanted=self._gate.admits,
        )
        self._resolving = MediaFetchQueue(config.recognise.resolve, self._store_call)
        self._references = References(
            config.recognise.resolve, self._keep_read, resolver_of
        )
        self._sealer = Sealer(
            config.seal,
            config.reservoir,
            folder=folder,
            store=store,
            key=key,
            clock=clock,
            redaction_version=self._redactor.version,
            release=VERSION,
            name=config.id or socket.gethostname(),
            label=self._redactor.label,
            cipher=cipher,
        )
        self._metrics = SamplingMetrics(
            self._recogniser,
            self._sealer,
            self._gate,
            self._resolving.counts,
        )
        held = self._recogniser.join
        self._trimmer = MallocTrimmer(
            lambda: held.held_bytes, lambda: held.held_bytes, trim
        )
        self._store_error = "not tried yet"
        self._probe_at_seconds = 0.0

    @property
    def store_error(self) -> str:
        """Why the store is not writable; empty if it is."""
        return self._store_error

    async def offer(self, request: OtlpRequest) -> None:
        """Process one request; never raises for span content."""
        await self._keep(self._recogniser.feed(request))

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Close windows and upload until `stop`."""
        await self._probe()
        async with asyncio.TaskGroup() as tasks:
            self._resolving.start(tasks)
            self._references.start(tasks)
            ready()
            while not stop.is_set():
                now_ns = self._clock.now_ns()
                self._gate.adapt()
                await self._keep(self._recogniser.due(now_ns))
                await self._sealer.tick(now_ns)
                await self._probe()
                self._trimmer.check()
                await wait(stop, _TICK_SECONDS)
            await self._references.close()
            await self._resolving.close()

    async def seal_and_close(self, deadline_seconds: float) -> None:
        """Seal open windows; what cannot be uploaded stays on disk."""
        await self._keep(self._recogniser.flush(self._clock.now_ns()))
        await self._references.close()
        await self._resolving.close()
        self._redactor.close()
        await self._sealer.close(deadline_seconds)

    def families(self) -> Iterable[Family]:
        """Return the metrics of this process, for the relay's page."""
        return self._metrics.families()

    @property
    def funnel(self) -> Funnel:
        """Counts of records by outcome."""
        return self._recogniser.funnel

    def totals(self) -> dict[str, int]:
        """Return calls recognised and kept, and segments stored, so far."""
        counts, evicted = self._sealer.counts, self._sealer.reservoirs.counts
        admitted = sum(n for key, n in counts.items() if key[2:] == ("kept",))
        return {
            "recognised": self._recogniser.join.counts.closed,
            "kept": admitted - sum(evicted[why] for why in EVICTED),
            "stored": counts["segment", "stored"],
        }

    async def _keep(self, calls: Iterable[Call]) -> None:
        selection = self._sealer.selection
        for call in calls:
            if self._references.take(call):
                continue
            self._metrics.saw(call.snapshot)
            placed = selection.place(call)
            if not selection.wants(placed):
                continue
            if not await self._resolving.take(placed):
                await self._store_call(placed)
            # The loop also answers the relay's questions between two calls.
            await asyncio.sleep(0)

    async def _keep_read(self, call: Call) -> None:
        """Keep a call whose content was fetched, or could not be."""
        if call.snapshot.request.body is not None:
            self._recogniser.funnel.arrived(call.snapshot)
        await self._keep([msgspec.structs.replace(call, deferred=None)])

    async def _store_call(self, call: Call) -> None:
        try:
            clean = self._redactor.redact(call)
        except Exception as error:  # noqa: BLE001 - never stored unredacted
            if not self._metrics.failed["redact"]:  # the first; a counter has the rest
                log.warning("call dropped", extra={"why": type(error).__name__})
            self._metrics.failed["redact"] += 1
            self._sealer.selection.lose(call, "redaction_failed")
            return
        await self._sealer.selection.admit(
            Call(snapshot=clean.snapshot, blobs=clean.blobs)
        )

    def _set_pre_thresholds(self, changes: Mapping[str, int]) -> None:
        self._sealer.set_pre_thresholds(changes)

    async def _probe(self) -> None:
        """Prove the store at start, and again while it fails."""
        now = self._clock.monotonic_seconds()
        if not self._store_error or now < self._probe_at_seconds:
            return
        self._probe_at_seconds = now + _PROBE_AGAIN_SECONDS
        try:
            await self._store.probe()
            self._store_error = ""
        except SnapshotError as error:
            self._store_error = str(error)


def build_pipeline(tree: dict[str, Any], clock: Clock | None = None) -> Pipeline:
    """Create the pipeline from a merged configuration.

    Raises:
        ConfigError: a section cannot be used.
        KeyFileError: the fleet's key or that of encryption cannot be had.
        StoreRefusedError: the state folder is encrypted under a key not at hand.
        OSError: the state folder cannot be made.
    """
    document = Document(tree, "relay")
    config = document.section("collector", CollectorConfig)
    store = document.section("store", StoreConfig)
    folder = Path(config.journal_dir or tempfile.mkdtemp(prefix="snaptrace-"))
    folder.mkdir(0o700, parents=True, exist_ok=True)
    return Pipeline(
        config,
        Store.open(store),
        FleetKey.of_store(store.url, store.key_file),
        folder,
        clock or SystemClock(),
        cipher=local_cipher(read_envelopes(store.encryption, os.environ)),
        key_files=secret_files(store),
    )
