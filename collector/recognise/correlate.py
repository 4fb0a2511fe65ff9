"""Candidates of one call become one: by trace, within a bounded window. Pure.

Children export before parents, content comes in log records, and several
instrumentations see one request. So candidates wait until their trace has been quiet
for a while. The caller hands in the time; nothing here looks at a clock.
"""

import functools
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from collector.recognise.absorb import absorb, attach
from collector.recognise.dialects.contract import Candidate
from collector.recognise.merge import merge_trace
from collector.recognise.same_exchange import (
    contains,
    has_request,
    overlap,
    reports_same,
    request_digest,
    same_request,
)

_SECOND_NS = 1_000_000_000
_AFTER_NS = 1_000_000  # an answer may be noted just after its span's end


class CorrelationSettings(Struct, frozen=True, kw_only=True):
    """The bounds of the window."""

    quiet_ns: int = 5 * _SECOND_NS  # a trace closes this long after its last record
    age_ns: int = 30 * _SECOND_NS  # and at the latest this long after its first
    traces: int = 20_000
    bytes: int = 64 * 1024 * 1024  # of encoded records held
    remembered: int = (
        100_000  # span ids of closed calls, so that late wrappers add none
    )
    records_per_trace: int = 2_000
    unbound: int = 10_000  # log records without a trace id
    recent: int = 256  # closed calls remembered by time, per process
    processes: int = 1_000


class CorrelationCounts(Struct):
    """Counters of the window; each only grows."""

    closed: int = 0  # calls given
    closed_early: int = 0  # traces closed by a bound before they were quiet
    late: int = 0  # records of calls that were already closed
    dropped: int = 0  # records beyond a bound


class _Trace(Struct):
    first_ns: int
    last_ns: int
    candidates: list[Candidate]
    processes: set[bytes]
    size_bytes: int = 0


class _Process(Struct):
    """Records of one process that have no trace id to be found by."""

    unbound: deque[Candidate]
    recent: deque[Candidate]


