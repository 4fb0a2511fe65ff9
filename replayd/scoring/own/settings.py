"""Settings of own scorers as they travel to the process that scores."""

from collections.abc import Mapping

from msgspec import Struct

from replayd.config.scorers import ScorerConfig
from replayd.scoring import SCORERS
from snaptrace.runtime.config import ConfigError

LARGEST = 20  # own scorers; each is a process


class OwnScorers(Struct, frozen=True):
    """Declared scorers by name, and the key files that none may read."""

    declared: dict[str, ScorerConfig] = {}
    key_files: tuple[str, ...] = ()


def check_declared(declared: Mapping[str, ScorerConfig]) -> None:
    """Refuse names that would stand for two rules.

    Raises:
        ConfigError: a built-in scorer's name, or too many of them.
    """
    if len(declared) > LARGEST:
        raise ConfigError("replayd.scorers", f"at most {LARGEST} of them")
    for name in declared:
        if name in SCORERS or name == "answered":
            raise ConfigError(f"replayd.scorers.{name}", "is a built-in scorer's name")


def versions_of(declared: Mapping[str, ScorerConfig]) -> tuple[str, ...]:
    """Return what an epoch holds fixed of own scorers."""
    return tuple(
        f"{name}@{each.version}/{each.role}" for name, each in sorted(declared.items())
    )
