"""`snaptrace demo`: real traffic, real small models, both programs, a live result."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import aiohttp
import msgspec
import yaml
from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console
from rich.live import Live

from snaptrace.cli.evidence.worst import Wanted, show_worst
from snaptrace.cli.options import DEFAULT_FOLDER, local_store
from snaptrace.cli.output import PIPE_WIDTH, CommandError, print_json
from snaptrace.cli.session import Opened
from snaptrace.cli.up import live_table
from snaptrace.cli.up.processes import ProcessTree, Program, free_ports
from snaptrace.cli.up.run import program
from snaptrace.demo.available import available_modalities
from snaptrace.runtime.config import AuditConfig, StoreConfig
from snaptrace.runtime.lifecycle import stop_on_signals

Fault = Literal["image", "audio", "text", "none"]

CANARY = "canary"
MODEL = "assistant-7"
# What is wrong with the canary: one front end, nothing else.
_FRONT_ENDS = {
    "image": ("--image-front-end", "capped"),
    "audio": ("--audio-front-end", "narrowband"),
    "text": ("--text-front-end", "forgetful"),
}
# Before a regression counts as found, the others have been looked at this often.
_FEWEST_REPLAYS = 40
_POLL_SECONDS = 0.5


class Stage(Struct, frozen=True, kw_only=True):
    """Where everything listens and lies."""

    folder: Path
    fault: Fault
    modalities: tuple[str, ...]
    seed: int
    rate: float
    grpc: str
    metrics: str
    verdicts: str
    page: str
    production: int
    canary: int

    @property
    def config_path(self) -> Path:
        """The configuration, kept so that every other command can use it."""
        return self.folder / "snaptrace.yaml"


def demo(
    *,
    regress: Fault = "image",
    format: Annotated[  # noqa: A002 - the name of the option
        Literal["table", "json"], Parameter(help="table, or the final state as JSON.")
    ] = "table",
    folder: Path | None = None,
    seed: int = 7,
    rate: float = 8.0,
    timeout_seconds: Annotated[float | None, Parameter(name="--timeout")] = None,
) -> int:
    """Watch a canary being judged, with one of its senses made worse.

    A client app asks a small assistant through a real SDK with a real instrumentation;
    its spans reach the collector over gRPC. replayd asks the canary and the production
    model again, and says per modality whether the canary got worse.

    Parameters
    ----------
    regress
        What is wrong with the canary; none means it is the same as production.
    folder
        Where the store, the configuration and the logs are kept.
    seed
        Of traffic and front-end noise.
    rate
        Calls per second that the client app aims at.
    timeout_seconds
        Give up after so long (default: 170 s; 900 s with --regress none).
    """
    modalities = []
    stream = sys.stderr if format == "json" else sys.stdout
    # A pipe has no width: a table in it must not lose its columns.
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, highlight=False, width=width)
    for name, reason in available_modalities().items():
        if reason:
            console.print(f"[yellow]{name} is skipped:[/yellow] {reason}")
        else:
            modalities.append(name)
    if regress != "none" and regress not in modalities:
        raise CommandError(f"{regress} cannot be shown here; see the line above", 3)
    stage = _set_stage(regress, tuple(modalities), folder, seed, rate)
    limit = timeout_seconds or (900.0 if regress == "none" else 170.0)
    return asyncio.run(_play(stage, console, limit, as_json=format == "json"))


def _set_stage(
    fault: Fault,
    modalities: tuple[str, ...],
    folder: Path | None,
    seed: int,
    rate: float,
) -> Stage:
    named = folder or DEFAULT_FOLDER / f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    grpc, metrics, verdicts, page, production, canary = free_ports(6)
    stage = Stage(
        folder=named.resolve(),
        fault=fault,
        modalities=modalities,
        seed=seed,
        rate=rate,
        grpc=f"127.0.0.1:{grpc}",
        metrics=f"127.0.0.1:{metrics}",
        verdicts=f"127.0.0.1:{verdicts}",
        page=f"127.0.0.1:{page}",
        production=production,
        canary=canary,
    )
    stage.folder.mkdir(parents=True, exist_ok=True)
    stage.config_path.write_text(yaml.safe_dump(_config(stage), sort_keys=False))
    return stage


def _config(stage: Stage) -> dict[str, object]:
    """Return the configuration of both programs; the user's own looks the same."""
    store = local_store(stage.folder)
    arm = {"api": "openai_chat", "model": MODEL}
    return {
        "store": {"url": store.url, "key_file": store.key_file},
        "collector": {
            "grpc": {"listen": stage.grpc},
            "http": {"listen": "127.0.0.1:0"},
            "metrics": {"listen": stage.metrics},
            "upstream": {"url": "none"},
            "reservoir": {"window": "5s"},
            "attributes": ["metadata.accent"],
            "recognise": {"quiet": "2s"},
            "journal_dir": str(stage.folder / "journal"),
        },
        "replayd": {
            "metrics": {"listen": stage.verdicts},
            "page": {"listen": stage.page},
            "arms": {
                "production": {
                    "role": "control",
                    "url": f"http://127.0.0.1:{stage.production}/v1",
                    **arm,
                },
                CANARY: {
                    "role": "canary",
                    "url": f"http://127.0.0.1:{stage.canary}/v1",
                    "revision": f"demo-{stage.fault}",
                    **arm,
                },
            },
            "slices": {
                "accented": {
                    "modality": "audio",
                    "attribute": "metadata.accent",
                    "values": ["en-GB", "en-DE"],
                    "margin": 0.1,
                    "share": 0.4,
                }
            },
            "schedule": {"poll": "1s", "required_modalities": list(stage.modalities)},
            # Production is this demo's own; it need not be spared.
            "control_rate": {"share_of_production": 10.0, "per_minute": 100000},
            "lease": "3s",
            "concurrency": 8,
        },
    }


