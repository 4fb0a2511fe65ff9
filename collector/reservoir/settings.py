"""How much is kept, and of what. The forward room includes it as `reservoir:`."""

from typing import Annotated

from msgspec import Meta, Struct

from snaptrace.runtime.config import ByteSize, Duration

NANOSECONDS = 10**9


class StratumRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keeps calls with a kept span attribute alive, however rare they are."""

    name: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")]
    attribute: str  # must be listed in `collector.attributes`
    values: tuple[str, ...] = ()  # any of these; none: any value


class RouteRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names a route, where 32 hash buckets of prompt and tools are not enough."""

    name: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")]
    service: str = ""  # empty: any
    prompt_contains: str = ""  # in the system prompt
    tool: str = ""  # a tool of this name is offered
    attribute: str = ""  # a kept span attribute has `value`
    value: str = ""


class ReservoirConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `collector.reservoir`."""

    window: Duration = Duration(600)
    size: Annotated[int, Meta(ge=1, le=100_000)] = 256  # traces per service, modality
    quota: Annotated[int, Meta(ge=0, le=10_000)] = 16  # traces per rare stratum
    calls_per_trace: Annotated[int, Meta(ge=1, le=10_000)] = 32  # then by span rank
    # How long after its end a window waits for calls; never longer than the window.
    grace: Duration = Duration(15)
    # Calls this many windows old still join their window; older ones are flagged and
    # go to the window in which they arrived.
    late_windows: Annotated[int, Meta(ge=1, le=100)] = 6
    window_bytes: ByteSize = ByteSize(
        256 * 2**20
    )  # content of open windows; then k shrinks
    services: Annotated[int, Meta(ge=1, le=10_000)] = 64  # per window; others dropped
    reservoirs: Annotated[int, Meta(ge=1, le=100_000)] = 2048  # per window, quotas too
    long_context_tokens: Annotated[int, Meta(ge=1)] = 32_000
    strata: tuple[StratumRule, ...] = ()
    routes: tuple[RouteRule, ...] = ()

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("window must be at least 1s")

    @property
    def window_ns(self) -> int:
        """The length of a window in nanoseconds."""
        return round(self.window * NANOSECONDS)

    @property
    def grace_ns(self) -> int:
        """How long a window stays open after its end, in nanoseconds."""
        return round(min(self.grace, self.window) * NANOSECONDS)
