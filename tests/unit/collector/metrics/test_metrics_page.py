"""docs/specs/metrics.md, the collector's half: what a scrape can show."""

import os
from pathlib import Path

from fakes.collector_families import families

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "specs" / "metrics.md"
MARK = "<!-- collector: generated from the code -->\n"


def table():
    """Return the page's table, a row a family, in the order of the names."""
    rows = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for family in sorted(families(), key=lambda one: one.name):
        end = "_total" if family.kind == "counter" else ""
        labels = ", ".join(f"`{name}`" for name in family.labels)
        rows.append(
            f"| `{family.name}{end}` | {family.kind} | {labels} | {family.text} |"
        )
    return "\n".join(rows) + "\n"


def test_the_page_lists_what_a_collector_shows():
    """Whoever writes an alert would have to read the code for a collector's series."""
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        before = PAGE.read_text().partition(MARK)[0]
        PAGE.write_text(before + MARK + table())
    assert PAGE.read_text().endswith(MARK + table())
