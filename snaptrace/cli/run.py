"""`snaptrace up`: both programs on a local folder, in one process tree."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from snaptrace.cli.options import DEFAULT_FOLDER, Source, local_store
from snaptrace.cli.output import CommandError
from snaptrace.cli.processes import ProcessTree, Program
from snaptrace.runtime.lifecycle import stop_on_signals

# A person who watches wants to see the first snapshots within a minute.
_WINDOW = "30s"


def program(
    name: str, settings: Sequence[str], *, config: str | None = None
) -> Program:
    """Return the child process that runs `snaptrace <name>` with these settings."""
    argv = [sys.executable, "-m", "snaptrace", name, "--strict"]
    if config is not None:
        argv += ["--config", config]
    for setting in settings:
        argv += ["--set", setting]
    return Program(name=name, argv=argv, environ=os.environ)


def run(
    source: Source | None = None,
    *,
    folder: Annotated[Path, Parameter(alias="-f")] = DEFAULT_FOLDER,
) -> int:
    """Run collector and replayd on one folder until Ctrl-C.

    Point your exporter at 127.0.0.1:4317 (gRPC) or :4318 (HTTP), name your models under
    replayd.arms in the configuration, and read `snaptrace gate` or the page.

    Parameters
    ----------
    folder
        Where the store, the key and the logs are kept.
    """
    source = source or Source()
    document = source.document()
    tree = document.tree
    settings = list(source.set)
    store = tree.get("store", {})
    if not store.get("url"):
        local = local_store(folder)
        settings += [f"store.url={local.url}", f"store.key_file={local.key_file}"]
    if "window" not in tree.get("collector", {}).get("reservoir", {}):
        settings.append(f"collector.reservoir.window={_WINDOW}")
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, highlight=False)
    names = ["collector"]
    if tree.get("replayd", {}).get("arms"):
        names.append("replayd")
    else:
        console.print(
            "no replayd.arms configured: snapshots are kept, nothing is replayed"
        )
    programs = [program(name, settings, config=source.config) for name in names]
    return asyncio.run(_run(programs, folder, console))


async def _run(programs: list[Program], folder: Path, console: Console) -> int:
    stop = stop_on_signals()
    dead: list[str] = []
    starts: dict[str, int] = {}

    def on_exit(name: str, code: int) -> None:
        starts[name] = starts.get(name, 0) + 1
        console.print(f"[red]{name} ended with {code}[/red]; see {tree.log_path(name)}")
        # A configuration mistake or an unwritable store does not heal by itself.
        if code in (1, 2):
            dead.append(name)
            stop.set()

    tree = ProcessTree(programs, folder / "logs", on_exit)
    listening = ", ".join(each.name for each in programs)
    console.print(f"running {listening}; logs in {folder / 'logs'}; Ctrl-C stops")
    await tree.run(stop)
    if dead:
        log = tree.log_path(dead[0])
        tail = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise CommandError("\n".join([f"{dead[0]} could not run:", *tail]))
    return 0
