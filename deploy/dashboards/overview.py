"""The canaries: one row for each modality, never an average over them."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import BigValueTextMode

from deploy.dashboards.panels import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    VERDICTS,
    board,
    choice,
    limits,
    lines,
    link,
    listing,
    now,
    number,
    query,
    row,
    timeline,
    verdict_words,
)
from deploy.dashboards.sensitivity import drills, suites, watch

_R = "snaptrace_replayd_"
_HERE = 'canary="$canary"'
_MODALITY = f'{_HERE}, modality="$modality"'
_WHOLE = f'{_MODALITY}, slice=""'
# The dashboard's time range, as the page's filters take it.
_PAIRS = "/${canary}/pairs?modality=${modality}&change=worse"
_WHEN = "&since=${__from}&until=${__to}"
_GATING = f'{_WHOLE}, stream=~"answered|invariants|quality"'


def _verdict(selector: str, by: str) -> str:
    """Return the verdict as a number: its place in VERDICTS, worst wins."""
    terms = [
        f'max by ({by}) ({_R}verdict{{{selector}, verdict="{word}"}}) * {index}'
        for index, (word, _) in enumerate(VERDICTS)
    ]
    joined = " or ".join(f"({term} > 0)" for term in terms[1:])
    return f"max by ({by}) ({joined} or ({terms[0]}))"


def build() -> Dashboard:
    """Return the dashboard."""
    made = board(
        "snaptrace-overview",
        "snaptrace / canaries",
        "How each canary answers live traffic compared with the control, per modality.",
    )
    made = made.with_variable(
        choice("canary", "Canary", f"{_R}gate", many=False)
    ).with_variable(
        choice("modality", "Modality", f"{_R}verdict{{{_HERE}}}", many=True)
    )
    made = made.with_variable(
        choice("page", "Inspection page", f"{_R}links_info", many=False)
    ).link(link("Worst pairs of $canary", f"/${{canary}}/pairs?change=worse{_WHEN}"))
    made = _summary(made.with_row(row("Verdicts of $canary")))
    made = _modality(made.with_row(row("$modality").repeat("modality")))
    made = watch(made.with_row(row("The production model itself")))
    made = drills(made.with_row(row("What a pass would have caught")))
    made = suites(made.with_row(row("What suites of pins cover")))
    return _around(made.with_row(row("What the verdicts rest on")))


def _summary(made: Dashboard) -> Dashboard:
    made = made.with_panel(
        timeline(
            "Verdict by modality and protected slice",
            "Grey is undecided: absence of a verdict is never green.",
            _verdict(_HERE, "modality, slice"),
            "{{modality}} {{slice}}",
        )
    )
    made = made.with_panel(
        limits(
            number(
                "Gate",
                "What a deployment gate would be told now.",
                "none",
                now(f"max by (gate) ({_R}gate{{{_HERE}}} == 1)", "{{gate}}"),
            ).text_mode(BigValueTextMode.NAME),
            (None, GREY),
        )
    )
    made = made.with_panel(
        limits(
            number(
                "Noise alarm",
                "1: the control differs from itself, so no verdict is issued.",
                "none",
                now(f"max({_R}noise_alarm{{{_HERE}}})"),
            ),
            (None, GREEN),
            (1, RED),
        )
    )
    made = made.with_panel(
        number(
            "Epochs tried",
            "Under this canary name, this one included.",
            "none",
            now(f"max({_R}epochs_tried{{{_HERE}}})"),
        )
    )
    made = made.with_panel(
        number(
            "Epoch age",
            "Since the epoch began.",
            "s",
            now(f"time() - max({_R}epoch_started_timestamp_seconds{{{_HERE}}})"),
        )
    )
    return made.with_panel(
        limits(
            number(
                "Budget used",
                "The fullest budget.",
                "percentunit",
                now(f"max({_R}budget_used_share)"),
            ),
            (None, GREEN),
            (0.9, ORANGE),
            (1, RED),
        )
    )


def _modality(made: Dashboard) -> Dashboard:
    made = made.with_panel(
        number(
            "Verdict",
            "The worst of the modality's gating streams.",
            "none",
            now(_verdict(_WHOLE, "modality"), "{{modality}}"),
        ).mappings(verdict_words())
    )
    made = made.with_panel(
        limits(
            number(
                "Coverage",
                "Share of live calls that could be replayed and was scored.",
                "percentunit",
                now(f"max({_R}coverage_share{{{_MODALITY}}})"),
            ).span(3),
            (None, RED),
            (0.2, ORANGE),
            (0.5, GREEN),
        )
    )
    made = made.with_panel(
        limits(
            number(
                "Scored",
                "Share of replayed calls with a score for quality. Below the limit: "
                "unscored, and no pass.",
                "percentunit",
                now(f"max({_R}scored_share{{{_MODALITY}}})"),
            ).span(3),
            (None, RED),
            (0.8, ORANGE),
            (0.95, GREEN),
        )
    )
    made = made.with_panel(
        number(
            "Replays to go",
            "For a pass, nine times in ten, if nothing changed.",
            "short",
            now(f"max({_R}remaining_estimate{{{_MODALITY}}})"),
        )
    )
    made = made.with_panel(
        number(
            "Last replay",
            "Age of the newest committed pair.",
            "s",
            now(f"time() - max({_R}last_replay_timestamp_seconds{{{_MODALITY}}})"),
        ).span(3)
    )
    made = made.with_panel(
        number(
            "Noise floor",
            "Mean squared difference of the control asked twice.",
            "none",
            now(f"max({_R}noise_discordance{{{_MODALITY}}})"),
        ).span(3)
    )
    made = made.with_panel(
        number(
            "Age of the cases",
            "Mean, of those that the verdict rests on.",
            "s",
            now(f'max({_R}case_age_seconds{{{_MODALITY}, kind="mean"}})'),
        )
    )
    made = made.with_panel(
        lines(
            "Difference: canary minus control",
            "Quality score. The interval is right at every look, at the verdict's "
            "alpha; below the margin line a drop no longer passes.",
            "none",
            [
                query(f'{_R}delta_mean{{{_WHOLE}, stream="quality"}}', "difference"),
                query(f'{_R}delta_lower{{{_WHOLE}, stream="quality"}}', "lower"),
                query(f'{_R}delta_upper{{{_WHOLE}, stream="quality"}}', "upper"),
                query(f'-{_R}margin{{{_WHOLE}, stream="quality"}}', "margin"),
            ],
        )
        .links([link("Worse pairs of $modality", f"{_PAIRS}{_WHEN}")])
        .axis_soft_min(-0.1)
        .axis_soft_max(0.1)
    )
    made = made.with_panel(
        lines(
            "Evidence of a regression",
            "Log evidence by gating stream; at the threshold it is a verdict.",
            "none",
            [
                query(f"{_R}regression_log_e{{{_GATING}}}", "{{stream}}"),
                query(
                    f'max({_R}log_e_threshold{{{_GATING}, kind="regression"}})',
                    "threshold",
                ),
            ],
        )
    )
    return made.with_panel(
        lines(
            "Scores",
            "Mean quality score of each arm in this epoch.",
            "percentunit",
            [query(f'{_R}score_mean{{{_WHOLE}, stream="quality"}}', "{{arm}}")],
        )
    )


def _around(made: Dashboard) -> Dashboard:
    made = made.with_panel(
        lines(
            "Pairs committed per minute",
            "Results written to the store.",
            "none",
            [query(f"60 * rate({_R}results_committed_total{{{_HERE}}}[5m])", "pairs")],
        )
    )
    made = made.with_panel(
        lines(
            "Calls by outcome",
            "What arms answered; an arm without an answer scores 0.",
            "reqps",
            [
                query(
                    f"sum by (arm, outcome) (rate({_R}calls_total[5m]))",
                    "{{arm}} {{outcome}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Latency, p95",
            "Of answers, by arm.",
            "s",
            [
                query(
                    "histogram_quantile(0.95, sum by (arm, le) "
                    f"(rate({_R}call_seconds_bucket[5m])))",
                    "{{arm}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Money per hour",
            "By arm, in the operator's currency.",
            "none",
            [query(f"3600 * sum by (arm) (rate({_R}money_total[1h]))", "{{arm}}")],
        )
    )
    made = made.with_panel(
        lines(
            "Excluded pairs",
            "By a reason that is blind to the arms.",
            "none",
            [
                query(
                    "sum by (modality, reason) "
                    f"(increase({_R}excluded_total{{{_HERE}}}[1h]))",
                    "{{modality}} {{reason}}",
                )
            ],
        )
    )
    made = made.with_panel(
        lines(
            "Nothing is sent because",
            "1 while dispatch is paused.",
            "none",
            [query(f"max by (why) ({_R}dispatch_paused{{{_HERE}}})", "{{why}}")],
        )
    )
    made = made.with_panel(
        listing(
            "Watched slices, flagged",
            "At a false discovery rate of 10 %. Diagnostic: no gate rests on them.",
            f"{_R}delta_mean{{{_HERE}}} and on (canary, modality, slice, stream) "
            f"{_R}fdr_flag{{{_HERE}}} == 1",
            ("__name__", "instance", "job", "canary", "pod", "namespace"),
        )
    )
    return made.with_panel(
        listing(
            "Live calls by why not replayable",
            "In the equal-probability sample; an empty reason means replayable.",
            f"{_R}live_calls{{{_HERE}}}",
            ("__name__", "instance", "job", "canary", "pod", "namespace"),
        )
    ).with_panel(
        listing(
            "Input tokens: recorded beside replayed",
            "Distinct cases by library and kind of call, and what they prove of it; "
            "`differs` takes its calls out of the verdicts.",
            f"max by (scope, version, operation, api, medium, standing, result) "
            f"({_R}witness_cases)",
            ("__name__",),
        )
    )
