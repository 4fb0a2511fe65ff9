"""Terminal table of a sensitivity certificate."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from replayd.drills.certificate import Certificate, Sensitivity, rate_label
from snaptrace.runtime.fitted_table import Column, FittedTable

_SOURCES = {
    "control": "stored answers of the control",
    "recording": "recorded answers",
    "request": "changed requests to the control",
}


def certificate_lines(made: Certificate, lost: Sequence[Sensitivity]) -> RenderableType:
    """Return the certificate; `lost` are faults that were caught before."""
    lines: list[RenderableType] = [_head(made)]
    for place in dict.fromkeys(map(_place, made.rows)):
        rows = [row for row in made.rows if _place(row) == place]
        lines += [Text(""), *_of_place(place, rows, made)]
    lines += [Text(""), *_notes(made), *_dependence(made)]
    lines += [Text(f"was caught before: {row_label(row)}", "bold red") for row in lost]
    return Group(*lines)


def row_label(row: Sensitivity) -> str:
    """Return a row's name in one line, as `image digit_changed at 0.1`."""
    return f"{_place(row)} {row.fault} at {rate_label(row.rate)}"


def _head(made: Certificate) -> Text:
    return Text.assemble(
        ("sensitivity certificate", "bold"),
        f": {_SOURCES[made.source]}, {made.orders} orders",
    )


def _of_place(
    place: str, rows: Sequence[Sensitivity], made: Certificate
) -> list[RenderableType]:
    shown = [row for row in rows if row.standing != "not_applicable"]
    faults = [row for row in shown if not row.harmless]
    twins = [row for row in shown if row.harmless]
    lines: list[RenderableType] = [
        Text.assemble((place, "bold"), f", {rows[0].pairs} pairs")
    ]
    if faults:
        lines.append(_faults(faults, made))
    if twins:
        lines.append(_twins(twins))
    absent = [row.fault for row in rows if row.standing == "not_applicable"]
    if absent:
        lines.append(Text(f"not applicable: {', '.join(dict.fromkeys(absent))}", "dim"))
    return lines


def _faults(rows: Sequence[Sensitivity], made: Certificate) -> FittedTable:
    """Return one line per fault, its rates beside each other."""
    rates = sorted({row.rate for row in rows}, reverse=True)
    of_rates = [
        Column(
            "pairs, in all" if rate == 1.0 else f"in 1 of {1 / rate:g}",
            right=True,
            rank=place,
        )
        for place, rate in enumerate(rates)
    ]
    applies = Column("applies", right=True, rank=len(rates) + 1)
    table = FittedTable(
        (Column("fault"), applies, *of_rates, Column("by", rank=len(rates)))
    )
    for fault in dict.fromkeys(row.fault for row in rows):
        found = {row.rate: row for row in rows if row.fault == fault}
        first = found[max(found)]
        cells = [
            caught_after(found[rate], made) if rate in found else Text("-")
            for rate in rates
        ]
        table.add(fault, str(first.applies), *cells, first.stream or "-")
    return table


def caught_after(row: Sensitivity, made: Certificate) -> Text:
    """Return when the fault was caught, with the range over orders."""
    if row.standing == "not_caught":
        share = f", {row.caught_share:.0%}" if row.caught_share else ""
        return Text(f"not in {made.most_pairs}{share}", "red")
    high = f">{made.most_pairs}" if row.after_high is None else str(row.after_high)
    return Text(f"{row.after} [{row.after_low}, {high}]", "green")


def _twins(rows: Sequence[Sensitivity]) -> FittedTable:
    table = FittedTable(
        (
            Column("harmless change"),
            Column("applies", right=True, rank=1),
            Column("raised an alarm", right=True),
        )
    )
    for row in rows:
        style = "red" if row.caught_share else "green"
        raised = Text(f"{row.caught_share:.0%} of orders", style)
        table.add(row.fault, str(row.applies), raised)
    return table


def _notes(made: Certificate) -> Iterable[Text]:
    for modality, pairs in made.unscored.items():
        yield Text(f"{modality}: no rule checks the content of {pairs} pairs", "dim")
    silent = sorted(set(made.margins) - set(made.noise_pairs))
    if silent:
        yield Text(f"{', '.join(silent)}: no control was asked twice, so noise", "dim")
        yield Text("is not in these figures: they are a lower bound", "dim")


def _dependence(made: Certificate) -> Iterable[Text]:
    for each in made.dependence:
        place = each.modality + (f"/{each.slice}" if each.slice else "")
        yield Text(
            f"{place}: {each.independent} of {each.cases} cases are answered as well"
            " without their medium"
        )


def _place(row: Sensitivity) -> str:
    return row.modality + (f"/{row.slice}" if row.slice else "")