def _programs(stage: Stage) -> list[Program]:
    """Return all six processes, from source to sink."""
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}

    def module(name: str, label: str, *arguments: str) -> Program:
        argv = [sys.executable, "-m", f"snaptrace.demo.{name}", *arguments]
        return Program(name=label, argv=argv, environ=environ)

    config = str(stage.config_path)
    served = ",".join(stage.modalities)
    return [
        module(
            "traffic",
            "traffic",
            *("--otlp", f"http://{stage.grpc}"),
            *("--model-url", f"http://127.0.0.1:{stage.production}/v1"),
            *("--model", MODEL),
            *("--seed", str(stage.seed)),
            *("--rate", str(stage.rate)),
            *("--modalities", served),
        ),
        program("collector", (), config=config),
        program("replayd", (), config=config),
        module(
            "server",
            "production",
            *("--port", str(stage.production)),
            *("--model", MODEL),
            *("--seed", str(stage.seed + 1)),
            *("--modalities", served),
        ),
        module(
            "server",
            CANARY,
            *("--port", str(stage.canary)),
            *("--model", MODEL),
            *("--seed", str(stage.seed + 2)),
            *("--modalities", served),
            *_FRONT_ENDS.get(stage.fault, ()),
        ),
    ]


async def _play(
    stage: Stage, console: Console, limit_seconds: float, *, as_json: bool
) -> int:
    stop = stop_on_signals()

    def on_exit(name: str, code: int) -> None:
        if not stop.is_set():
            console.print(
                f"[yellow]{name} ended with {code}; starting it again[/yellow]"
                f" (see {stage.folder / 'logs' / name}.log)"
            )

    tree = ProcessTree(_programs(stage), stage.folder / "logs", on_exit)
    halt = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(tree.run(halt))
        try:
            reading, ended = await _watch(stage, console, limit_seconds, stop)
        finally:
            halt.set()
        await running
    if as_json:
        print_json(reading.verdicts)
    return await _conclude(stage, console, reading, ended)


