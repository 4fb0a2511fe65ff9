"""Every command at terminals of several widths: columns may go, words stay whole."""

import io
import json
import re
import sys
from contextlib import ExitStack, contextmanager

import pytest
from fakes.gate_verdicts import verdicts_of
from fakes.judge_server import MODEL as JUDGE
from fakes.judge_server import FakeJudge
from fakes.pair_results import START
from fakes.pinned_suite import served as served_model
from fakes.provider import completion
from fakes.served_gate import plans, served
from fakes.wide_store import WideStore
from rich.console import Console

from replayd.budget.limits import Amount, Budgets
from replayd.config import BudgetConfig
from snaptrace import cli
from snaptrace.cli import main
from snaptrace.cli.up import live_table

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")  # of tables that are shown in place
WIDTHS = (120, 80, 60)
# What prints no table: files, lines for scripts, or sentences.
WITHOUT_TABLE = {
    "init", "up", "demo", "export", "import", "erase", "tidy", "pin", "unpin",
    "results", "report", "decide", "worksheet", "completion", "validate",
    "healthcheck", "collector", "replayd", "worker",
    "suite init", "suite add", "suite lock", "suite refresh",
    "scorer new", "scorer check",
}  # fmt: skip


class Terminal(io.TextIOWrapper):
    """Standard output that is a terminal."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self):
        return True

    @property
    def lines(self):
        """Return what was printed, without colours."""
        text = self.buffer.getvalue().decode()
        plain = MOVES.sub("\n", COLOURS.sub("", text))
        return [line.rstrip() for line in plain.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Return a store whose names are long."""
    return WideStore(tmp_path_factory.mktemp("wide"))


@contextmanager
def from_store(wide, *argv, options=None):
    """Yield a command on the store."""
    yield [*argv, *(wide.options if options is None else options)]


@contextmanager
def from_gate(*argv, worse=0.0, pairs=3000):
    """Yield a command that asks a replayd."""
    prices = {"new": {"input": 10, "output": 0}, "old": {"input": 20, "output": 0}}
    budgets = Budgets(
        BudgetConfig(requests_per_hour=10_000),
        {"document": BudgetConfig(money_per_day=2_000_000.5)},
    )
    budgets.reserve("document", Amount(requests=4, money=1_234_567.25), START)
    with served(
        lines=budgets.lines(START),
        found=plans(prices=prices),
        verdicts=verdicts_of(worse=worse, pairs=pairs),
    ) as url:
        yield [*argv, "--url", url]


@contextmanager
def from_model(wide, *argv, name="--url"):
    """Yield a command that asks a model for the pinned suite."""
    with served_model(lambda _body: completion("It is 24 euros. " * 30)) as model:
        yield [*argv, *wide.options, name, model.url]


@contextmanager
def from_judge(wide):
    """Yield the measuring of a judge model."""
    row = {
        "id": "1", "task": "prose", "question": "Is it shut?", "better": "left",
        "reference": "The gate is shut.", "left": "Shut.", "right": "It is ajar.",
    }  # fmt: skip
    labelled = wide.folder / "labelled.jsonl"
    labelled.write_text(json.dumps(row))
    with served_model(FakeJudge(wrong=["ajar"])) as model:
        judge = {"url": model.url, "model": JUDGE, "labelled": str(labelled)}
        yield ["judge", "--set", f"replayd.judge={json.dumps(judge)}"]


def encrypted(wide):
    """Return the listing of an encrypted store's keys."""
    return from_store(wide, "keys", "ls", options=wide.encrypted)


def damaged(wide):
    """Return the check of a store in which nothing can be read."""
    return from_store(wide, "verify", options=wide.damaged)


