"""Sealing of windows: when each closes, its header, and what readers were told."""

from collections import Counter

from collector.config.sampling import SealConfig
from collector.reservoir import ReservoirConfig, Reservoirs
from collector.reservoir.strata import VERSION as STRATA_VERSION
from collector.sealing.journal import Journal
from collector.sealing.upload import Sealed, SegmentUpload
from snaptrace.snapshot import segment

_STATES_EVERY_NS = 10 * 10**9
_NEVER_NS = -(2**63)

_Told = tuple[object, ...]


class WindowSealing:
    """Takes the calls of closed windows out of the reservoirs and hands them on."""

    def __init__(
        self,
        config: SealConfig,
        reservoir_config: ReservoirConfig,
        *,
        reservoirs: Reservoirs,
        journal: Journal,
        upload: SegmentUpload,
        collector: str,
        versions: tuple[str, str],
        counts: Counter[tuple[str, ...]],
    ) -> None:
        """`versions`: of redaction and of the release, for the headers."""
        self._config, self._reservoir_config = config, reservoir_config
        self._reservoirs, self._journal, self._upload = reservoirs, journal, upload
        self._collector, self._versions = collector, versions
        self._counts = counts
        self._states_at_ns = _NEVER_NS
        self._sealed_at_ns: dict[int, int] = {}  # window -> newest seal
        self._supplements: Counter[int] = Counter()
        self._told: dict[int, frozenset[_Told]] = {}  # window -> what headers said

    def seal_due(self, now_ns: int) -> None:
        """Seal the windows that are due; compact the journals of the others."""
        for window in self._reservoirs.windows():
            if self._is_due(window, now_ns):
                self._seal(window, now_ns)
            else:
                self._compact(window)

    def seal_all(self, now_ns: int) -> None:
        """Seal every window as it is."""
        for window in self._reservoirs.windows():
            self._seal(window, now_ns)

    def write_states(self, now_ns: int, every_ns: int = _STATES_EVERY_NS) -> None:
        """Journal the reservoirs' states, for a restart."""
        if 0 <= now_ns - self._states_at_ns < every_ns:
            return
        self._states_at_ns = now_ns
        try:
            for window in self._reservoirs.windows():
                self._journal.append_states(window, self._reservoirs.states(window))
        except OSError:
            self._counts["journal", "error"] += 1

    def forget(self, now_ns: int) -> None:
        """Drop windows that no late call can reach any more."""
        first_ns, last_ns = self._kept_windows(now_ns)
        unsealed = [w for w in self._reservoirs.windows() if self._reservoirs.refs(w)]
        self._reservoirs.keep_between(
            min([first_ns, *unsealed]), max([last_ns, *unsealed])
        )
        for window in [w for w in self._sealed_at_ns if not first_ns <= w <= last_ns]:
            self._sealed_at_ns.pop(window)
            self._supplements.pop(window, None)
            self._told.pop(window, None)

    def _is_due(self, window: int, now_ns: int) -> bool:
        first_ns, last_ns = self._kept_windows(now_ns)
        if not first_ns <= window <= last_ns:
            return True  # about to expire, or opened by a clock that was ahead
        if (sealed := self._sealed_at_ns.get(window)) is None:
            closes = window + self._reservoir_config.window_ns
            return now_ns >= closes + self._reservoir_config.grace_ns
        wait_seconds = min(self._config.late, self._reservoir_config.window)
        return not 0 <= now_ns - sealed < round(wait_seconds * 10**9)

    def _seal(self, window: int, now_ns: int) -> None:
        """Take a window's calls out of the reservoirs, to be spooled.

        A late call that was rejected leaves nothing but a higher threshold; a segment
        without records says so, or what was stored would claim too much.
        """
        refs = self._reservoirs.refs(window)
        path = self._journal.rotate(window)
        header = self._header(window, now_ns)
        first_ns, _ = self._kept_windows(now_ns)
        news = _outline(header.reservoirs, is_final=window < first_ns)
        if refs or not news <= self._told.get(window, frozenset()):
            self._upload.take(Sealed(window, refs, header, path))
            self._supplements[window] += 1
            self._told[window] = frozenset().union(
                *(_outline(header.reservoirs, is_final=f) for f in (False, True))
            )
        elif path is not None:
            self._journal.remove(path)
        self._reservoirs.mark_sealed(window)
        self._sealed_at_ns[window] = now_ns

    def _header(self, window: int, now_ns: int) -> segment.SegmentHeader:
        redaction_version, release = self._versions
        return segment.SegmentHeader(
            collector=self._collector,
            sequence=0,
            window_start_ns=window,
            window_length_ns=self._reservoir_config.window_ns,
            sealed_at_ns=now_ns,
            supplement=self._supplements[window],
            reservoirs=self._reservoirs.states(window),
            redaction_version=redaction_version,
            strata_version=STRATA_VERSION,
            release=release,
        )

    def _compact(self, window: int) -> None:
        try:
            if self._journal.compact(
                window,
                self._reservoirs.refs(window),
                self._reservoirs.states(window),
            ):
                self._counts["journal", "compacted"] += 1
        except OSError:
            self._counts["journal", "error"] += 1

    def _kept_windows(self, now_ns: int) -> tuple[int, int]:
        """Return the first and the last start of a window that calls may still have."""
        config = self._reservoir_config
        oldest = now_ns - (config.late_windows + 2) * config.window_ns
        return oldest - config.grace_ns, now_ns + 2 * config.window_ns


def _outline(
    states: tuple[segment.ReservoirState, ...], *, is_final: bool
) -> frozenset[_Told]:
    """Return what a reader's probabilities follow from; in the end, counts too."""
    return frozenset(
        (
            (state.service, state.modality, state.stratum),
            (state.threshold, state.pre_threshold, *state.span_thresholds.items()),
            state.seen if is_final else -1,
        )
        for state in states
    )
