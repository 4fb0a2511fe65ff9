"""Funnel of calls per instrumentation scope and version. Pure counts.

A convention change that empties the suite shows here first. Keys are bounded: scopes
beyond the limit are counted together.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from collector.recognise.estimate.suspicion import LOST
from snaptrace.snapshot.model import Snapshot

Stage = Literal["seen", "recognised", "with_content", "replayable"]
_SCOPES_MAX = 64
_NAME_MAX = 80  # characters of a scope or version name
_SCOPES_NAMED = 5
OTHER = "other"
# Reason of a record that was seen -> what to say where no call came of any.
_WHY: dict[str, str] = {
    "unreadable": "requests or records are damaged",
    "replay": "records are about replays",
    "unclaimed": "records are of a convention that is not known",
    "": "records are of frameworks or tools, not of model calls",
}


class FunnelKey(NamedTuple):
    """One counter. `reason` is "" where the stage was reached."""

    scope: str
    version: str
    stage: Stage
    reason: str


class Funnel:
    """Counts by (scope, version, stage, reason); keys are bounded."""

    def __init__(
        self,
        scopes_max: int = _SCOPES_MAX,
        label: Callable[[str], str] = str,
    ) -> None:
        """Show scopes as `label` returns them: their names come from outside."""
        self._scopes_max, self._label = scopes_max, label
        self._shown: dict[tuple[str, str], tuple[str, str]] = {}
        self._counts: dict[FunnelKey, int] = {}

    def count(self, scope: str, version: str, stage: Stage, reason: str = "") -> None:
        """Add one."""
        pair = (scope, version)
        shown = self._shown.get(pair)
        if shown is None:
            if len(self._shown) >= self._scopes_max:
                shown = (OTHER, "")
            else:
                name, number = (self._label(text)[:_NAME_MAX] for text in pair)
                shown = self._shown[pair] = (name, number)
        key = FunnelKey(*shown, stage, reason)
        self._counts[key] = self._counts.get(key, 0) + 1

    def add(self, snapshot: Snapshot) -> None:
        """Count a call at every stage that it reached, and why it went no further."""
        scope, version = snapshot.scope, snapshot.scope_version
        fidelity = snapshot.fidelity
        self.count(scope, version, "recognised")
        if snapshot.request.body is None:
            reason = fidelity.reasons[0] if fidelity.reasons else "no_content"
            self.count(scope, version, "with_content", reason)
            return
        self.count(scope, version, "with_content")
        if fidelity.level == "unreplayable":
            reason = fidelity.reasons[0] if fidelity.reasons else "unknown"
            self.count(scope, version, "replayable", reason)
        elif fidelity.level == "unverified":
            why = LOST if LOST in fidelity.reasons else "unverified"
            self.count(scope, version, "replayable", why)
        else:
            self.count(scope, version, "replayable")

    def arrived(self, snapshot: Snapshot) -> None:
        """Count a call whose content came after it had been recognised without."""
        scope, version = snapshot.scope, snapshot.scope_version
        self.count(scope, version, "with_content")
        if snapshot.fidelity.level != "unreplayable":
            self.count(scope, version, "replayable")

    def why_nothing(self) -> list[str]:
        """Return a sentence per reason for which no call came of what was seen."""
        seen = [(key, n) for key, n in self._counts.items() if key.stage == "seen"]
        found = []
        for reason, what in _WHY.items():
            count = sum(n for key, n in seen if key.reason == reason)
            scopes = sorted(
                {key.scope for key, _ in seen if key.reason == reason} - {""}
            )
            if count:
                named = f" ({', '.join(scopes[:_SCOPES_NAMED])})" if scopes else ""
                found.append(f"{count} {what}{named}")
        return found or ["no span or log record has an attribute of a GenAI convention"]

    def items(self) -> Iterator[tuple[FunnelKey, int]]:
        """Yield every counter; values only grow."""
        yield from self._counts.items()
