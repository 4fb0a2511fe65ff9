"""Report of token counts, for `doctor --replays`, `ls` and `show`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from rich.text import Text

from snaptrace.cli.options import Source
from snaptrace.cli.output import Format, console_of, print_json, print_lines
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.fitted_table import Column, FittedTable
from snaptrace.snapshot import object_names
from snaptrace.snapshot.model import Snapshot
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from replayd.witness.row import Row
    from replayd.witness.standing import Standing

Proven: TypeAlias = "Mapping[Row, Standing]"
VERIFIED, DIFFERS = "verified by tokens", "tokens differ"
_GATING = ("exact", "as_observed", "lossy")
_WORDS = {"verified": "verified", "differs": "differs", "standing_doubt": "doubted"}


async def standings_of(store: Store, source: Source | None) -> "dict[Row, Standing]":
    """Return what token counts prove of each row; nothing was replayed: {}.

    replayd's modules are imported only where it has written results: they take a
    third of a second.

    Raises:
        ConfigError: the section `replayd` cannot be read.
    """
    async for _ in store.list(f"{object_names.ROOT}/epochs"):
        break
    else:
        return {}
    from replayd.config import ReplaydConfig  # noqa: PLC0415
    from replayd.evidence.token_witness import installation  # noqa: PLC0415

    config = (source or Source()).document().section("replayd", ReplaydConfig)
    return await installation(store, SystemClock(), config.witness)


def level_now(snapshot: Snapshot, found: Proven) -> str:
    """Return a call's fidelity level after replays' token counts."""
    level = snapshot.fidelity.level
    if not found:
        return level
    from replayd.witness.row import row_of  # noqa: PLC0415

    standing = found.get(row_of(snapshot))
    if standing is None:
        return level
    if level == "unverified" and standing.verified_by_tokens:
        return VERIFIED
    return DIFFERS if level in _GATING and standing.lowered else level


def line_of(standing: "Standing") -> dict[str, object]:
    """Return one row of `doctor --replays`, in the shape that scripts rely on."""
    row = standing.row
    return {
        **row._asdict(),
        "standing": standing.word,
        "verified_by_tokens": standing.verified_by_tokens,
        "cases": standing.cases,
        "equal": standing.equal,
        "near": standing.near,
        "different": standing.different,
        "named": standing.named,
        "equal_share": [round(standing.share.low, 4), round(standing.share.high, 4)],
        "difference_quantiles": list(standing.quantiles),
        "offsets": standing.offsets,
        "not_compared": standing.none,
        "worst": [
            {
                "snapshot_id": case.snapshot_id,
                "model": case.model,
                "recorded": case.recorded,
                "replayed": case.replayed,
            }
            for case in standing.worst
        ],
    }


def print_replays(found: "Iterable[Standing]", output: Format) -> int:
    """Print every row, the busiest first; return the exit code, 1 if there is none."""
    rows = sorted(found, key=lambda each: (-each.cases, each.row))
    if output == "json":
        print_json([line_of(each) for each in rows])
    elif output == "jsonl":
        print_lines(line_of(each) for each in rows)
    elif not rows:
        console_of().print("no replay's tokens were compared yet")
    else:
        _print_table(rows)
    return 0 if rows else 1


def _print_table(rows: "list[Standing]") -> None:
    console = console_of()
    table = FittedTable(
        (
            Column("calls", wraps=24),
            Column("cases", right=True),
            Column("equal", right=True, rank=2),
            Column("near", right=True, rank=3),
            Column("diff", right=True),
            Column("named", right=True, rank=4),
            Column("equal share", rank=1),
            Column("tokens"),
        )
    )
    for each in rows:
        counts = (each.cases, each.equal, each.near, each.different, each.named)
        share = f"{each.share.low:.3f}-{each.share.high:.3f}"
        table.add(_calls(each), *map(str, counts), share, _word(each))
    console.print(table)
    for each in rows:
        for line in _remarks(each):
            console.print(line)


def _calls(standing: "Standing") -> str:
    row = standing.row
    kind = " ".join(filter(None, (row.operation, row.api, row.medium)))
    named = f"{row.scope or '(no scope)'} {row.version}".strip()
    return "\n".join(filter(None, (named, kind, row.doubt)))


def _word(standing: "Standing") -> Text:
    style = {"differs": "red", "verified": "green"}.get(standing.word, "")
    return Text(_WORDS.get(standing.word, standing.word), style)


def _remarks(standing: "Standing") -> Iterable[str]:
    """Yield what a person needs to look further: spread, offsets, cases, gaps."""
    row = standing.row
    head = f"{row.scope or '(no scope)'} {row.version} {row.medium}"
    if standing.quantiles and any(standing.quantiles):
        low, _, middle, _, high = standing.quantiles
        spread = f"{low} … {middle} … {high}"
        yield f"\n[bold]{head}[/bold]: recorded minus replayed {spread}"
    for model, offset in standing.offsets.items():
        yield f"  {model}: {offset:+} tokens in every request, taken off"
    for case in standing.worst:
        gap = case.recorded - case.replayed
        what = f"{gap} missing" if gap > 0 else f"{-gap} too many"
        yield (
            f"  {case.snapshot_id[:12]}  recorded {case.recorded}, replayed "
            f"{case.replayed}: {what}"
        )
    if standing.none and not standing.cases:
        why = ", ".join(f"{n} {name}" for name, n in sorted(standing.none.items()))
        yield f"\n[bold]{head}[/bold]: not compared: {why}"
