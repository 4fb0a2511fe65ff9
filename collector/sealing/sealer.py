"""From calls to uploaded segments: journal, reservoirs, windows and upload wired.

Nothing here is acknowledged to anybody: what fails is kept for the next try, bounded,
and counted when it has to go. A killed process finds its journal and spool again.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from collector.config.sampling import SealConfig
from collector.reservoir import ReservoirConfig, Reservoirs
from collector.sealing.journal import Journal
from collector.sealing.selection import CallSelection
from collector.sealing.spool import Spool
from collector.sealing.tombstones import TombstoneFilter
from collector.sealing.upload import SegmentUpload
from collector.sealing.window_sealing import WindowSealing
from snaptrace.crypto.cipher import Cipher
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import segment
from snaptrace.store.store import Store

log = logging.getLogger(__name__)


class Sealer:
    """Persists admitted calls, seals windows as they close, uploads to the store.

    To be used from one event loop. `selection` takes calls in. `counts` has every
    call that was kept or lost, by reason; keys are ("call", modality, reason),
    ("segment" | "spool" | "journal" | "late", outcome).
    """

    def __init__(
        self,
        config: SealConfig,
        reservoir_config: ReservoirConfig,
        *,
        folder: Path,
        store: Store,
        key: FleetKey,
        clock: Clock,
        redaction_version: str,
        release: str = "",
        name: str = "collector",
        label: Callable[[str], str] = str,
        cipher: Cipher | None = None,
    ) -> None:
        """Open or make the state `folder`; raises OSError if that cannot be done."""
        self._clock = clock
        self.reservoirs = Reservoirs(reservoir_config)
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._journal = Journal(folder / "journal", cipher)
        self._spool = Spool(folder / "spool", cipher)
        self.collector = _collector_id(folder, name)
        self._erasing = TombstoneFilter(store, key)
        self._upload = SegmentUpload(
            config,
            journal=self._journal,
            spool=self._spool,
            store=store,
            erasing=self._erasing,
            clock=clock,
            collector=self.collector,
            counts=self.counts,
        )
        self.selection = CallSelection(
            config,
            reservoir_config,
            reservoirs=self.reservoirs,
            journal=self._journal,
            erasing=self._erasing,
            key=key,
            label=label,
            counts=self.counts,
        )
        self._windows = WindowSealing(
            config,
            reservoir_config,
            reservoirs=self.reservoirs,
            journal=self._journal,
            upload=self._upload,
            collector=self.collector,
            versions=(redaction_version, release),
            counts=self.counts,
        )
        self._busy = asyncio.Lock()
        self._recover()

    @property
    def spool_bytes(self) -> int:
        """Bytes waiting for upload."""
        return self._spool.size_bytes

    @property
    def journal_bytes(self) -> int:
        """Bytes of the journal's files, media left out."""
        return self._journal.size_bytes

    def set_pre_thresholds(self, changes: Mapping[str, int]) -> None:
        """Record what is rejected undecoded from now on; see `PreThreshold`."""
        is_news = self.reservoirs.would_raise_pre(changes)
        now_ns = self._clock.now_ns()
        self._journal.release(self.reservoirs.set_pre_thresholds(changes, now_ns))
        if is_news:
            # At once: without it, a restart would claim that nothing was rejected.
            self._windows.write_states(now_ns, every_ns=0)

    async def tick(self, now_ns: int | None = None) -> None:
        """Seal closed windows and upload; call about once per second.

        Never raises for a store or a disk that fails: it tries again at the next call.
        """
        now_ns = self._clock.now_ns() if now_ns is None else now_ns
        async with self._busy:
            self._windows.write_states(now_ns)
            await self._erasing.refresh(now_ns)
            self._windows.seal_due(now_ns)
            await self._upload.spool_up()
            self._remove_recovered()
            self._windows.forget(now_ns)
            await self._upload.upload()

    async def seal_now(self) -> None:
        """Seal every window as it is; later calls become a supplement."""
        now_ns = self._clock.now_ns()
        async with self._busy:
            await self._erasing.refresh(now_ns)
            self._windows.seal_all(now_ns)
            await self._upload.spool_up()
            self._remove_recovered()
            await self._upload.upload()

    async def close(self, deadline_seconds: float) -> None:
        """Seal everything and upload until the deadline; the rest stays on disk."""
        try:
            async with asyncio.timeout(deadline_seconds):
                await self.seal_now()
        except TimeoutError:
            log.warning("spool not empty", extra={"bytes": self._spool.size_bytes})
        finally:
            self._journal.close()

    def _recover(self) -> None:
        """Take up journal and spool from before a crash."""
        # Spooled whole but not yet deleted from the journal when the process died.
        for origin in {entry.origin for entry in self._spool.entries() if entry.last}:
            self._journal.remove(self._journal.folder / origin)
        found: dict[int, tuple[segment.ReservoirState, ...]] = {}
        files = self._journal.files()
        for path in files:
            for window, recovered in self._journal.recover(path):
                found.setdefault(window, ())
                if isinstance(recovered.content, tuple):
                    found[window] = recovered.content
        for window, states in found.items():
            self.reservoirs.expect(window, states)
        for path in files:
            for window, recovered in self._journal.recover(path):
                if not isinstance(recovered.content, tuple):
                    self.selection.restore(window, recovered)
        for window, states in found.items():
            self._journal.release(self.reservoirs.recover(window, states))
        self._recovered_files = set(files)
        self._journal.sweep()

    def _remove_recovered(self) -> None:
        """Delete files from before a crash once none of their calls is needed."""
        needed = self._journal.paths()
        for path in [path for path in self._recovered_files if path not in needed]:
            self._recovered_files.discard(path)
            self._journal.remove(path)


def _collector_id(folder: Path, name: str) -> str:
    """Return an id that no other collector has, and that a restart keeps."""
    path = folder / "collector-id"
    if path.exists():
        return path.read_text().strip()
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:64]
    made = f"{plain.strip('-') or 'collector'}-{secrets.token_hex(4)}"
    staged = path.with_suffix(".new")
    staged.write_text(made)
    staged.replace(path)
    return made
