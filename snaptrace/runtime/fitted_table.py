"""A table that fits its terminal by leaving columns out, never by cutting a cell."""

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

_GAP = 2  # blanks between two columns


class Column(Struct, frozen=True):
    """One column; of those that may be left out, the highest `rank` goes first."""

    heading: str
    rank: int = 0  # 0: never left out
    right: bool = False
    wraps: bool = False  # may take several lines instead; one column at most


class FittedTable:
    """Rows of cells under columns; what is shown depends on the width at hand."""

    def __init__(self, columns: Sequence[Column], title: Text | str = "") -> None:
        self._columns, self._title = tuple(columns), title
        self._rows: list[tuple[Text, ...]] = []

    def add(self, *cells: str | Text) -> None:
        """Add one row; a string is shown as it stands, without markup."""
        self._rows.append(
            tuple(Text(each) if isinstance(each, str) else each for each in cells)
        )

    def shown(self, width: int) -> list[int]:
        """Return the places of the columns that fit."""
        widths = [self._width(place) for place in range(len(self._columns))]
        left = [p for p, column in enumerate(self._columns) if self._is_used(p, column)]
        while sum(widths[p] + _GAP for p in left) - _GAP > width:
            droppable = [p for p in left if self._columns[p].rank]
            if not droppable:
                break
            left.remove(max(droppable, key=lambda p: self._columns[p].rank))
        return left

    def _is_used(self, place: int, column: Column) -> bool:
        cells = (row[place].plain for row in self._rows)
        return not column.rank or not self._rows or any(cells)

    def _width(self, place: int) -> int:
        column = self._columns[place]
        cells = [row[place] for row in self._rows]
        if column.wraps:
            return cell_len(column.heading)
        lines = [line for cell in cells for line in cell.plain.split("\n")]
        return max(cell_len(line) for line in [column.heading, *lines])

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Yield the table for this width."""
        table = Table(
            title=self._title or None,
            title_justify="left",
            title_style="",
            header_style="bold",
            box=None,
            pad_edge=False,
            padding=(0, _GAP, 0, 0),
        )
        places = self.shown(options.max_width)
        for place in places:
            column = self._columns[place]
            table.add_column(
                Text(column.heading),  # its brackets are no markup
                justify="right" if column.right else "left",
                no_wrap=not column.wraps,
                overflow="fold",
            )
        for row in self._rows:
            cells: list[RenderableType] = [row[place] for place in places]
            table.add_row(*cells)
        yield table
