"""Finds and replaces in one text, and says where."""

import re
from typing import NamedTuple

from collector.redact.detectors import DETECTORS, GATES, REDACTED
from collector.redact.pseudonyms import Pseudonyms
from collector.redact.rules import Rule
from collector.sampling_config import RedactConfig


class Found(NamedTuple):
    """A value that has to go: where it stood, and what it is."""

    start: int
    end: int
    kind: str


class Replacement(NamedTuple):
    """A stretch that was replaced, in characters of the text after replacement."""

    start: int
    end: int
    kind: str
    pseudonym: str


class TextRedactor:
    """Applies the built-in detectors, the operator's patterns and known values."""

    def __init__(self, config: RedactConfig, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        wanted = set(config.detectors)
        self._detectors = tuple(d for d in DETECTORS if d.name in wanted)
        self._rules = tuple(
            (rule.name, re.compile(rule.pattern), rule.with_ == "nothing")
            for rule in config.rules
            if rule.pattern and not rule.path and not rule.attribute
        )
        self._emptied = frozenset(
            rule.name for rule in config.rules if rule.with_ == "nothing"
        )

    def redact(
        self,
        text: str,
        known: "re.Pattern[str] | None" = None,
        placed: tuple[Rule, ...] = (),
    ) -> tuple[str, tuple[Replacement, ...]]:
        """Return the text without what was found in it, and what was replaced.

        `known` matches values of this call that are personal by their origin, as its
        user id; `placed` are the rules about the place where the text stands. A text
        in which nothing is found is returned itself.
        """
        found = _placed_in(text, placed)
        found += self._rules_in(text)
        if known is not None:
            found += [Found(*m.span(), "identifier") for m in known.finditer(text)]
        found += self._detected(text)
        if not found:
            return text, ()
        return self._replaced(text, found)

    def replace_whole(
        self, text: str, kind: str
    ) -> tuple[str, tuple[Replacement, ...]]:
        """Return what stands for a value that is to go as a whole."""
        if not text or text.startswith(REDACTED):
            return text, ()
        return self._replaced(text, [Found(0, len(text), kind)])

    def _rules_in(self, text: str) -> list[Found]:
        return [
            Found(*_value_span(match), name)
            for name, pattern, _ in self._rules
            for match in pattern.finditer(text)
        ]

    def _detected(self, text: str) -> list[Found]:
        found: list[Found] = []
        lower = text.lower()
        passed = {name for name, gate in GATES.items() if gate.search(text)}
        for detector in self._detectors:
            if detector.gate and detector.gate not in passed:
                continue
            if detector.words and not any(word in lower for word in detector.words):
                continue
            for match in detector.pattern.finditer(text):
                start, end = _value_span(match)
                if detector.is_one(text[start:end]):
                    found.append(Found(start, end, detector.kind))
        return found

    def _replaced(
        self, text: str, found: list[Found]
    ) -> tuple[str, tuple[Replacement, ...]]:
        """Replace, the earlier in `found` winning where two overlap."""
        chosen: list[Found] = []
        for value in found:
            if value.start < value.end and not any(
                value.start < other.end and other.start < value.end for other in chosen
            ):
                chosen.append(value)
        chosen.sort()
        out: list[str] = []
        replaced: list[Replacement] = []
        at = length = 0
        for start, end, kind in chosen:
            pseudonym = self._pseudonym(kind, text[start:end])
            out += (text[at:start], pseudonym)
            length += start - at
            replaced.append(
                Replacement(length, length + len(pseudonym), kind, pseudonym)
            )
            length += len(pseudonym)
            at = end
        out.append(text[at:])
        return "".join(out), tuple(replaced)

    def _pseudonym(self, kind: str, value: str) -> str:
        return "" if kind in self._emptied else self._pseudonyms.of(kind, value)


def _placed_in(text: str, placed: tuple[Rule, ...]) -> list[Found]:
    found: list[Found] = []
    for kind, pattern in placed:
        if pattern is None:
            found.append(Found(0, len(text), kind))
        else:
            found += [Found(*_value_span(m), kind) for m in pattern.finditer(text)]
    return found


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """Return where the value stands: the first group that is not a back-reference."""
    if match.re.groups and match[1] is not None and len(match[1]) > 1:
        return match.span(1)
    return match.span()
