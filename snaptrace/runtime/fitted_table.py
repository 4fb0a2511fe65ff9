"""Tables that fit their terminal by leaving columns out, never by cutting a cell."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from rich.box import HEAVY_HEAD
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
    wraps: int = 0  # narrowest width in which its cells take several lines; 0: never


class FittedTable:
    """Rows of cells under columns; what is shown depends on the width at hand.

    Where even the columns that stay do not fit, each row becomes a list of its cells,
    one below the other.
    """

    def __init__(
        self, columns: Sequence[Column], title: Text | str = "", *, ruled: bool = False
    ) -> None:
        """Take the columns; `ruled` draws lines between rows of long texts."""
        self._columns, self._title, self._ruled = tuple(columns), title, ruled
        self._rows: list[tuple[Text, ...]] = []

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def add(self, *cells: str | Text) -> None:
        """Add one row; a string is shown as it stands, without markup."""
        self._rows.append(
            tuple(Text(each) if isinstance(each, str) else each for each in cells)
        )

    def shown(self, width: int) -> list[int]:
        """Return the places of the columns that fit; [] where even the least do not."""
        widths = [self._width(place) for place in range(len(self._columns))]
        left = [p for p, column in enumerate(self._columns) if self._is_used(p, column)]
        while self._taken(widths[p] for p in left) > width:
            droppable = [p for p in left if self._columns[p].rank]
            if not droppable:
                return []
            left.remove(max(droppable, key=lambda p: self._columns[p].rank))
        return left

    def _taken(self, widths: Iterable[int]) -> int:
        """Return the width of a line with these columns."""
        each = [*widths]
        between = _GAP + 1 if self._ruled else _GAP
        edges = 4 if self._ruled else 0
        return sum(each) + between * (len(each) - 1) + edges

    def _is_used(self, place: int, column: Column) -> bool:
        cells = (row[place].plain for row in self._rows)
        return not column.rank or not self._rows or any(cells)

    def _width(self, place: int) -> int:
        column = self._columns[place]
        cells = [row[place] for row in self._rows]
        lines = [line for cell in cells for line in cell.plain.split("\n")]
        longest = max((cell_len(line) for line in lines), default=0)
        if column.wraps:
            longest = min(longest, column.wraps)
        return max(cell_len(column.heading), longest)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Yield the table for this width."""
        places = self.shown(options.max_width)
        if places:
            yield self._table(places)
            return
        if self._title:
            yield self._title
        for row in self._rows:
            yield facts(self._facts(row))
            yield Text()

    def _facts(self, row: tuple[Text, ...]) -> Iterator[tuple[str, Text]]:
        for column, cell in zip(self._columns, row, strict=True):
            if cell.plain:
                yield column.heading, cell

    def _table(self, places: Sequence[int]) -> Table:
        table = Table(
            title=self._title or None,
            title_justify="left",
            title_style="",
            header_style="bold",
            show_lines=self._ruled,
            box=HEAVY_HEAD if self._ruled else None,
            pad_edge=self._ruled,
            padding=(0, 1) if self._ruled else (0, _GAP, 0, 0),
        )
        for place in places:
            column = self._columns[place]
            table.add_column(
                Text(column.heading),  # its brackets are no markup
                justify="right" if column.right else "left",
                no_wrap=not column.wraps,
                overflow="fold",
                min_width=self._width(place) if column.wraps else None,
            )
        for row in self._rows:
            cells: list[RenderableType] = [row[place] for place in places]
            table.add_row(*cells)
        return table


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Return names and values, one below the other; a long value takes more lines."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        shown = Text(value) if isinstance(value, str) else value
        table.add_row(Text(name, style="dim"), shown)
    return table


def beside(texts: Sequence[tuple[str | Text, Text]]) -> Table:
    """Return texts of equal width beside each other, each under its heading."""
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        header_style="dim",
        expand=True,
    )
    for heading, _ in texts:
        shown = Text(heading) if isinstance(heading, str) else heading
        table.add_column(shown, ratio=1, overflow="fold")
    table.add_row(*(text for _, text in texts))
    return table
