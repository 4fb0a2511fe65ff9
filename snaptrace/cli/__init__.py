"""`snaptrace`: the front door. A command's code is imported when it is called.

The two programs are dispatched before the command-line library is even imported:
a sidecar should not carry a help renderer in its memory.
"""

import importlib
import sys
from typing import TYPE_CHECKING, NoReturn

from snaptrace.runtime.ending import end

if TYPE_CHECKING:
    from cyclopts import App

_PROGRAMS = {
    "collector": "the sidecar: forward OTLP, keep a sample of model calls",
    "replayd": "the daemon: replay on canary and control, score, judge",
    "worker": "a worker: ask the arms and score for a replayd, by NATS",
}
_MODULES = {
    "collector": "collector.__main__",
    "replayd": "replayd.__main__",
    "worker": "replayd.worker",
}
_SUITE = {
    "init": ("commands", "init", "Write a starter suite file and its schema."),
    "add": ("commands", "add", "Add pins to a suite file: by id, or by filter."),
    "check": ("commands", "check", "Validate a suite file, its cases and its lock."),
    "diff": ("commands", "diff", "Show what locking would change."),
    "lock": (
        "commands",
        "lock_",
        "Resolve rules into cases, pin them, write the lock.",
    ),
    "refresh": (
        "refresh",
        "refresh",
        "Propose changes: stale pins out, new kinds in.",
    ),
    "coverage": ("coverage", "coverage", "Show how much live traffic the pins cover."),
}
_SCORER = {
    "new": ("commands", "new", "Write a working scorer to begin with."),
    "check": ("commands", "check_", "Test a scorer against its contract."),
}
_COMMANDS = {
    "init": ("up.init", "init", "Write a first configuration; ask each model once."),
    "up": (
        "up.run",
        "run",
        "Run both programs on a local folder, in one process tree.",
    ),
    "demo": (
        "demo",
        "demo",
        "Run real instrumentation and models; watch the verdict.",
    ),
    "ls": ("store", "ls", "List snapshots."),
    "fields": (
        "queries.fields",
        "fields",
        "List filter fields; complete a term.",
    ),
    "show": ("store", "show", "Show one snapshot: request, answer, why it was kept."),
    "export": (
        "queries.export",
        "export",
        "Write snapshots for other tools, media included.",
    ),
    "import": ("import_doctor", "import_", "Read past OTLP exports into the store."),
    "verify": ("maintain", "verify", "Check every object of the store."),
    "erase": ("maintain", "erase", "Remove a user, session or trace."),
    "tidy": ("maintain", "tidy", "Apply retention, close hours, finish erasures."),
    "keys": ("keys", "keys", "List or rotate the keys of an encrypted store."),
    "pin": ("maintain", "pin", "Add a snapshot to a named suite."),
    "unpin": ("maintain", "unpin", "Remove a snapshot from a suite."),
    "replay": ("replay", "replay", "Send snapshots once, or print what would be sent."),
    "test": ("suites.run", "run_pinned", "Run a pinned suite; exit as a gate."),
    "plan": (
        "costs",
        "plan",
        "Estimate the pairs, hours and money that a verdict needs.",
    ),
    "budget": ("costs", "budget", "Show budgets, their use, and when they reset."),
    "gate": (
        "gate",
        "gate",
        "Report the verdict: 0 pass, 1 regressed, 2 undecided, 3 unknown.",
    ),
    "drill": (
        "drills.drill",
        "drill",
        "Measure which faults a verdict would catch, and after how many pairs.",
    ),
    "watch": (
        "drills.watch",
        "watch",
        "Show whether the production model itself changed, and since when.",
    ),
    "worst": ("evidence.worst", "worst", "Show the worst pairs with their media."),
    "epochs": ("evidence.epochs", "epochs", "List what was judged, and why it ended."),
    "report": ("evidence.report", "report", "Write one epoch as a file to hand on."),
    "results": ("evidence.worst", "results", "Print all pairs as JSON lines."),
    "decide": ("decide", "decide", "Store what people decided in a worksheet."),
    "worksheet": ("judge", "worksheet", "Write a blind worksheet of pairs for people."),
    "judge": ("judge", "judge", "Report how accurate the judge model is."),
    "completion": (
        "completion",
        "completion",
        "Print the completion script of bash, zsh or fish.",
    ),
    "validate": ("checks", "validate", "Check a configuration file."),
    "healthcheck": ("checks", "healthcheck", "Check that a running program is ready."),
    "doctor": (
        "import_doctor",
        "doctor",
        "Diagnose what is captured, kept and replayable.",
    ),
}


def run() -> NoReturn:
    """Run the command that the process was started with, and end it."""
    end(main())


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = asked_for(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in _PROGRAMS and "--version" not in arguments:
        program = importlib.import_module(_MODULES[arguments[0]])
        return int(program.main(arguments[1:]))
    return _run_command(arguments)


def asked_for(arguments: list[str]) -> list[str]:
    """Return the arguments with `help X` and `X --version` in their plain form."""
    if arguments[:1] == ["help"]:
        return [*arguments[1:], "--help"]
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return ["--version"] if "--version" in options else arguments


def _run_command(arguments: list[str]) -> int:
    from snaptrace.cli.output import report_errors  # noqa: PLC0415 - see `application`

    # One line each in the list, which need not import them; a command's own help is
    # its docstring.
    is_list = not arguments or arguments[0].startswith("-")
    app = application(is_list=is_list)
    return report_errors(lambda: app(arguments))


def application(*, is_list: bool = False) -> "App":
    """Return the command line; with `is_list` no command's module is imported."""
    from cyclopts import App  # noqa: PLC0415 - not in a program's memory

    app = App(
        name="snaptrace",
        help="Live GenAI spans become a living regression suite, per modality.",
        version_flags=["--version"],
        result_action="return_value",
    )
    for name, (module, function, text) in _COMMANDS.items():
        app.command(
            f"snaptrace.cli.{module}:{function}",
            name=name,
            **({"help": text} if is_list else {}),
        )
    suite = App(name="suite", help="A suite as a file: pin, assert, ignore.")
    for name, (module, function, text) in _SUITE.items():
        suite.command(f"snaptrace.cli.suites.{module}:{function}", name=name, help=text)
    app.command(suite)
    scorer = App(name="scorer", help="A scorer of your own: write it, check it.")
    for name, (module, function, text) in _SCORER.items():
        scorer.command(
            f"snaptrace.cli.scorers.{module}:{function}", name=name, help=text
        )
    app.command(scorer)
    for name, text in _PROGRAMS.items():
        app.command(lambda: 0, name=name, help=f"Run {text}; see {name} --help.")
    return app


if __name__ == "__main__":
    sys.exit(main())
