"""The arms of a comparison: a model behind an endpoint, and whose traffic it is for."""

import fnmatch
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack

from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.credentials import credentials
from replayd.arms.endpoint import Endpoint, EndpointSettings
from replayd.config import ArmConfig
from replayd.model import Case
from replayd.providers import PROVIDERS
from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from replayd.providers.platforms import Platform
from replayd.providers.preparation.profiles import NONE, profiles
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import ConfigError
from snaptrace.snapshot.model import Snapshot


class Arm(Struct, frozen=True):
    """One arm, ready to be asked. `endpoint` is opened and closed by its owner."""

    name: str
    config: ArmConfig
    endpoint: Endpoint

    @property
    def overrides(self) -> Overrides:
        """Overrides that the arm applies to every request."""
        return Overrides(
            system=self.config.overrides.system,
            params=self.config.overrides.params,
            allowed_tools=tuple(self.config.allowed_tools),
            stream=self.config.stream,
            profile=self.config.profile,
            platform=Platform(
                name=self.config.platform, api_version=self.config.api_version
            ),
        )

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        left_out: tuple[str, ...] = (),
    ) -> ProviderRequest | Refusal:
        """Return the request for this arm, or why there is none.

        `left_out` are parameters that the other arm's model refuses.
        """
        provider = self.endpoint.provider
        # Without a model of its own, an arm asks for the recorded one (commands only).
        model = self.config.model or snapshot.request.model
        overrides = self.overrides
        if left_out:
            overrides = replace(overrides, leave_out=left_out)
        return provider.request(snapshot, media, model, overrides)


def endpoint_settings(
    name: str, config: ArmConfig, environ: Mapping[str, str], *, at: str = ""
) -> EndpointSettings:
    """Return an arm's endpoint, its key read from the environment or a file.

    `at` is where its settings stand, for errors: the arms' section by default.

    Raises:
        ConfigError: an API that nobody speaks here, or a key that is not there.
    """
    at = at or f"replayd.arms.{name}"
    if config.api not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise ConfigError(f"{at}.api", f"no such API (is {config.api!r}); {known}")
    names = [NONE, *(profile.name for profile in profiles())]
    if config.profile and config.profile not in names:
        known = ", ".join(names)
        raise ConfigError(f"{at}.profile", f"no such family; {known}")
    if not config.url.startswith(("http://", "https://")):
        raise ConfigError(f"{at}.url", f"write http:// or https:// (is {config.url!r})")
    proof = credentials(at, config, PROVIDERS[config.api], environ)
    return EndpointSettings(
        name=name,
        url=config.url.rstrip("/"),
        auth_headers=proof.headers,
        authentication=proof.authentication,
        headers=config.headers,
        concurrency=config.concurrency,
        max_response_bytes=config.max_response_bytes,
        availability=config.availability,
        ca_file=config.ca_file,
        proxy=config.proxy,
    )


async def open_arms(
    stack: AsyncExitStack,
    configs: Mapping[str, ArmConfig],
    environ: Mapping[str, str],
    clock: Clock,
    rng: random.Random,
) -> dict[str, Arm]:
    """Open every arm's connections; closed with `stack`.

    Raises:
        ConfigError: an arm's key is not there.
    """
    arms = {}
    for name, config in configs.items():
        settings = endpoint_settings(name, config, environ)
        endpoint = Endpoint(settings, PROVIDERS[config.api], clock, rng)
        await stack.enter_async_context(endpoint)
        arms[name] = Arm(name, config, endpoint)
    return arms


def applies(config: ArmConfig, case: Case) -> bool:
    """Return whether an arm stands for the case's traffic; patterns may hold `*`."""
    wanted = config.applies_to
    return (
        _among(case.service, wanted.service)
        and _among(case.model, wanted.recorded_model)
        and _among(case.route, wanted.route)
    )


def concerns(config: ArmConfig, service: str) -> bool:
    """Return whether an arm stands for any of a service's traffic."""
    return _among(service, config.applies_to.service)


def _among(value: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(value, p) for p in patterns)