class Correlator:
    """Holds candidates until their trace is quiet; gives each call once.

    Not safe for use by two threads.
    """

    def __init__(self, settings: CorrelationSettings | None = None) -> None:
        self._settings = settings or CorrelationSettings()
        self._traces: OrderedDict[bytes, _Trace] = OrderedDict()
        self._processes: OrderedDict[bytes, _Process] = OrderedDict()
        self._covered: OrderedDict[bytes, None] = OrderedDict()
        # Traces that wait, by process; and those with a record that seeks its call.
        self._traces_of: dict[bytes, set[bytes]] = {}
        self._seeking: dict[bytes, set[bytes]] = {}
        self._held_bytes = 0
        self._unbound: deque[tuple[int, Candidate]] = deque()
        self._unbound_bytes = 0
        self.counts = CorrelationCounts()

    @property
    def held_bytes(self) -> int:
        """Return the encoded size of what waits."""
        return self._held_bytes

    def offer(self, candidate: Candidate, now_ns: int) -> Iterator[Candidate]:
        """Take a candidate; yield calls whose window a bound closed early."""
        if not candidate.trace_id.strip(b"\0"):
            self._hold_unbound(candidate, now_ns)
            return
        trace = self._traces.get(candidate.trace_id)
        if trace is None:
            trace = self._traces[candidate.trace_id] = _Trace(now_ns, now_ns, [], set())
        if len(trace.candidates) >= self._settings.records_per_trace:
            # What comes later is no less a call: the trace closes and begins anew.
            self.counts.closed_early += 1
            yield from self._close([candidate.trace_id])
            trace = self._traces[candidate.trace_id] = _Trace(now_ns, now_ns, [], set())
        trace.processes.add(candidate.process)
        self._traces_of.setdefault(candidate.process, set()).add(candidate.trace_id)
        if _seeks_call(candidate):
            self._seeking.setdefault(candidate.process, set()).add(candidate.trace_id)
        trace.last_ns = now_ns
        trace.candidates.append(candidate)
        trace.size_bytes += candidate.size_bytes
        self._held_bytes += candidate.size_bytes
        settings = self._settings
        while self._traces and (
            len(self._traces) > settings.traces or self._held_bytes > settings.bytes
        ):
            self.counts.closed_early += 1
            yield from self._close([next(iter(self._traces))])

    def _hold_unbound(self, candidate: Candidate, now_ns: int) -> None:
        """Keep a record without a trace id until its span is there, or it is old."""
        self._process(candidate.process).unbound.append(candidate)
        self._unbound.append((now_ns, candidate))
        self._unbound_bytes += candidate.size_bytes
        oldest_ns = now_ns - self._settings.age_ns
        while self._unbound and (
            self._unbound[0][0] < oldest_ns
            or self._unbound_bytes > self._settings.bytes // 4
            or len(self._unbound) > self._settings.unbound
        ):
            _, old = self._unbound.popleft()
            self._unbound_bytes -= old.size_bytes
            process = self._processes.get(old.process)
            if process is not None and old in process.unbound:
                process.unbound.remove(old)
                self.counts.dropped += 1

    def due(self, now_ns: int) -> Iterator[Candidate]:
        """Yield the calls of all traces that are quiet, or old, by now."""
        settings = self._settings
        ready = [
            trace_id
            for trace_id, trace in self._traces.items()
            if now_ns - trace.last_ns >= settings.quiet_ns
            or now_ns - trace.first_ns >= settings.age_ns
            # The clock was put back: nobody waits for it to come here again.
            or now_ns < trace.last_ns - settings.age_ns
        ]
        yield from self._close(ready)

    def flush(self) -> Iterator[Candidate]:
        """Yield all that waits: the input has ended."""
        yield from self._close(list(self._traces))

    def _close(self, trace_ids: Iterable[bytes]) -> Iterator[Candidate]:
        calls: list[Candidate] = []
        loose: list[Candidate] = []
        for trace_id in trace_ids:
            trace = self._pop(trace_id)
            covered = functools.partial(self._is_covered, trace_id)
            merged = merge_trace(trace.candidates, covered)
            calls.extend(merged.calls)
            loose.extend(merged.loose)
            self.counts.late += merged.late
            for span_id in merged.covered:
                self._cover(trace_id + span_id.removeprefix(b"+"))
        self._take_unbound(calls)
        calls.extend(self._pair(calls, loose))
        for call in calls:
            if self._was_captured(call):
                self.counts.late += 1
                continue
            self.counts.closed += 1
            self._process(call.process).recent.append(_outline(call))
            yield call

    def _pop(self, trace_id: bytes) -> _Trace:
        trace = self._traces.pop(trace_id)
        self._held_bytes -= trace.size_bytes
        for process in trace.processes:
            for index in (self._traces_of, self._seeking):
                if (held := index.get(process)) is not None:
                    held.discard(trace_id)
                    if not held:
                        del index[process]
        return trace

    def _waiting(self, process: bytes) -> Iterator[Candidate]:
        for trace_id in self._traces_of.get(process, ()):
            yield from self._traces[trace_id].candidates

    def _take_unbound(self, calls: list[Candidate]) -> None:
        """Give log records without a trace id to the one span around them in time."""
        for call in calls:
            process = self._processes.get(call.process)
            if process is None or not process.unbound:
                continue
            mine = [
                record
                for record in process.unbound
                if _one_library(record.scope, call.scope)
                and call.start_ns <= record.start_ns <= call.end_ns + _AFTER_NS
            ]
            if not mine:
                continue
            rivals = [
                other
                for other in self._beside(call, calls)
                if other is not call
                and other.scope == call.scope
                and overlap(other, call)
            ]
            if any(
                rival.start_ns <= record.start_ns <= rival.end_ns + _AFTER_NS
                for rival in rivals
                for record in mine
            ):
                call.reasons += ("content_ambiguous",)
                continue
            for record in mine:
                process.unbound.remove(record)
                attach(call, record)

    def _beside(self, call: Candidate, calls: list[Candidate]) -> Iterator[Candidate]:
        yield from (other for other in calls if other.process == call.process)
        for other in self._waiting(call.process):
            if other.process == call.process and other.role == "call":
                yield other

    def _pair(
        self, calls: list[Candidate], loose: list[Candidate]
    ) -> Iterator[Candidate]:
        """Merge records whose call is in another trace; yield those without one."""
        loose = loose + self._waiting_partners(calls)
        for candidate in loose:
            call = _partner(
                candidate, [c for c in calls if c.process == candidate.process]
            )
            if call is not None:
                absorb(call, candidate)
                self._cover(candidate.trace_id + candidate.span_id)
            elif self._join_waiting(candidate) or self._was_recent(candidate):
                continue
            else:
                candidate.role = "call"
                yield candidate

    def _waiting_partners(self, calls: list[Candidate]) -> list[Candidate]:
        """Take transports that wait in other traces and belong to a call here."""
        lonely = [call for call in calls if not call.parent_id]
        if not lonely:
            return []
        found: list[Candidate] = []
        for process in {call.process for call in lonely}:
            for trace_id in list(self._seeking.get(process, ())):
                trace = self._traces[trace_id]
                taken = [
                    candidate
                    for candidate in trace.candidates
                    if _seeks_call(candidate)
                    and _partner(candidate, lonely) is not None
                ]
                found.extend(taken)
                if len(taken) == len(trace.candidates):
                    self._pop(trace_id)
                else:
                    for candidate in taken:
                        trace.candidates.remove(candidate)
        return found

    def _join_waiting(self, candidate: Candidate) -> bool:
        """Leave a record with the call that waits in another trace."""
        waiting = list(self._waiting(candidate.process))
        call = _partner(candidate, waiting)
        if call is None:
            return False
        absorb(call, candidate)
        self._cover(candidate.trace_id + candidate.span_id)
        return True

    def _was_recent(self, candidate: Candidate) -> bool:
        """Return whether the record reports a call that is already out."""
        process = self._processes.get(candidate.process)
        recent = () if process is None else process.recent
        if candidate.role == "companion" and has_request(candidate):
            digest = request_digest(candidate)
            known = any(
                call.request_digest == digest and call.start_ns <= candidate.end_ns
                for call in recent
            )
        else:
            known = any(
                reports_same(call, candidate)
                # Of two calls at once without ids, both were sent.
                and (not candidate.verbatim or _response_id(candidate) != "")
                for call in recent
            )
        self.counts.late += known
        return known

    def _was_captured(self, call: Candidate) -> bool:
        """Return whether the call is out already, as captured in a trace of its own."""
        process = self._processes.get(call.process)
        response_id = _response_id(call)
        if process is None or call.verbatim or not response_id:
            return False
        return any(
            known.verbatim
            and not known.joined
            and _response_id(known) == response_id
            and overlap(known, call)
            for known in process.recent
        )

    def _process(self, key: bytes) -> _Process:
        process = self._processes.get(key)
        if process is None:
            settings = self._settings
            process = self._processes[key] = _Process(
                deque(), deque(maxlen=settings.recent)
            )
            if len(self._processes) > settings.processes:
                self._processes.popitem(last=False)
        return process

    def _is_covered(self, trace_id: bytes, span_id: bytes) -> bool:
        return trace_id + span_id in self._covered

    def _cover(self, identity: bytes) -> None:
        self._covered[identity] = None
        self._covered.move_to_end(identity)
        if len(self._covered) > self._settings.remembered:
            self._covered.popitem(last=False)


