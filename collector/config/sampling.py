"""Settings of the sampling process: what is recognised, kept, taken out, sealed.

Apart from `relay.py` only for length: the relay checks these too, at start, so
nothing here may cost it memory.
"""

from typing import Annotated

from msgspec import Meta, Struct

from snaptrace.runtime.config import ByteSize, Duration

NANOSECONDS = 10**9


class ResolveConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `collector.recognise.resolve`: media behind URLs. No hosts: off."""

    # Exact names, or `*.example.com` for all below it; a bucket is the host it is
    # reached by.
    hosts: tuple[str, ...] = ()
    # Fetch over `http://` too.
    plain_http: bool = False
    private_networks: bool = False  # a store inside the cluster, say
    # Ports that may be fetched from.
    ports: tuple[int, ...] = (443, 80)
    timeout: Duration = Duration(10)  # of one medium, redirects included
    bytes: ByteSize = ByteSize(32 * 2**20)  # of one medium
    # Redirects followed for one medium; each target is checked as the first.
    redirects: Annotated[int, Meta(ge=0, le=10)] = 3
    # Media fetched for one call; more are left as references.
    per_call: Annotated[int, Meta(ge=1, le=64)] = 16
    at_once: Annotated[int, Meta(ge=1, le=64)] = 8  # calls being fetched for


class RecogniseConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `collector.recognise`: how long a call's parts are waited for."""

    quiet: Duration = Duration(5)  # a trace closes this long after its last record
    longest: Duration = Duration(30)  # and at the latest this long after its first
    held_bytes: ByteSize = ByteSize(12 * 2**20)  # beyond it the oldest close early
    resolve: ResolveConfig = ResolveConfig()


class StratumRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keeps calls with a kept span attribute alive, however rare they are."""

    # Name of the stratum, as metrics and slices show it.
    name: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")]
    attribute: str  # must be listed in `collector.attributes`
    values: tuple[str, ...] = ()  # any of these; none: any value


class RouteRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names a route, where 32 hash buckets of prompt and tools are not enough."""

    # Name of the route.
    name: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")]
    service: str = ""  # empty: any
    prompt_contains: str = ""  # in the system prompt
    tool: str = ""  # a tool of this name is offered
    attribute: str = ""  # a kept span attribute has `value`
    # Value that `attribute` must have.
    value: str = ""


class ReservoirConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `collector.reservoir`."""

    # Length of a sampling window; each is sealed into segments of its own.
    window: Duration = Duration(600)
    size: Annotated[int, Meta(ge=1, le=100_000)] = 256  # traces per service, modality
    quota: Annotated[int, Meta(ge=0, le=10_000)] = 16  # traces per rare stratum
    calls_per_trace: Annotated[int, Meta(ge=1, le=10_000)] = 32  # then by span rank
    # How long after its end a window waits for calls; never longer than the window.
    grace: Duration = Duration(15)
    # Calls this many windows old still join their window; older ones are flagged and
    # go to the window in which they arrived.
    late_windows: Annotated[int, Meta(ge=1, le=100)] = 6
    # Content of open windows; beyond it k shrinks, and thresholds say so.
    window_bytes: ByteSize = ByteSize(256 * 2**20)
    services: Annotated[int, Meta(ge=1, le=10_000)] = 64  # per window; others dropped
    reservoirs: Annotated[int, Meta(ge=1, le=100_000)] = 2048  # per window, quotas too
    # Calls with at least so many input tokens form the stratum `long_context`.
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
        """Time a window stays open after its end, in nanoseconds."""
        return round(min(self.grace, self.window) * NANOSECONDS)


class SealConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `collector.seal`."""

    spool_bytes: ByteSize = ByteSize(512 * 2**20)  # waiting; then the oldest go
    call_bytes: ByteSize = ByteSize(32 * 2**20)  # record and media; larger ones go
    level: Annotated[int, Meta(ge=1, le=19)] = 9  # of zstd; small segments get 19
    late: Duration = Duration(60)  # late calls of a sealed window wait this long
