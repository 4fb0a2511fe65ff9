"""`snaptrace init`: five questions, a commented file, one tiny call to each model."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter
from rich.console import Console

from collector.config.relay import CollectorConfig
from replayd.config import ReplaydConfig
from replayd.reload import check
from snaptrace.cli.options import DEFAULT_CONFIG
from snaptrace.cli.output import EXIT_FAILED, EXIT_USAGE, CommandError
from snaptrace.cli.up.first_calls import checked
from snaptrace.cli.up.first_config import (
    Answers,
    ArmAnswers,
    api_of,
    key_of,
    written,
)
from snaptrace.cli.up.instrumentations import EVERYWHERE, TABLE, found_in
from snaptrace.runtime.config import Address, StoreConfig, load

T = TypeVar("T")
_OPENAI = "https://api.openai.com/v1"


def init(
    config: Annotated[Path, Parameter(alias="-c")] = Path(DEFAULT_CONFIG),
    *,
    production_url: str | None = None,
    production_model: str | None = None,
    canary_url: str | None = None,
    canary_model: str | None = None,
    key_env: str | None = None,
    canary_key_env: str | None = None,
    upstream: str | None = None,
    api: str | None = None,
    yes: Annotated[bool, Parameter(alias="-y", negative="")] = False,
    calls: bool = True,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a first configuration, check it and its models, say what the app needs.

    Asks what no option answers; without a terminal, or with --yes, defaults are taken.
    Exits 1 if a model did not answer: the file is written all the same.

    Parameters
    ----------
    config
        The file to write.
    production_url
        Base URL of the model that production asks, as https://api.openai.com/v1.
    production_model
        Its name.
    canary_url
        Base URL of the candidate; production's if not given.
    canary_model
        The candidate's name.
    key_env
        Environment variable that holds the API key of both; "" where none is needed.
    canary_key_env
        The candidate's, where it is another.
    upstream
        Where the app's telemetry goes today, as http://tempo:4318; none: nowhere.
    api
        API that both speak, where the address does not tell.
    yes
        Ask nothing.
    calls
        Send one tiny call to each model.
    force
        Overwrite the file.
    """
    if config.exists() and not force:
        raise CommandError(f"{config} exists; --force overwrites it", EXIT_USAGE)
    ask = _Asking(quiet=yes or not sys.stdin.isatty())
    url = ask(production_url, "1/5  Base URL of production's model", _OPENAI)
    model = ask(production_model, "2/5  Name of production's model", "")
    other = ask(canary_model, "3/5  Name of the candidate", "")
    other_url = canary_url or url
    key = ask(
        key_env, "4/5  Variable that holds the API key (empty: none)", key_of(url)
    )
    away = ask(upstream, "5/5  Where the app's telemetry goes today", "none")
    for option, value in (("production-model", model), ("canary-model", other)):
        if not value:
            raise CommandError(f"--{option}: a model's name is needed", EXIT_USAGE)
    other_key = key_of(other_url) if other_url != url else key
    answers = Answers(
        production=ArmAnswers(
            url=url, model=model, api=api or api_of(url), key_env=key
        ),
        canary=ArmAnswers(
            url=other_url,
            model=other,
            api=api or api_of(other_url),
            key_env=other_key if canary_key_env is None else canary_key_env,
        ),
        upstream=away or "none",
    )
    _write(config, written(answers), overwrite=force)
    collector, replayd = _valid(config)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"wrote {config}: valid", markup=False)
    works = asyncio.run(_call(replayd, console)) if calls else True
    _say_next(console, config, collector)
    return 0 if works else EXIT_FAILED


class _Asking:
    """Questions on a terminal; defaults elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, given: str | None, question: str, default: str) -> str:
        if given is not None or self._quiet:
            return default if given is None else given
        hint = f" [{default}]" if default else ""
        try:
            return input(f"{question}{hint}: ").strip() or default
        except EOFError:
            return default


def _write(path: Path, text: str, *, overwrite: bool) -> None:
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def _valid(path: Path) -> tuple[CollectorConfig, ReplaydConfig]:
    """Read the file as both programs will."""
    document = load(str(path), os.environ)
    document.section("store", StoreConfig)
    collector = document.section("collector", CollectorConfig)
    replayd = document.section("replayd", ReplaydConfig)
    return collector, replayd


async def _call(replayd: ReplaydConfig, console: Console) -> bool:
    """Send one tiny call to each arm; return whether all answered."""
    console.print("asking both models once …")
    found = await checked(replayd.arms, os.environ)
    for each in found:
        arm = replayd.arms[each.arm]
        mark = "ok   " if each.works else "FAILS"
        console.print(f"  {mark} {each.arm}: {arm.model} {each.said}", markup=False)
    works = all(each.works for each in found)
    if works:
        check(replayd, os.environ)
    return works


def _say_next(console: Console, config: Path, collector: CollectorConfig) -> None:
    grpc, http = collector.grpc.listen, collector.http.listen
    found = found_in(Path.cwd())
    lines = ["", "In the app's environment:", *_exporter(grpc, http)]
    settings = [*EVERYWHERE, *(s for row in found for s in row.settings)]
    lines += [f"  {setting}" for setting in dict.fromkeys(settings)]
    for row in found:
        lines.append(f"  {row.name}: {row.advice or 'nothing else to set'}")
    if not found:
        known = ", ".join(row.name for row in TABLE)
        lines += [
            "No instrumentation was found in this folder's dependencies. Known are",
            f"  {known};",
            "  what each needs stands in docs/capture-settings.md.",
        ]
    up = (
        "snaptrace up" if str(config) == DEFAULT_CONFIG else f"snaptrace up -c {config}"
    )
    lines += ["", f"Then: {up}"]
    for line in lines:
        console.print(line, markup=False)


def _exporter(grpc: Address, http: Address) -> list[str]:
    return [
        f"  OTEL_EXPORTER_OTLP_ENDPOINT=http://{http}",
        f"  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf   (gRPC: http://{grpc})",
    ]
