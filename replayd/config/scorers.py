"""Settings of a team's own scorers, and of which rule judges which calls."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ScorerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scorer of a team's own: loaded only if it is named here; docs/scorers.md."""

    # Entry point of the group `snaptrace.scorers`, or `module:name`; empty: the
    # name of this entry.
    use: str = ""
    # Version that the scorer must say it has. Another one opens a new epoch.
    version: str
    # `quality`: it alone values the calls that it applies to, pins with assertions
    # aside; `invariants`: the lowest invariant counts; `diagnostic`: shown only.
    role: Literal["quality", "invariants", "diagnostic"] = "diagnostic"
    # Calls that it may judge, by each of these; an empty one means all.
    modality: list[str] = []
    # Tasks of docs/scoring.md, as `table`; empty: all.
    task: list[str] = []
    # Routes of `collector.reservoir.routes`; empty: all.
    route: list[str] = []
    # Values of `service.name`; empty: all.
    service: list[str] = []
    # Kept span attribute to its values, as `{metadata.team: [billing]}`; empty: all.
    attributes: dict[str, list[str]] = {}
    # Of one question; then the stream of that pair is at fault.
    timeout_seconds: Annotated[float, Meta(gt=0, le=600)] = 10
    network: bool = False  # it may open connections, as to a judge of its own
    # Environment variables that it may read, as a key of such a judge.
    environment: list[str] = []
