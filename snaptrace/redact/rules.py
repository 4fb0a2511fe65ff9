"""The operator's rules that speak of places: JSON paths and attribute names."""

import re
from functools import lru_cache

from snaptrace.redact.config import RedactConfig, RedactRule

Rule = tuple[str, "re.Pattern[str] | None"]  # kind, and what of the value; None: all


class PathRules:
    """Which rules concern a place."""

    def __init__(self, config: RedactConfig) -> None:
        self._paths = tuple(
            (_pattern(rule.path), _rule(rule)) for rule in config.rules if rule.path
        )
        self._attributes: dict[str, tuple[Rule, ...]] = {}
        for rule in config.rules:
            if rule.attribute:
                known = self._attributes.get(rule.attribute, ())
                self._attributes[rule.attribute] = (*known, _rule(rule))
        # Leaf paths repeat from call to call; a body full of odd ones cannot grow it.
        self.of_path = lru_cache(maxsize=4096)(self._of_path)

    def _of_path(self, leaf: str) -> tuple[Rule, ...]:
        return tuple(rule for path, rule in self._paths if path.fullmatch(leaf))

    def of_attribute(self, name: str) -> tuple[Rule, ...]:
        """Return the rules about a kept span attribute."""
        return self._attributes.get(name, ())


def _rule(rule: RedactRule) -> Rule:
    return rule.name, re.compile(rule.pattern) if rule.pattern else None


def _pattern(path: str) -> re.Pattern[str]:
    """Return a pattern of leaf paths: `*` is one key, `**` at the end everything."""
    if path.endswith(".**"):
        return re.compile(_keys(path[:-3]) + r"(?:\..*)?")
    return re.compile(_keys(path))


def _keys(path: str) -> str:
    return r"\.".join("[^.]*" if k == "*" else re.escape(k) for k in path.split("."))
