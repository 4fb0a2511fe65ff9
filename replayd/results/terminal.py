"""Terminal output of verdicts, plans and worst pairs. External text is escaped.

Colours repeat the text; no information is conveyed by colour alone.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from replayd.planning.gate_plan import ModalityPlanned
from replayd.results.pair_view import Said, WorstPair
from replayd.verdicts.gate import GateAnswer
from replayd.verdicts.views import CanaryView, ModalityView, StreamView
from snaptrace.runtime.fitted_table import Column, FittedTable, beside

STYLES = {
    "pass": "bold green",
    "pass_with_drop": "green",
    "regressed": "bold red",
    "regressed_previous_epoch": "red",
    "changed": "bold yellow",
    "undecided": "dim",
    "unknown": "bold magenta",
}
LONGEST_SHOWN = 1_200  # characters of one text in a terminal


def verdict_table(canary: str, view: CanaryView) -> FittedTable:
    """Return one row per modality, protected slices below theirs."""
    title = Text.assemble((canary, "bold"), f"  revision {view.revision or '-'}")
    table = FittedTable(
        (
            Column(""),
            Column("replays", right=True),
            Column("needed", right=True, rank=2),
            Column("canary", right=True, rank=4),
            Column("control", right=True, rank=4),
            Column("difference [interval]", right=True, rank=1),
            Column("scored", right=True, rank=5),
            Column("coverage", right=True, rank=5),
            Column("verdict"),
            Column("by", rank=3),
        ),
        title,
    )
    for modality, shown in view.modalities.items():
        table.add(*_modality_row(modality, shown))
        for name, stream in shown.protected.items():
            table.add(*_slice_row(name, stream))
    return table


def gate_lines(answer: GateAnswer) -> RenderableType:
    """Return the gate's verdict and its reasons."""
    style = STYLES.get(answer.state, "")
    head = Text.assemble(
        ("gate: ", "bold"),
        (answer.state, style),
        (f"  (exit {answer.exit_code})", "dim"),
    )
    lines = [head]
    lines += [Text(f"  {reason}") for reason in answer.why]
    lines += [Text(f"  warning: {warning}", "yellow") for warning in answer.warnings]
    lines += [Text(f"  {name}: {seen}", "dim") for name, seen in answer.sees.items()]
    return Group(*lines)


def plan_table(planned: Iterable[ModalityPlanned]) -> FittedTable:
    """Return what a verdict will need, before any spending."""
    table = FittedTable(
        (
            Column(""),
            Column("margin", right=True, rank=2),
            Column("noise", right=True, rank=3),
            Column("to pass", right=True),
            Column("3 points", right=True, rank=1),
            Column("5 points", right=True),
            Column("10 points", right=True),
        ),
        "plan: pairs needed (half of all runs / nine of ten)",
    )
    for row in planned:
        table.add(
            row.modality,
            f"{row.margin:.3f}",
            f"{row.discordance:.3f}" + ("" if row.measured else " assumed"),
            row.needed("pass"),
            *(row.needed(drop) for drop in ("0.03", "0.05", "0.10")),
        )
    return table


def worst_panel(pair: WorstPair) -> Panel:
    """Return one pair: request, recorded answer, and both arms' answers."""
    rows: list[RenderableType] = []
    if pair.question:
        rows += [Text("asked", "bold"), Text(_short(pair.question))]
    rows += [Text(path, "cyan underline") for path in pair.media]
    if pair.gone:
        rows.append(Text(f"content is gone: {pair.gone}", "dim"))
    rows += [_side_by_side(pair), _scores(pair)]
    when = datetime.fromtimestamp(pair.recorded_at_ns / 1e9, UTC)
    title = Text(f"{pair.modality} #{pair.number}  {pair.stream}")
    if pair.difference is not None:
        title.append(f" {pair.difference:+.2f}", "bold red")
    foot = Text(f"{pair.snapshot_id}  {pair.service}  {when:%Y-%m-%d %H:%M} UTC", "dim")
    return Panel(
        Group(*rows), title=title, title_align="left", subtitle=foot, expand=True
    )


def _side_by_side(pair: WorstPair) -> RenderableType:
    """Return what production recorded, beside what both arms say now."""
    said_by = [
        ("recorded", pair.recorded, "blue"),
        ("control", pair.said_control, "green"),
        ("canary", pair.said_canary, "red"),
    ]
    return beside(
        [
            (_heading(name, said, style), Text(_short(_words(said))))
            for name, said, style in said_by
            if said is not None
        ]
    )


def _heading(name: str, said: Said, style: str) -> Text:
    head = Text(name, f"bold {style}")
    if said.outcome != "answered":
        head.append(f"  {said.outcome}", "bold")
    if said.detail:
        head.append(f"  {said.detail}", "dim")
    return head


def _scores(pair: WorstPair) -> FittedTable:
    """Return the rules under which the arms differ."""
    table = FittedTable(
        (
            Column("rule"),
            Column("canary", right=True),
            Column("control", right=True),
            Column("why", wraps=16),
        )
    )
    for name, score in pair.scores.items():
        if score.canary == score.control:
            continue
        label = name if name == score.scorer else f"{name} ({score.scorer})"
        table.add(label, _number(score.canary), _number(score.control), score.reason)
    return table


def _modality_row(modality: str, shown: ModalityView) -> list[str | Text]:
    return [
        modality,
        str(shown.replays),
        _needed(shown),
        _number(shown.canary_score),
        _number(shown.control_score),
        _difference(shown.difference, shown.interval),
        _share(shown.scored_share),
        _share(shown.coverage),
        *_verdict(shown.verdict, shown.reason or shown.deciding, shown.outcome),
    ]


def _slice_row(name: str, stream: StreamView) -> list[str | Text]:
    return [
        Text(f"  {name}", "dim"),
        str(stream.replays),
        _needed(stream),
        _number(stream.canary_score),
        _number(stream.control_score),
        _difference(stream.difference, stream.interval),
        "",
        "",
        *_verdict(stream.verdict, "protected", stream.cause),
    ]


def _needed(shown: ModalityView | StreamView) -> str:
    """Return the pairs of a pass; none will make one of what is worse."""
    worse = shown.verdict in {"regressed", "changed"}
    return "-" if worse else _number(shown.replays_needed, "d")


def _verdict(word: str, by: str, outcome: str) -> tuple[Text, Text]:
    """Return the word, and what it rests on."""
    because = "" if word == "pass" else by
    if outcome and word in {"regressed", "changed"}:
        because += f" ({outcome})"
    return Text(word, STYLES.get(word, "")), Text(because.strip(), "dim")


def _difference(value: float | None, interval: tuple[float, float]) -> str:
    if value is None:
        return "-"
    return f"{value:+.3f} ({interval[0]:+.3f} … {interval[1]:+.3f})"


def _number(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _words(said: Said) -> str:
    calls = [f"{name}({arguments})" for name, arguments in said.tool_calls]
    return "\n".join([said.text, *calls]).strip() or "(nothing)"


def _short(text: str) -> str:
    cut = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + " …"
    # A terminal obeys control characters; a model's answer must not command it.
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in cut)
