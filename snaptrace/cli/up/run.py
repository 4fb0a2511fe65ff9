"""`snaptrace up`: both programs on a local folder, in one process tree."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from collector.config.relay import CollectorConfig
from replayd.config import ReplaydConfig
from replayd.reload import check
from snaptrace.cli.gate import token_of
from snaptrace.cli.options import DEFAULT_FOLDER, Source, local_store, on_loopback
from snaptrace.cli.output import CommandError
from snaptrace.cli.up.board import Board
from snaptrace.cli.up.processes import ProcessTree, Program, ended
from snaptrace.runtime.config import Document, StoreConfig
from snaptrace.runtime.lifecycle import reload_on_hangup, stop_on_signals
from snaptrace.runtime.listening import why_not_free

# A person who watches wants to see the first snapshots within a minute.
_WINDOW = "30s"
_TAIL_LINES = 3


def program(
    name: str,
    settings: Sequence[str],
    *,
    config: str | None = None,
    restart: bool = True,
    without: Collection[str] = (),
) -> Program:
    """Return the child process that runs `snaptrace <name>` with these settings.

    Its environment lacks the variables `without`.
    """
    argv = [sys.executable, "-m", "snaptrace", name, "--strict"]
    if config is not None:
        argv += ["--config", config]
    for setting in settings:
        argv += ["--set", setting]
    return Program(
        name=name,
        argv=argv,
        environ={n: v for n, v in os.environ.items() if n not in without},
        restart=restart,
        reloads=name == "replayd",
    )


def run(
    source: Source | None = None,
    *,
    folder: Annotated[Path, Parameter(alias="-f")] = DEFAULT_FOLDER,
    board: bool = True,
) -> int:
    """Run collector and replayd on one folder until Ctrl-C; show what they do.

    Point your exporter at 127.0.0.1:4317 (gRPC) or :4318 (HTTP) and name your models
    under replayd.arms; `snaptrace init` writes a file for both. SIGHUP reads the
    configuration again.

    Parameters
    ----------
    folder
        Where the store, the key and the logs are kept.
    board
        Show the live board; plain lines where there is no terminal.
    """
    source = source or Source()
    document = source.document()
    collector = document.section("collector", CollectorConfig)
    replayd = document.section("replayd", ReplaydConfig)
    if replayd.arms:
        check(replayd)
    with _alone(folder):
        _ports_free(collector, replayd)
        settings = [*source.set, *_local_settings(document, folder)]
        names = ["collector", "replayd"] if replayd.arms else ["collector"]
        keys = model_keys(document, replayd, source.path)
        tree_of = [
            program(
                name,
                settings,
                config=source.path,
                restart=False,
                without=keys if name == "collector" else (),
            )
            for name in names
        ]
        shown = Board(
            otlp=(str(collector.grpc.listen), str(collector.http.listen)),
            collector=on_loopback(collector.metrics.listen),
            replayd=on_loopback(replayd.metrics.listen) if replayd.arms else "",
            page=str(replayd.page.listen) if replayd.arms else "",
            folder=folder,
            token=token_of(source),
            lookback_hours=replayd.schedule.lookback / 3600,
        )
        return asyncio.run(_run(tree_of, folder, shown if board else None))


def model_keys(
    document: Document, replayd: ReplaydConfig, path: str | None
) -> frozenset[str]:
    """Return the variables with keys of models, which the collector has no use for.

    One that the store or the file's `${env:…}` needs, too, is not among them.
    """
    text = Path(path).read_text("utf-8") if path else ""
    named = {arm.api_key_env for arm in replayd.arms.values()}
    named.add(replayd.judge.api_key_env)
    store = document.section("store", StoreConfig)
    named -= {"", store.encryption.key_env}
    return frozenset(name for name in named if f"{{env:{name}" not in text)


def _local_settings(document: Document, folder: Path) -> list[str]:
    """Return the settings that keep everything in `folder`, unless configured."""
    settings, tree = [], document.tree
    if not tree.get("store", {}).get("url"):
        local = local_store(folder)
        settings += [f"store.url={local.url}", f"store.key_file={local.key_file}"]
    collector = tree.get("collector", {})
    if "window" not in collector.get("reservoir", {}):
        settings.append(f"collector.reservoir.window={_WINDOW}")
    if not collector.get("journal_dir"):
        settings.append(f"collector.journal_dir={folder.resolve() / 'journal'}")
    return settings


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder; a second `up` on it would mix two journals.

    Raises:
        CommandError: another process holds it, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("a+")
    except OSError as error:
        why = f"{folder}: {error.strerror}; name another folder with --folder"
        raise CommandError(why) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            raise CommandError(
                f"`snaptrace up` already runs on {folder} (pid {pid}): stop it with "
                f"`kill {pid}`, or name another folder with --folder"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _ports_free(collector: CollectorConfig, replayd: ReplaydConfig) -> None:
    """Check every address before anything starts.

    Raises:
        CommandError: names each key whose address is taken, and by whom.
    """
    addresses = {
        "collector.grpc.listen": collector.grpc.listen,
        "collector.http.listen": collector.http.listen,
        "collector.metrics.listen": collector.metrics.listen,
    }
    if replayd.arms:
        addresses["replayd.metrics.listen"] = replayd.metrics.listen
        addresses["replayd.page.listen"] = replayd.page.listen
    taken = [
        f"{address} ({key}) {why}"
        for key, address in addresses.items()
        if (why := why_not_free(address))
    ]
    if taken:
        raise CommandError(
            "\n".join([*taken, "stop who holds it, or set the key to another address"])
        )


async def _run(programs: list[Program], folder: Path, board: Board | None) -> int:
    stop = stop_on_signals()
    reload = reload_on_hangup(stop)
    console = Console(stderr=True, highlight=False)
    dead: list[tuple[str, int]] = []

    def on_exit(name: str, code: int) -> None:
        dead.append((name, code))
        stop.set()

    tree = ProcessTree(programs, folder / "logs", on_exit)
    begun = {each.name: _size(tree.log_path(each.name)) for each in programs}
    listening = ", ".join(each.name for each in programs)
    console.print(f"running {listening}; logs in {folder / 'logs'}; Ctrl-C stops")
    if len(programs) == 1:
        console.print(
            "no replayd.arms configured: calls are kept, nothing is replayed;"
            " `snaptrace init` writes a file"
        )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(tree.run(stop))
        reloading = group.create_task(_reload(tree, reload, console))
        if board is not None:
            await board.show(stop)
        await running
        reloading.cancel()
    if dead:
        name, code = dead[0]
        log = tree.log_path(name)
        raise CommandError(
            "\n".join([f"{name} ended ({ended(code)}):", *_tail(log, begun[name])])
        )
    return 0


async def _reload(tree: ProcessTree, reload: asyncio.Event, console: Console) -> None:
    while True:
        await reload.wait()
        reload.clear()
        told = ", ".join(tree.reload()) or "nobody"
        console.print(
            f"SIGHUP: {told} reads the configuration again;"
            " the collector's settings need a restart"
        )


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _tail(log: Path, begun: int) -> list[str]:
    """Return the last lines that a program wrote since it was started."""
    try:
        with log.open("rb") as file:
            file.seek(begun)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        text = ""
    lines = text.strip().splitlines()[-_TAIL_LINES:]
    return [f"  {line}" for line in lines] + [f"all of it: {log}"]