RETIRE = ("plan", "--retire", "assistant-7", "--successor", "meta-llama/Llama-4-FP8")
# Command -> how to run it, and words that must stand whole in one line.
CASES = {
    "ls": (lambda w: from_store(w, "ls"), ("as_observed", "image")),
    "ls weights": (lambda w: from_store(w, "ls", "--weights"), ("modality",)),
    "show": (lambda w: from_store(w, "show", w.calls[0].snapshot_id), ("probability",)),
    "fields": (lambda w: from_store(w, "fields", options=[]), ("outcome",)),
    "verify": (damaged, ("corrupt", "no")),
    "keys": (encrypted, ("yes",)),
    "replay": (lambda w: from_model(w, "replay", "--suite", "release"), ("answered",)),
    "test": (
        lambda w: from_model(w, "test", "--suite", "release", name="--canary"),
        ("failed",),
    ),
    "plan": (lambda _: from_gate("plan"), ("find a drop of 10 points",)),
    "plan retire": (
        lambda w: from_store(w, *RETIRE),
        ("find a drop of 5 points",),
    ),
    "budget": (lambda _: from_gate("budget"), ("document money a day", "62%")),
    "gate pass": (lambda _: from_gate("gate", "--canary", "canary"), ("pass",)),
    "gate": (
        lambda _: from_gate("gate", "--canary", "canary", worse=0.3),
        ("regressed",),
    ),
    "drill": (
        lambda w: from_store(w, "drill", "-n", "12", "--orders", "3", "--within", "40"),
        ("digit_changed", "not in 40"),
    ),
    "watch": (lambda w: from_store(w, "watch"), ("document", "collecting")),
    "worst": (
        lambda w: from_store(w, "worst", "--epoch", "previous", "-n", "2"),
        ("quality", "canary", "control"),
    ),
    "epochs": (
        lambda w: from_store(w, "epochs"),
        ("regressed", "regressed_previous_epoch"),
    ),
    "judge": (from_judge, ("prose", "100%")),
    "doctor": (
        lambda w: from_store(w, "doctor", "--replays"),
        ("differs",),
    ),
    "suite check": (lambda w: from_store(w, "suite", "check", w.suite), ("no case",)),
    "suite diff": (lambda w: from_store(w, "suite", "diff", w.suite), ("no case",)),
    "suite coverage": (
        lambda w: from_store(w, "suite", "coverage", "release"),
        ("not known",),
    ),
}


def printed(monkeypatch, width, argv):
    """Run a command on a terminal of this width; return the lines on it."""
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    for name, value in (("COLUMNS", str(width)), ("TERM", "xterm"), ("LINES", "500")):
        monkeypatch.setenv(name, value)
    main([str(each) for each in argv])
    return out.lines


@pytest.mark.parametrize(
    ("name", "width"),
    # A drill scores every fault, which takes seconds.
    [(name, w) for name in CASES for w in ((80,) if name == "drill" else WIDTHS)],
)
def test_a_commands_table_fits_and_its_words_are_whole(name, width, wide, monkeypatch):
    """If it failed, a terminal would show `regre…`, or half a line on the next."""
    how, words = CASES[name]
    with ExitStack() as stack:
        argv = stack.enter_context(how(wide))
        lines = printed(monkeypatch, width, argv)
    assert lines
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line.replace(" … ", " ")]
    for word in words:
        assert any(word in line for line in lines), (word, lines)


def test_every_command_is_among_them():
    """If it failed, a new command's table would be cut and nobody would look."""
    commands = {name for name in cli._COMMANDS if name not in ("suite", "scorer")}
    commands |= {f"suite {name}" for name in cli._SUITE} | {*cli._PROGRAMS}
    commands |= {f"scorer {name}" for name in cli._SCORER}
    checked = {name for name in commands if name in CASES}
    assert commands - checked == WITHOUT_TABLE


def test_a_pipe_loses_no_column(wide, capsys):
    """If it failed, a script or a log would lack what a wide terminal shows."""
    assert main(["ls", *wide.options]) == 0
    assert "probability" in capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 60])
def test_the_boards_words_are_whole(width):
    """If it failed, the longest verdict would be cut where people watch."""
    row = live_table.Row(
        name="document",
        seen=1_234_567,
        kept=12_345,
        replays=1_234,
        canary_score=0.5,
        control_score=0.75,
        difference=-0.25,
        interval=(-0.31, -0.19),
        verdict="regressed_previous_epoch",
        reason="carried over from an earlier epoch",
        replayable=0.93,
    )
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False)
    console.print(live_table.render([row], "canary"))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("regressed_previous_epoch" in line for line in lines)
