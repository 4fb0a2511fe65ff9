"""Metrics of the sampling process; the relay shows them on its own page.

Counters kept as plain data elsewhere are read at every scrape. Labels are bounded:
modalities, reasons, and at most 64 instrumentation scopes.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from collector.metrics.families import Family, counter, gauge
from collector.recognise.recogniser import Recogniser
from collector.sampling.decode_budget import DecodeBudget
from collector.sealing.sealer import Sealer
from snaptrace.snapshot.model import Snapshot

PREFIX = "snaptrace_collector_"


# Why a call that a reservoir had kept was given up.
EVICTED = ("displaced", "window_bytes", "decode_budget")


class SamplingMetrics:
    """Counts of calls seen, kept, lost and stored."""

    def __init__(
        self,
        recogniser: Recogniser,
        sealer: Sealer,
        gate: DecodeBudget,
        references: Mapping[str, int],
    ) -> None:
        self._recogniser, self._sealer = recogniser, sealer
        self._gate, self._references = gate, references
        self.calls: Counter[str] = Counter()  # by modality
        self.failed: Counter[str] = Counter()  # by stage

    def saw(self, snapshot: Snapshot) -> None:
        """Count a recognised call."""
        self.calls[snapshot.modality] += 1

    def families(self) -> Iterator[Family]:
        """Yield all current metrics of this process."""
        yield from self._own()
        yield self._funnel()
        yield from self._decisions()
        yield from self._plain()

    def _own(self) -> Iterator[Family]:
        yield counter(
            f"{PREFIX}calls",
            "Model calls recognised, by modality.",
            ("modality",),
            self.calls,
        )
        yield counter(
            f"{PREFIX}calls_failed",
            "Model calls lost to a defect of ours, by stage.",
            ("stage",),
            self.failed,
        )
        # The clock of the processor is a system call: read here, not once a request.
        yield counter(
            f"{PREFIX}sampling_cpu_seconds",
            "Processor time of the sampling process.",
            (),
            {"": time.process_time()},
        )

    def _funnel(self) -> Family:
        return Family(
            f"{PREFIX}funnel",
            "counter",
            "Calls per instrumentation: seen, recognised, with_content, replayable; "
            "a reason says why a stage was not reached.",
            ("scope", "version", "stage", "reason"),
            tuple(
                ((key.scope, key.version, key.stage, key.reason), float(count))
                for key, count in self._recogniser.funnel.items()
            ),
        )

    def _decisions(self) -> Iterator[Family]:
        counted = sorted(self._sealer.counts.items())
        reservoirs = self._sealer.reservoirs
        given_up = [
            (("evicted_call", why), float(reservoirs.counts[why])) for why in EVICTED
        ]
        given_up.append((("stratum", "no_room"), float(reservoirs.strata_refused)))
        yield Family(
            f"{PREFIX}sampled_calls",
            "counter",
            "What became of recognised calls; kept ones may be evicted later.",
            ("modality", "reason"),
            tuple((key[1:], float(n)) for key, n in counted if key[0] == "call"),
        )
        yield Family(
            f"{PREFIX}storage_events",
            "counter",
            "What became of segments, spool and journal; why kept calls were given up.",
            ("what", "outcome"),
            (*((key, float(n)) for key, n in counted if key[0] != "call"), *given_up),
        )

    def _plain(self) -> Iterator[Family]:
        yield counter(
            f"{PREFIX}spans_turned_away",
            "Spans not decoded: their trace ranks below the decode budget's bar.",
            (),
            {"": self._gate.turned_away},
        )
        yield counter(
            f"{PREFIX}references",
            "Media behind URLs: fetched, or left as references for this reason.",
            ("outcome",),
            self._references,
        )
        counts = self._recogniser.join.counts
        yield counter(
            f"{PREFIX}join",
            "Calls given by the join window, and what it had to close, merge or drop.",
            ("outcome",),
            {
                "closed": counts.closed,
                "closed_early": counts.closed_early,
                "late": counts.late,
                "dropped": counts.dropped,
            },
        )
        for name, text, value in (
            (
                "join_held_bytes",
                "Parts of calls that wait.",
                self._recogniser.join.held_bytes,
            ),
            (
                "spool_bytes",
                "Segments that wait for the store.",
                self._sealer.spool_bytes,
            ),
            (
                "journal_bytes",
                "Calls of open windows on disk.",
                self._sealer.journal_bytes,
            ),
        ):
            yield gauge(PREFIX + name, text, value)
