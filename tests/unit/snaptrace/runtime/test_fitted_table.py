"""`snaptrace.runtime.fitted_table`: columns leave, cells stay whole."""

import io

import pytest
from rich.console import Console

from snaptrace.runtime.fitted_table import Column, FittedTable

COLUMNS = (
    Column("modality"),
    Column("seen", right=True, rank=2),
    Column("difference [interval]", right=True, rank=1),
    Column("verdict"),
    Column("by", rank=3),
)


def shown(width):
    table = FittedTable(COLUMNS)
    table.add("document", "12,345", "-0.213 [-0.35, -0.08]", "regressed", "quality")
    table.add("text", "7", "", "regressed_previous_epoch", "")
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(table)
    return out.getvalue()


@pytest.mark.parametrize("width", [200, 90, 80, 70, 60, 40])
def test_a_verdict_is_never_cut(width):
    """If it failed, a narrow terminal would show `regre…`."""
    found = shown(width)
    assert "regressed_previous_epoch" in found
    assert "…" not in found
    assert max(len(line.rstrip()) for line in found.splitlines()) <= width


def test_columns_leave_by_rank():
    """If it failed, a narrow terminal would lose the number before its cause."""
    assert "quality" in shown(100)
    assert "by" not in shown(73).splitlines()[0]
    assert "[interval]" in shown(70)
    assert "seen" not in shown(64)
    assert "[interval]" not in shown(50)


def test_markup_in_a_cell_is_text():
    """If it failed, a model's name in brackets would vanish from the table."""
    table = FittedTable([Column("name")])
    table.add("[bold]x[/bold]")
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    assert "[bold]x[/bold]" in out.getvalue()
