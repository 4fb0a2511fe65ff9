"""One kind of table: it leaves columns out where a terminal is narrow."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
OWN = ROOT / "snaptrace/runtime/fitted_table.py"


def test_only_one_file_makes_tables():
    """If it failed, a command's verdict would be cut at 80 columns again."""
    made = re.compile(
        r"^\s*(from rich\.table|import rich\.table|from rich import.*table)"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("snaptrace", "replayd", "collector")
        for path in (ROOT / folder).rglob("*.py")
        if path != OWN
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if made.match(line)
    ]
    assert found == []
