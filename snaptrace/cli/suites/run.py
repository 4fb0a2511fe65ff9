"""`snaptrace test`: a pinned suite against one endpoint, for pipelines. No daemon."""

import asyncio
import os
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter
from msgspec.structs import replace

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.limits import Budgets
from replayd.cases.loader import CaseLoader
from replayd.config import ArmConfig, ReplaydConfig
from replayd.judge_model import setup as judge_setup
from replayd.offline.suite.cost import cost_of
from replayd.offline.suite.entries import Entries, locked_entries, stored_entries
from replayd.offline.suite.outcome import Outcome, SuiteCase, outcome_of, settled
from replayd.offline.suite.rubrics import RubricJudge
from replayd.offline.suite.run import HARD_RUNS, Settings, SuiteRun
from replayd.providers import PROVIDERS
from snaptrace.cli.options import Source
from snaptrace.cli.output import EXIT_USAGE, CommandError
from snaptrace.cli.session import Opened
from snaptrace.cli.suites.file import is_file, read_lock, read_suite
from snaptrace.cli.suites.reports import Reports, TestFormat, print_outcome, print_plan
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Duration
from snaptrace.store.store import Store
from snaptrace.suite.errors import LockError

Role: TypeAlias = Literal["canary", "control"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Who is asked."""

    canary: str
    """Name of an arm in the configuration, or an endpoint's base URL."""

    api: str = "openai_chat"
    """Which API the endpoints speak."""

    model: str = ""
    """The model to ask for; the one recorded with each case if not given."""

    api_key_env: str = ""
    """Environment variable that holds the credential."""

    control: str = ""
    """Production's model, likewise: what fails there too is quarantined."""

    control_model: str = ""
    """The model to ask the control for; the recorded one if not given."""

    control_key_env: str = ""
    """Environment variable that holds the control's credential."""

    timeout: float = 120.0
    """Seconds for one case."""

    def arms(self, known: Mapping[str, ArmConfig]) -> dict[Role, ArmConfig]:
        """Return the arms' settings; `known` are the configured ones, by name.

        Raises:
            CommandError: a name that is neither an address nor an arm.
        """
        asked: dict[Role, tuple[str, str, str]]
        asked = {"canary": (self.canary, self.model, self.api_key_env)}
        if self.control:
            asked["control"] = self.control, self.control_model, self.control_key_env
        return {
            role: _named(role, url, name, known)
            if "://" not in url
            else ArmConfig(
                role=role,
                url=url,
                model=name,
                api=self.api,
                api_key_env=key_env,
                timeout=Duration(self.timeout),
            )
            for role, (url, name, key_env) in asked.items()
        }


def _named(
    role: Role, name: str, model: str, known: Mapping[str, ArmConfig]
) -> ArmConfig:
    if (arm := known.get(name)) is None:
        there = ", ".join(known) or "none"
        why = (
            f"--{role} {name}: neither an address, as http://canary/v1, nor an arm of "
            f"the configuration; there are: {there}"
        )
        raise CommandError(why, EXIT_USAGE)
    return replace(arm, role=role, model=model or arm.model)


def run_pinned(
    source: Source | None = None,
    *,
    suite: str,
    endpoints: Endpoints,
    runs: int = HARD_RUNS,
    in_flight: int = 8,
    most_requests: int = 0,
    plan_only: Annotated[bool, Parameter(negative="")] = False,
    format: TestFormat = "table",  # noqa: A002 - the name of the option
    reports: Reports | None = None,
) -> int:
    """Run a pinned suite against an endpoint, without a daemon.

    Exits as a gate: 0 every judged case passed, 1 one failed, 2 one was left unjudged,
    3 nothing was judged. A case fails without a usable answer, where an invariant is
    worse kept than in the recording, where an assertion is not met, and, without one,
    where the answer differs from the recording by the rules for live traffic.

    Parameters
    ----------
    suite
        Name of a suite in the store, as given to `snaptrace pin`, or a suite file.
    runs
        How often a hard pin is asked; more than half must pass.
    in_flight
        Pins asked at once.
    most_requests
        Refuse a run that would send more (0: any number).
    plan_only
        Say what a run would take, and send nothing.
    """
    if runs < 1 or in_flight < 1:
        raise CommandError("--runs and --in-flight are at least 1", 2)
    source = source or Source()
    run = _Run(source, endpoints, suite, Settings(hard_runs=runs, in_flight=in_flight))
    found = asyncio.run(run.outcome(most_requests, plan_only=plan_only))
    if found is None:
        return 0
    (reports or Reports()).write(found)
    print_outcome(found, format)
    return found.exit_code


class _Run:
    """One call of the command."""

    def __init__(
        self, source: Source, endpoints: Endpoints, suite: str, settings: Settings
    ) -> None:
        self._opened, self._suite, self._settings = Opened.of(source), suite, settings
        self._config = source.document().section("replayd", ReplaydConfig)
        self._arms = endpoints.arms(self._config.arms)
        if self._config.judge.url:
            judged = replace(self._config, arms=dict(self._arms))
            judge_setup.check(judged, os.environ)

    async def outcome(self, most_requests: int, *, plan_only: bool) -> Outcome | None:
        """Say what a run takes, then run it; None where only the plan is wanted."""
        opened = self._opened
        found = await entries_of(opened.store, self._suite)
        cost = await cost_of(
            opened.store,
            found.entries,
            self._settings,
            self._config.prices,
            model=self._arms["canary"].model,
            has_control="control" in self._arms,
            has_judge=bool(self._config.judge.url),
        )
        print_plan(cost)
        most = cost.requests + cost.control_requests + cost.judge_requests
        if 0 < most_requests < most:
            raise CommandError(f"{most} requests are more than --most-requests", 2)
        if plan_only:
            return None
        opened.read(
            f"test --suite {self._suite}", [e.snapshot_id for e in found.entries]
        )
        cases, blind_to = await self._cases(found)
        return outcome_of(found.suite, settled(cases), found.suite_hash, blind_to)

    async def _cases(self, found: Entries) -> tuple[list[SuiteCase], tuple[str, ...]]:
        """Return every pin's result, and the senseless models that would pass all."""
        opened = self._opened
        content = CaseLoader(opened.store, opened.key)
        await content.refresh()
        cases: list[SuiteCase] = []
        async with AsyncExitStack() as stack:
            progress = stack.enter_context(opened.progress())
            bar = progress.add_task(f"testing {found.suite}", total=len(found.entries))
            asked = await opened_arms(self._arms, stack)
            run = SuiteRun(
                opened.store,
                content,
                asked["canary"],
                control=asked.get("control"),
                rubrics=await _opened_judge(self._config, stack),
                settings=self._settings,
            )
            async for case in run.cases(found.entries):
                cases.append(case)
                progress.advance(bar)
        return cases, run.blind_to


async def opened_arms(
    arms: Mapping[Role, ArmConfig], stack: AsyncExitStack
) -> dict[Role, Arm]:
    """Open what is asked; closed with `stack`."""
    asked: dict[Role, Arm] = {}
    for name, config in arms.items():
        endpoint = Endpoint(
            endpoint_settings(name, config, os.environ, at=f"--{name}"),
            PROVIDERS[config.api],
            SystemClock(),
            random.SystemRandom(),
        )
        asked[name] = Arm(name, config, await stack.enter_async_context(endpoint))
    return asked


async def _opened_judge(
    config: ReplaydConfig, stack: AsyncExitStack
) -> RubricJudge | None:
    """Open the judge model where one is configured; closed with `stack`."""
    if not config.judge.url:
        return None
    judge = judge_setup.made(
        config,
        Budgets(config.judge.budget, {}),
        os.environ,
        SystemClock(),
        random.SystemRandom(),
    )
    await stack.enter_async_context(judge.arm.endpoint)
    return RubricJudge(judge)


async def entries_of(store: Store, suite: str) -> Entries:
    """Return the pins of a suite in the store, or of a suite file and its lock.

    Raises:
        CommandError: the file or its lock cannot be used.
    """
    if not is_file(suite):
        return await stored_entries(store, suite)
    try:
        return await locked_entries(store, read_suite(suite), read_lock(suite))
    except LockError as error:
        raise CommandError(str(error), 2) from None