def _one_library(one: str, other: str) -> bool:
    """Whether two scope names are of one instrumentation: `….openai.v1` of it."""
    return one.startswith(other) or other.startswith(one)


def _seeks_call(candidate: Candidate) -> bool:
    """Return whether the record's call may be in another trace."""
    if candidate.verbatim:
        return not candidate.parent_id and not candidate.joined
    return candidate.role in ("transport", "companion")


def _response_id(call: Candidate) -> str:
    return call.answer.response_id if call.answer is not None else ""


def _partner(candidate: Candidate, calls: list[Candidate]) -> Candidate | None:
    """Return the one call that the record can belong to; None if none or several."""
    found = []
    for call in calls:
        if call.role != "call" or call is candidate:
            continue
        if call.trace_id == candidate.trace_id or call.process != candidate.process:
            continue
        if candidate.role == "companion" and has_request(candidate):
            fits = same_request(call, candidate) and call.start_ns <= candidate.end_ns
        else:
            fits = reports_same(call, candidate)
        if fits:
            found.append(call)
    if len(found) > 1:
        # The one that began last before the record is the nearest around it.
        around = [call for call in found if contains(call, candidate)] or found
        found = sorted(around, key=lambda call: -call.start_ns)
    return found[0] if found else None


def _outline(call: Candidate) -> Candidate:
    """Return the call without its content: what is kept to know it again."""
    # Only a call whose answer is still out can have a late record of it come.
    answered = call.answer is not None and call.answer.observed
    return Candidate(
        dialect=call.dialect,
        role="call",
        verbatim=call.verbatim,
        joined=call.joined,
        operation=call.operation,
        trace_id=call.trace_id,
        span_id=call.span_id,
        start_ns=call.start_ns,
        end_ns=call.end_ns,
        model=call.model,
        process=call.process,
        request_digest=b"" if answered else request_digest(call),
        answer=call.answer
        and msgspec.structs.replace(
            call.answer, text="", tool_calls=(), refusal="", media=()
        ),
    )