async def _watch(
    stage: Stage, console: Console, limit_seconds: float, stop: asyncio.Event
) -> tuple[live_table.TableReading, str]:
    """Show the table until the result stands; return the last reading and why."""
    loop = asyncio.get_running_loop()
    started, said = loop.time(), loop.time()
    reading = live_table.TableReading(seen={}, kept={}, verdicts={})
    fault = {"none": "nothing wrong with the canary"}.get(
        stage.fault, f"the canary's {stage.fault} front end made worse"
    )
    timeout = aiohttp.ClientTimeout(total=2.0)
    live = Live(console=console, auto_refresh=False, transient=False)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        with live:
            while True:
                fresh = await live_table.read(session, stage.metrics, stage.verdicts)
                reading = _newest(reading, fresh)
                rows = reading.rows(CANARY, stage.modalities)
                elapsed = loop.time() - started
                if console.is_terminal:
                    title = f"{fault}; {elapsed:.0f} s"
                    live.update(live_table.render(rows, title), refresh=True)
                elif loop.time() - said >= 10:
                    said = loop.time()
                    console.print(f"{elapsed:4.0f} s  {live_table.line(rows)}")
                if _stands(stage, reading):
                    ended = "decided"
                elif stop.is_set():
                    ended = "stopped"
                elif elapsed > limit_seconds:
                    ended = "timeout"
                else:
                    await asyncio.sleep(_POLL_SECONDS)
                    continue
                break
    if not console.is_terminal:
        console.print(live_table.render(rows, f"{fault}; {elapsed:.0f} s"))
    return reading, ended


def _newest(
    old: live_table.TableReading, new: live_table.TableReading
) -> live_table.TableReading:
    """Keep what a program said last while it is being started again."""
    return live_table.TableReading(
        seen=new.seen or old.seen,
        kept=new.kept or old.kept,
        verdicts=new.verdicts or old.verdicts,
    )


def _regressed(stage: Stage, reading: live_table.TableReading) -> set[str]:
    """Return the modalities that are regressed, themselves or in a slice."""
    return {
        name
        for name in stage.modalities
        if "regressed" in reading.words(CANARY, name).values()
    }


def _stands(stage: Stage, reading: live_table.TableReading) -> bool:
    """Whether the table shows what this demo is about."""
    if stage.fault == "none":
        return all(
            reading.modality(CANARY, name).get("verdict") == "pass"
            for name in stage.modalities
        )
    words = reading.words(CANARY, stage.fault)
    found = words.get("audio/accented" if stage.fault == "audio" else stage.fault)
    return found == "regressed" and all(
        reading.modality(CANARY, name).get("pairs", 0) >= _FEWEST_REPLAYS
        for name in stage.modalities
        if name != stage.fault
    )


async def _conclude(
    stage: Stage, console: Console, reading: live_table.TableReading, ended: str
) -> int:
    """Say what came out and where it lies; 0 only if it is what was set up."""
    expected = {stage.fault} - {"none"}
    found = _regressed(stage, reading)
    right = ended == "decided" and found == expected
    if ended == "decided":
        await show_worst(
            Opened(_audited(stage)),
            console,
            wanted=Wanted(canary=CANARY),
            media=stage.folder / "worst",
        )
    console.print()
    config, folder = _from_here(stage.config_path), _from_here(stage.folder)
    console.print(f"store     {folder / 'store'}")
    console.print(f"results   snaptrace results --config {config}")
    console.print(f"snapshots snaptrace ls --config {config}")
    console.print(f"logs      {folder / 'logs'}")
    console.print(
        f"metrics   were on http://{stage.metrics}/metrics (collector) and "
        f"http://{stage.verdicts}/metrics (replayd)"
    )
    if right:
        return 0
    why = {
        "timeout": "no result within the time limit; a slower machine needs --timeout",
        "stopped": "stopped before the result stood",
    }.get(ended, f"regressed is {sorted(found)}, expected {sorted(expected)}")
    console.print(f"[red]{why}[/red]")
    return 1


def _audited(stage: Stage) -> StoreConfig:
    """Return the demo's store; who reads what goes to a file beside the logs."""
    audit = AuditConfig(file=str(stage.folder / "logs" / "audit.jsonl"))
    return msgspec.structs.replace(local_store(stage.folder), audit=audit)


def _from_here(path: Path) -> Path:
    """Return the path as a person in this folder would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
