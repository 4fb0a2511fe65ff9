"""Credentials of an arm, from its settings: headers, or a signer that makes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from replayd.arms.authentication import (
    Authentication,
    MissingExtraError,
    SigV4,
    TokenFile,
    region_of,
)
from replayd.config import ArmConfig
from replayd.providers.contract import Provider
from replayd.providers.platforms import SPOKEN
from replayd.providers.preparation.prepare import bearer
from snaptrace.runtime.config import ConfigError


class Credentials(NamedTuple):
    """Headers that stay the same, and what makes those that do not."""

    headers: dict[str, str]
    authentication: Authentication | None = None


def credentials(
    at: str, config: ArmConfig, provider: Provider, environ: Mapping[str, str]
) -> Credentials:
    """Return an arm's credentials; `at` is where its settings stand, for errors.

    Raises:
        ConfigError: a key that is not there, or a platform that cannot be asked so.
    """
    platform = config.platform
    if platform and config.api not in SPOKEN[platform]:
        known = ", ".join(sorted(SPOKEN[platform]))
        raise ConfigError(f"{at}.platform", f"{platform} speaks {known}")
    if platform == "vertex" and config.api_key_file:
        _key(at, config, environ)  # it must be there at start
        return Credentials({}, TokenFile(config.api_key_file))
    key = _key(at, config, environ)
    if platform == "aws" and not key:
        return Credentials({}, _signer(at, config, environ))
    if not key:
        return Credentials({})
    if platform == "azure":
        return Credentials({"api-key": key})
    return Credentials(bearer(key) if platform else provider.auth_headers(key))


def _signer(at: str, config: ArmConfig, environ: Mapping[str, str]) -> SigV4:
    region = config.region or region_of(config.url, environ)
    if not region:
        why = "write the region; neither the URL nor AWS_REGION tells it"
        raise ConfigError(f"{at}.region", why)
    try:
        return SigV4(region)
    except MissingExtraError:
        why = "signing needs botocore: pip install 'snaptrace[bedrock]', or set a key"
        raise ConfigError(f"{at}.platform", why) from None


def _key(at: str, config: ArmConfig, environ: Mapping[str, str]) -> str:
    if config.api_key_env:
        if not (key := environ.get(config.api_key_env, "").strip()):
            why = f"the environment variable {config.api_key_env} is not set"
            raise ConfigError(f"{at}.api_key_env", why)
        return key
    if config.api_key_file:
        try:
            return Path(config.api_key_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            why = f"{config.api_key_file} cannot be read: {error.strerror}"
            raise ConfigError(f"{at}.api_key_file", why) from None
    return ""
