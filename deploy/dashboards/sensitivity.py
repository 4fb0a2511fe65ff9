"""Panels on what green is worth: faults caught, traffic covered, model unchanged."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.dashboards.panels import (
    GREEN,
    RED,
    limits,
    lines,
    listing,
    now,
    number,
    query,
)

_R = "snaptrace_replayd_"
_HERE = 'canary="$canary"'


def watch(made: Dashboard) -> Dashboard:
    """Add the panels of the watch on the control."""
    made = made.with_panel(
        limits(
            number(
                "Production changed",
                "1: the control answers otherwise than it did itself.",
                "none",
                now(f"max by (modality) ({_R}production_changed)", "{{modality}}"),
            ).span(8),
            (None, GREEN),
            (1, RED),
        )
    )
    made = made.with_panel(
        lines(
            "Evidence of a change",
            "Log evidence per modality; at the threshold it is a change.",
            "none",
            [
                query(
                    f"max by (modality) ({_R}production_change_log_e)", "{{modality}}"
                ),
                query(f"max({_R}production_change_log_e_threshold)", "threshold"),
            ],
        )
    )
    return made.with_panel(
        lines(
            "Refusals of the control",
            "Share of the newest 50 answers to anchors.",
            "percentunit",
            [query(f"max by (modality) ({_R}watch_refused_share)", "{{modality}}")],
        )
    )


def drills(made: Dashboard) -> Dashboard:
    """Add the panels of sensitivity certificates."""
    made = made.with_panel(
        lines(
            "Smallest drop found",
            "Drop in mean quality that the pairs so far would have found nine times in "
            "ten. A pass says nothing of smaller ones.",
            "percentunit",
            [
                query(
                    f'max by (modality) ({_R}smallest_drop{{{_HERE}, slice="", '
                    'stream="quality"})',
                    "{{modality}}",
                )
            ],
        ).span(12)
    )
    hidden = ("__name__", "instance", "job", "pod", "namespace")
    made = made.with_panel(
        listing(
            "Faults by pairs until they are caught",
            "Put into the control's answers by a drill; rate is the share of answers.",
            f"max by (modality, slice, fault, rate) ({_R}drill_pairs)",
            hidden,
        )
    )
    made = made.with_panel(
        listing(
            "Faults that no verdict catches",
            "A pass says nothing about these.",
            f"max by (modality, slice, fault, rate) ({_R}drill_detected) == 0",
            hidden,
        ).span(8)
    )
    made = made.with_panel(
        lines(
            "Answered without their medium",
            "Share of drilled cases whose answer is as right without the image, sound "
            "or page. Left out: live calls of routes where that is proven.",
            "short",
            [
                query(
                    "max by (modality) "
                    f'({_R}drill_medium_independent_share{{slice=""}})',
                    "{{modality}}",
                ),
                query(
                    f"max by (modality) ({_R}live_calls{{{_HERE}, "
                    'reason="medium_independent"})',
                    "{{modality}} left out",
                ),
            ],
        )
    )
    return made.with_panel(
        listing(
            "Harmless changes that raised an alarm",
            "Share of the seeded orders of pairs; it should be near 0.",
            f"max by (modality, slice, fault) ({_R}drill_twin_raised_share) > 0",
            hidden,
        ).span(8)
    )


def suites(made: Dashboard) -> Dashboard:
    """Add the panels of how much of the traffic suites of pins cover."""
    made = made.with_panel(
        lines(
            "Covered by suites",
            "Share of recent calls whose service, route, modality and stratum hold a "
            "pin, and the share that the configuration asks for.",
            "percentunit",
            [
                query(f"max by (suite) ({_R}suite_covered_share)", "{{suite}}"),
                query(f"max({_R}suite_covered_share_limit)", "asked for"),
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Pins by when their kind was seen",
            "A pin whose kind is no longer seen tests what nobody asks.",
            "short",
            [query(f"max by (suite, seen) ({_R}suite_pins)", "{{suite}} {{seen}}")],
        )
    )
    return made.with_panel(
        listing(
            "Heaviest kinds without a pin",
            "Share of recent calls; `snaptrace suite refresh` proposes pins.",
            "max by (suite, service, route, modality, stratum) "
            f"({_R}suite_uncovered_share)",
            ("__name__", "instance", "job", "pod", "namespace"),
        ).span(8)
    )
