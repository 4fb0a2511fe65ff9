"""The collectors: what passes through, and what the sample keeps of it."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.dashboards.panels import (
    GREEN,
    RED,
    board,
    limits,
    lines,
    listing,
    now,
    number,
    query,
    row,
)

_C = "snaptrace_collector_"


def build() -> Dashboard:
    """Return the dashboard."""
    made = board(
        "snaptrace-fleet",
        "snaptrace / collectors",
        "Forwarding, sampling and the funnel of every collector of the fleet.",
    )
    made = _forwarding(made.with_row(row("Forwarding")))
    return _sampling(made.with_row(row("Sampling")))


def _forwarding(made: Dashboard) -> Dashboard:
    made = made.with_panel(
        number("Collectors", "Scraped now.", "none", now(f"count({_C}tap_up)")).span(8)
    )
    made = made.with_panel(
        limits(
            number(
                "Without sampling",
                "Their sampling process does not run.",
                "none",
                now(f"count({_C}tap_up == 0) or vector(0)"),
            ).span(8),
            (None, GREEN),
            (1, RED),
        )
    )
    made = made.with_panel(
        limits(
            number(
                "Store unwritable",
                "They keep what they sampled in the journal.",
                "none",
                now(f"count({_C}store_writable == 0) or vector(0)"),
            ).span(8),
            (None, GREEN),
            (1, RED),
        )
    )
    made = made.with_panel(
        lines(
            "Requests",
            "By signal and by what the client was told.",
            "reqps",
            [
                query(
                    f"sum by (signal, code) (rate({_C}requests_total[5m]))",
                    "{{signal}} {{code}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Bytes",
            "Received, and accepted by the upstream.",
            "Bps",
            [
                query(f"sum(rate({_C}received_bytes_total[5m]))", "received"),
                query(f"sum(rate({_C}forwarded_bytes_total[5m]))", "forwarded"),
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Time to the upstream's answer",
            "From a whole request to its answer.",
            "s",
            [
                query(
                    f"histogram_quantile({q}, sum by (le) "
                    f"(rate({_C}upstream_seconds_bucket[5m])))",
                    name,
                )
                for q, name in ((0.5, "p50"), (0.99, "p99"))
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Refused",
            "Requests that never reached the upstream, by reason.",
            "reqps",
            [query(f"sum by (reason) (rate({_C}refused_total[5m]))", "{{reason}}")],
        )
    )
    made = made.with_panel(
        lines(
            "Memory reserved for bodies",
            "The fullest collector.",
            "bytes",
            [query(f"max({_C}in_flight_bytes)", "in flight")],
        )
    )
    return made.with_panel(
        lines(
            "Joined",
            "Requests that travelled together, and calls that carried them.",
            "reqps",
            [
                query(f"sum(rate({_C}joined_requests_total[5m]))", "requests"),
                query(f"sum(rate({_C}joined_calls_total[5m]))", "calls"),
            ],
        )
    )


def _sampling(made: Dashboard) -> Dashboard:
    made = made.with_panel(
        lines(
            "Looked at by the tap",
            "Requests, by what became of them.",
            "reqps",
            [
                query(
                    f"sum by (outcome) (rate({_C}tap_requests_total[5m]))",
                    "{{outcome}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Dropped by the tap",
            "Telemetry was forwarded; the sample misses these.",
            "reqps",
            [
                query(
                    f"sum by (reason) (rate({_C}tap_dropped_requests_total[5m]))",
                    "{{reason}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Queue to the sampling process",
            "The fullest collector.",
            "bytes",
            [query(f"max({_C}tap_queue_bytes)", "waiting")],
        )
    )
    made = made.with_panel(
        lines(
            "Model calls",
            "Recognised, and those that a reservoir took, by modality.",
            "none",
            [
                query(
                    f"sum by (modality) (rate({_C}calls_total[5m]))",
                    "{{modality}} seen",
                ),
                query(
                    "sum by (modality) "
                    f'(rate({_C}sampled_calls_total{{reason="kept"}}[5m]))',
                    "{{modality}} kept",
                ),
            ],
        )
    )
    made = made.with_panel(
        lines(
            "On local disk",
            "The fullest collector: open windows; segments that wait for the store.",
            "bytes",
            [
                query(f"max({_C}journal_bytes)", "journal"),
                query(f"max({_C}spool_bytes)", "spool"),
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Storage",
            "Segments sealed and stored, and what went wrong.",
            "none",
            [
                query(
                    f"sum by (what, outcome) (increase({_C}storage_events_total[5m]))",
                    "{{what}} {{outcome}}",
                )
            ],
        )
    )
    return made.with_panel(
        listing(
            "Funnel of the last hour",
            "Calls by instrumentation and stage; a reason says where they stopped.",
            "sum by (scope, version, stage, reason) "
            f"(increase({_C}funnel_total[1h])) > 0",
            (),
        )
    )
