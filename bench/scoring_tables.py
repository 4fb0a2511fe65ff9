"""Templates of tables: a recording in one layout, answers in all, cells misread."""

import json
import random
from collections.abc import Callable, Sequence

Rows = Sequence[Sequence[str]]

# Headers, then rows: numbers, names, times, dates, texts, codes, flags, empty cells.
TABLES: tuple[Rows, ...] = (
    (
        ("Item", "Qty", "Price"),
        ("Lamp", "2", "$14.90"),
        ("Cable 3 m", "10", "$3.25"),
        ("Fuse", "25", "$0.40"),
    ),
    (
        ("Name", "Role", "Office"),
        ("Ines Ferreira", "Head of sales", "Porto"),
        ("Tom Byrne", "Engineer", "Dublin"),
        ("Aiko Mori", "Designer", "Osaka"),
        ("Lars Holm", "Engineer", "Malmö"),
    ),
    (
        ("Line", "Departure", "Platform"),
        ("S1", "06:12", "3"),
        ("S1", "06:42", "3"),
        ("RE5", "07:05", "11"),
    ),
    (
        ("Date", "Event", "Place"),
        ("2024-03-02", "Opening", "Hall A"),
        ("2024-03-09", "Workshop", "Room 12"),
        ("2024-04-20", "Closing party", "Garden"),
    ),
    (
        ("No.", "Name", "Points"),
        ("1", "Kestrel", "48"),
        ("2", "Heron", "45"),
        ("3", "Swift", "39"),
    ),
    (
        ("Country", "2021", "2022", "2023"),
        ("Chile", "11.2", "11.9", "12.4"),
        ("Peru", "8.7", "8.1", "9.0"),
        ("Bolivia", "3.4", "3.6", "3.3"),
    ),
    (
        ("Mineral", "Hardness", "Magnetic"),
        ("Quartz", "7", "no"),
        ("Magnetite", "6", "yes"),
        ("Talc", "1", "no"),
    ),
    (
        ("Artikel", "Bestand", "Preis"),
        ("Schraube M4", "1.200", "0,05 €"),
        ("Mutter M4", "950", "0,03 €"),
        ("Dübel", "—", "0,12 €"),
    ),
    (
        ("Élève", "Note", "Mention"),
        ("Camille", "15,5", "bien"),
        ("Yanis", "12", "assez bien"),
        ("Zoé", "18,25", "très bien"),
    ),
    (
        ("Drug", "Dose", "When"),
        ("Metformin", "500 mg", "twice a day"),
        ("Ramipril", "5 mg", "in the morning"),
        ("Warfarin", "2.5 mg", "in the evening"),
    ),
)


def markdown(rows: Rows) -> str:
    """Return a Markdown table."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def aligned(rows: Rows) -> str:
    """Return columns of text, apart by blanks."""
    widths = [max(len(row[i]) for row in rows) + 2 for i in range(len(rows[0]))]
    return "\n".join(
        "".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def separated(rows: Rows, mark: str = ",") -> str:
    """Return separated values, quoted where the mark is inside."""
    return "\n".join(
        mark.join(f'"{cell}"' if mark in cell else cell for cell in row) for row in rows
    )


def html(rows: Rows) -> str:
    """Return an HTML table."""
    head, *rest = rows
    lines = ["<tr>" + "".join(f"<th>{c}</th>" for c in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rest]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def listed(rows: Rows) -> str:
    """Return a line for each row that names its columns."""
    head, *rest = rows
    return "\n".join(
        f"- {row[0]}: "
        + ", ".join(f"{h} {c}" for h, c in zip(head[1:], row[1:], strict=True))
        for row in rest
    )


def objects(rows: Rows) -> str:
    """Return JSON objects."""
    head, *rest = rows
    return json.dumps(
        [dict(zip(head, row, strict=True)) for row in rest], ensure_ascii=False
    )


def bold(rows: Rows) -> str:
    """Return a Markdown table with bold labels and aligned columns."""
    head, *rest = rows
    lines = [[f"**{h}**" for h in head], [":--"] * len(head)]
    lines += [[f"**{row[0]}**", *row[1:]] for row in rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


LAYOUTS: dict[str, Callable[[Rows], str]] = {
    "markdown": markdown,
    "aligned": aligned,
    "csv": separated,
    "tsv": lambda rows: separated(rows, "\t"),
    "html": html,
    "list": listed,
    "json": objects,
    "bold": bold,
    "fenced": lambda rows: f"```\n{markdown(rows)}\n```",
    "titled": lambda rows: f"Here is the table:\n\n{markdown(rows)}",
    "columns moved": lambda rows: markdown([(r[0], *reversed(r[1:])) for r in rows]),
}


def misread(rows: Rows, rng: random.Random) -> dict[str, Rows]:
    """Return tables with one thing wrong, by what it is."""
    table = [list(row) for row in rows]
    a, b = rng.sample(range(1, len(table)), 2)
    column = rng.randrange(1, len(table[0]))

    def changed(edit: Callable[[list[list[str]]], object]) -> Rows:
        copy = [list(row) for row in table]
        edit(copy)
        return copy

    def swap(copy: list[list[str]]) -> None:
        copy[a][column], copy[b][column] = copy[b][column], copy[a][column]

    def other(copy: list[list[str]]) -> None:
        copy[a][column] = _other(copy[a][column], rng)

    def label(copy: list[list[str]]) -> None:
        copy[a][0] = _other(copy[a][0], rng)

    def headers(copy: list[list[str]]) -> None:
        copy[0][1], copy[0][2] = copy[0][2], copy[0][1]

    found = {
        "cell": changed(other),
        "label": changed(label),
        "headers": changed(headers),
        "row lost": changed(lambda copy: copy.pop(a)),
        "row invented": changed(
            lambda copy: copy.append([_other(cell, rng) for cell in copy[a]])
        ),
        "column lost": [row[:-1] for row in table],
    }
    if table[a][column] != table[b][column]:
        found["swapped"] = changed(swap)
    return found


def _other(cell: str, rng: random.Random) -> str:
    """Return a cell misread: another digit, else another word."""
    digits = [i for i, c in enumerate(cell) if c.isdigit()]
    if digits:
        at = rng.choice(digits)
        return f"{cell[:at]}{(int(cell[at]) + 3) % 10}{cell[at + 1 :]}"
    return rng.choice([word for word in ("Walnut", "Basalt", "Corner") if word != cell])


def tables(rng: random.Random, language: str) -> dict[str, object]:
    """Return a table in one layout, in all of them, and misread."""
    rows = rng.choice(TABLES)
    recorded = rng.choice(list(LAYOUTS)[:5])
    layout = LAYOUTS[rng.choice(("markdown", "csv", "html"))]
    return {
        "question": {"en": "Extract the table.", "de": "Lies die Tabelle aus."}[
            language
        ],
        "modality": "image",
        "recorded": LAYOUTS[recorded](rows),
        "same": [make(rows) for name, make in LAYOUTS.items() if name != recorded],
        "worse": [layout(wrong) for wrong in misread(rows, rng).values()],
    }
