"""`snaptrace import | doctor`: past exports, and what instrumentation is good for."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from collector.config.relay import CollectorConfig
from collector.offline.doctor import Doctor, ScopeReport
from collector.offline.import_settings import for_import
from collector.offline.importer import UnreadableExportError, read_exports
from collector.otlp.signals import OtlpRequest
from collector.recognise.recogniser import Recogniser
from collector.sampling.pipeline import Pipeline
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.token_report import print_replays, standings_of
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.store.data_keys import local_cipher, read_envelopes
from snaptrace.store.store import Store

_FOREVER_SECONDS = 3600.0


def _requests(
    files: tuple[Path, ...], console: Console, failures: list[str]
) -> Iterator[OtlpRequest]:
    """Yield the requests of all files, with a progress bar on a terminal.

    What cannot be read goes to `failures`, one sentence per file; the others are read.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        bar = progress.add_task("reading", total=len(files))
        for path in files:
            progress.update(bar, description=path.name)
            try:
                yield from read_exports(path)
            except UnreadableExportError as error:
                failures.append(f"{error.path}: {error.why}")
            progress.advance(bar)


def _refuse(failures: list[str]) -> None:
    """Raise the error that names every file of which something was not read."""
    if failures:
        raise CommandError("not read: " + "; ".join(failures))


def import_(
    files: Annotated[tuple[Path, ...], Parameter(negative="")],
    source: Source | None = None,
    *,
    keep: Annotated[int, Parameter(validator=Number(gte=1, lte=100_000))] = 10_000,
) -> int:
    """Read past OTLP exports into the store, through the same path as live spans.

    JSON or protobuf, plain, gzip or zstd: what a file is, its bytes say. Calls
    are recognised, joined and redacted as they would have been live. All are kept up
    to a limit, and a uniform sample of more.

    Parameters
    ----------
    files
        Exports, as the Collector's file exporter writes them, what Tempo and Jaeger
        answer and save, or logs of Langfuse, LangSmith, Braintrust, Phoenix, LiteLLM
        and OpenAI, a record a line or in lists. Of one that is not read, it is said
        what it is instead.
    keep
        Traces kept per service and modality; of more, a uniform sample is drawn.
    """
    if not files:
        raise CommandError("name at least one file", 2)
    source = source or Source()
    store = source.store_config(make=True)
    config = for_import(source.document().section("collector", CollectorConfig), keep)
    console = Console(stderr=True, highlight=False)

    failures: list[str] = []

    async def run() -> tuple[dict[str, int], list[str]]:
        with tempfile.TemporaryDirectory(prefix="snaptrace-import-") as folder:
            pipeline = Pipeline(
                config,
                Store.open(store),
                FleetKey.of_store(store.url, store.key_file),
                Path(folder),
                SystemClock(),
                cipher=local_cipher(read_envelopes(store.encryption, os.environ)),
            )
            for request in _requests(files, console, failures):
                await pipeline.offer(request)
            await pipeline.seal_and_close(_FOREVER_SECONDS)
            return pipeline.totals(), pipeline.funnel.why_nothing()

    totals, why_nothing = asyncio.run(run())
    console.print(
        f"{totals['recognised']} model calls recognised, {totals['kept']} kept, "
        f"{totals['stored']} segments stored"
    )
    if not totals["recognised"] and len(failures) < len(files):
        console.print("no model call: " + "; ".join(why_nothing))
    _refuse(failures)
    return 0


def doctor(
    files: Annotated[tuple[Path, ...], Parameter(negative="")] = (),
    source: Source | None = None,
    *,
    seconds: Annotated[float, Parameter(name="--seconds")] = 30.0,
    listen: str = "127.0.0.1:4317",
    listen_http: str = "127.0.0.1:4318",
    replays: bool = False,
    workers: bool = False,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Diagnose per instrumentation what is kept and replayable, and why not.

    Without files it listens for OTLP for a moment, answers success and stores nothing:
    point an application's exporter here and use it.

    Parameters
    ----------
    files
        OTLP exports to look at instead of listening.
    seconds
        How long to listen.
    listen
        Where to listen for gRPC.
    listen_http
        Where to listen for HTTP.
    replays
        Say instead what replays proved so far: per scope, version, operation, API and
        kind of media, how many input tokens the recorded calls had and the rebuilt
        requests have, and the cases that differ. Reads the store.
    workers
        Look at NATS instead: whether it answers with these credentials, its streams,
        and per worker pool how many numbers wait, are worked on, and are asked for.
    """
    if workers:
        from snaptrace.cli.worker_report import print_workers  # noqa: PLC0415

        return print_workers(source or Source(), format)
    if replays:
        store = Store.open((source or Source()).store_config())
        return print_replays(asyncio.run(standings_of(store, source)).values(), format)
    console = Console(stderr=True, highlight=False)
    recogniser, doctor_ = Recogniser(), Doctor()
    failures: list[str] = []

    def take(request: OtlpRequest) -> None:
        for call in recogniser.feed(request):
            doctor_.add(call.snapshot)

    if files:
        for request in _requests(files, console, failures):
            take(request)
    else:
        from snaptrace.cli.otlp_probe import listen_for  # noqa: PLC0415

        asyncio.run(
            listen_for(
                listen,
                seconds,
                take,
                http=listen_http,
                ready=lambda http: console.print(
                    f"listening on {listen} (gRPC) and http://{http} (HTTP) for "
                    f"{seconds:g} s; Ctrl-C ends it"
                ),
            )
        )
    for call in recogniser.flush(time.time_ns()):
        doctor_.add(call.snapshot)
    reports = doctor_.report()
    if format != "table":
        print_json(reports)
    else:
        _print(reports, recogniser.funnel.why_nothing())
    _refuse(failures)
    return 0 if reports else 1


def _print(reports: list[ScopeReport], why_nothing: list[str]) -> None:
    console = Console(highlight=False)
    if not reports:
        console.print("no model call was seen: " + "; ".join(why_nothing))
        console.print(
            "Is the exporter pointed here, and is a GenAI instrumentation switched on?"
        )
        return
    for report in reports:
        console.print(
            f"[bold]{report.scope or '(no scope)'}[/bold] {report.version}  "
            f"read as {', '.join(report.dialects)}; {', '.join(report.services)}"
        )
        console.print(
            f"  {report.recognised} calls, {report.with_content} with content, "
            f"{report.replayable} replayable  "
            + ", ".join(f"{n} {name}" for name, n in sorted(report.modalities.items()))
        )
        for finding in report.findings:
            console.print(f"  [yellow]{finding.calls} calls: {finding.reason}[/yellow]")
            if finding.advice:
                console.print(f"    {finding.advice}")
        if report.unverified:
            console.print(_unverified(report))
        if report.unobserved:
            shown = ", ".join(report.unobserved[:8])
            console.print(f"  [dim]cannot be seen here: {shown}[/dim]")


def _unverified(report: ScopeReport) -> str:
    """Return what is known of a scope whose calls are in no verdict."""
    versions = ", ".join(v or "(unversioned)" for v in report.recorded_versions)
    line = (
        f"  [yellow]{report.unverified} calls unverified[/yellow]: kept, in no verdict;"
        f" recorded versions: {versions or 'none'}"
    )
    if report.unproven:
        line += f"; never recorded as read right: {', '.join(report.unproven)}"
    return f"{line}. With snaptrace-capture beside it they are exact (docs/capture.md)."
