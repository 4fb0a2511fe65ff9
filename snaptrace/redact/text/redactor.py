"""Finds and replaces in one text, and says where."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from snaptrace.redact.config import RedactConfig
from snaptrace.redact.rules import Rule
from snaptrace.redact.text.detector import REDACTED
from snaptrace.redact.text.detectors import DETECTORS
from snaptrace.redact.text.encoded import (
    ENCODED,
    LONGEST_HEAD,
    Encoding,
    Medium,
    decoded,
    medium_of,
)
from snaptrace.redact.text.normalise import plainest
from snaptrace.redact.text.prefilters import LONG_WORD, passed
from snaptrace.redact.text.pseudonyms import Pseudonyms

_BLOT = "\ue000"  # private use: no pattern crosses it
_MOST_TRIES = 1000  # per pattern and text; a crafted text must not cost more
_STEPS_AT_ONCE = 256  # between two looks at the time
_MOST_PSEUDONYMS = 16
_LONGEST_BEFORE = 64  # characters that may tell what a value is
_MOST_LEVELS = 3  # of encoded text within encoded text
_SHORT, _LONG = 64, 16_384  # characters; texts up to here are remembered
_BETWEEN = re.compile(r"[ \-/]")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


class Found(NamedTuple):
    """A value that has to go: where it stood, and what it is."""

    start: int
    end: int
    kind: str
    value: str  # in plain signs, however it was spelled
    instead: str | None = None  # what to put there; None: a pseudonym of the value


class Replacement(NamedTuple):
    """A stretch that was replaced, in characters of the text after replacement."""

    start: int
    end: int
    kind: str
    pseudonym: str


# Takes a medium and what cleans its words; returns what was done, in one word, and its
# bytes as they may be stored, None where it has to go.
CleanMedium = Callable[[Medium, Callable[[str], str]], tuple[str, bytes | None]]


class TextRedactor:
    """Applies the built-in detectors, the operator's patterns and known values."""

    def __init__(
        self,
        config: RedactConfig,
        pseudonyms: Pseudonyms,
        clean_medium: CleanMedium = lambda medium, _clean: ("", medium.data),
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        """Take `clean_medium` for media that stand in a text in base64.

        `pace` is called between pieces of work; it raises where there was too much.
        """
        self._pseudonyms, self._clean_medium = pseudonyms, clean_medium
        self._pace = pace
        wanted = set(config.detectors)
        self._detectors = tuple(d for d in DETECTORS if d.name in wanted)
        self._rules = tuple(
            (rule.name, re.compile(rule.pattern))
            for rule in config.rules
            if rule.pattern and not rule.path and not rule.attribute
        )
        # Keys, paths and system prompts come again with every call.
        self._redact_short = lru_cache(maxsize=8192)(self._redact)
        self._redact_long = lru_cache(maxsize=256)(self._redact)
        self._stand_in = lru_cache(maxsize=4096)(self._make_stand_in)
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
        if not placed and (known is None or known.search(text) is None):
            if len(text) <= _SHORT:
                return self._redact_short(text)
            if len(text) <= _LONG:
                return self._redact_long(text)
        return self._redact(text, known, placed)

    def _redact(
        self,
        text: str,
        known: "re.Pattern[str] | None" = None,
        placed: tuple[Rule, ...] = (),
        level: int = 0,
    ) -> tuple[str, tuple[Replacement, ...]]:
        self._pace()
        claims = _Claims(text, self._pace)
        for kind, place in placed:
            if place is None:
                claims.add(0, len(text), kind)
            else:
                claims.take(kind, place)
        # The plainest reading first: `\\n` before a value would pass for its first
        # letter, and the value get another pseudonym than elsewhere.
        view = plainest(text)
        if view is not None:
            hidden = _Claims(view.text, self._pace)
            self._find(hidden, known)
            self._detect(hidden, known, level)
            for one in hidden.found:
                start, end = view.starts[one.start], view.starts[one.end]
                claims.add(start, end, one.kind, one.value, one.instead)
            claims.settle()
        self._find(claims, known)
        if view is None:
            self._detect(claims, known, level)
        if not claims.found:
            return text, ()
        return self._replaced(text, claims.found)

    def _find(self, claims: "_Claims", known: "re.Pattern[str] | None") -> None:
        """Claim what the operator's patterns and the ids of this call find."""
        for kind, pattern in self._rules:
            claims.take(kind, pattern)
        if known is not None:
            claims.take("identifier", known)

    def _detect(
        self, claims: "_Claims", known: "re.Pattern[str] | None", level: int
    ) -> None:
        """Claim what the built-in detectors find."""
        gates = passed(claims.text)
        # Before digits within hex pass for a card's.
        if LONG_WORD in gates and level < _MOST_LEVELS:
            self._look_into_encoded(claims, known, level)
        lower = claims.text.lower()
        for detector in self._detectors:
            if detector.gate and detector.gate not in gates:
                continue
            if detector.words and not _has_one(lower, detector.words):
                continue
            claims.take(
                detector.kind,
                detector.pattern,
                detector.is_one,
                detector.before,
                detector.near,
            )

    def _look_into_encoded(
        self, claims: "_Claims", known: "re.Pattern[str] | None", level: int
    ) -> None:
        """Claim words that are text or media, if something is to go from them."""

        def clean(text: str) -> str:
            return self._redact(text, known, (), level + 1)[0]

        for match in ENCODED.finditer(claims.text):
            start = match.start()
            before = claims.text[max(start - LONGEST_HEAD, 0) : start]
            if medium := medium_of(match[0], before):
                done, data = self._clean_medium(medium, clean)
                if data is None:
                    claims.add(*match.span(), done, instead=f"{REDACTED}{medium.kind}")
                elif data != medium.data:
                    instead = medium.encoding.encode_bytes(data)
                    claims.add(*match.span(), done, instead=instead)
                continue
            for inner, encoding in decoded(match[0]):
                made, spans = self._redact(inner, known, (), level + 1)
                if spans:
                    instead = Encoding.encode(encoding, made)
                    claims.add(*match.span(), spans[0].kind, inner, instead)
                    break
        claims.settle()

    def replace_whole(
        self, text: str, kind: str
    ) -> tuple[str, tuple[Replacement, ...]]:
        """Return what stands for a value that is to go as a whole."""
        if not text or text.startswith(REDACTED):
            return text, ()
        return self._replaced(text, [Found(0, len(text), kind, text)])

    def _replaced(
        self, text: str, found: list[Found]
    ) -> tuple[str, tuple[Replacement, ...]]:
        out: list[str] = []
        replaced: list[Replacement] = []
        at = length = 0
        for start, end, kind, value, instead in sorted(found):
            pseudonym = self._stand_in(kind, value) if instead is None else instead
            if value != text[start:end] and _PERCENT.search(text, start, end):
                pseudonym = quote(pseudonym, safe="")
            out += (text[at:start], pseudonym)
            length += start - at
            replaced.append(
                Replacement(length, length + len(pseudonym), kind, pseudonym)
            )
            length += len(pseudonym)
            at = end
        out.append(text[at:])
        return "".join(out), tuple(replaced)

    def _make_stand_in(self, kind: str, value: str) -> str:
        if kind in self._emptied:
            return ""
        for attempt in range(_MOST_PSEUDONYMS):
            made = self._pseudonyms.of(kind, value, attempt)
            claims = _Claims(made, self._pace)
            self._detect(claims, None, _MOST_LEVELS)
            # One that looks like something else would be replaced on the next hop.
            if not claims.found:
                break
        return made


def _has_one(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - any() takes twice as long
        if word in text:
            return True
    return False


class _Claims:
    """Findings in one text so far; later patterns see them masked."""

    def __init__(self, text: str, pace: Callable[[], None]) -> None:
        self._pace, self._steps = pace, 0
        self.text = text  # as the next pattern sees it
        self.found: list[Found] = []
        self._new: list[Found] = []  # not blotted out yet

    def take(
        self,
        kind: str,
        pattern: re.Pattern[str],
        is_one: Callable[[str], bool] = lambda _text: True,
        before: re.Pattern[str] | None = None,
        near: re.Pattern[str] | None = None,
    ) -> None:
        """Claim every value that the pattern finds in what is left, behind `before`.

        `near` matches a word without which `before` cannot: the search goes from one
        such word to the next.

        Where a match fails its check, shorter ones at the same place and others that
        begin within it are tried: two numbers may stand side by side.
        """
        tries, at = _MOST_TRIES, 0
        while (match := pattern.search(self.text, at)) is not None:
            self._steps += 1
            if not self._steps % _STEPS_AT_ONCE:
                self._pace()
            start, end = _value_span(match)
            if start >= end:
                at = match.end() + 1
            elif before is not None and not before.search(
                self.text, max(match.start() - _LONGEST_BEFORE, 0), match.start()
            ):
                at = self._next_try(match.start(), near)
            elif is_one(self.text[start:end]):
                self.add(start, end, kind)
                at = max(match.end(), at + 1)
            elif tries > 0:
                at, tries = match.start() + 1, tries - 1
                if match.span() == (start, end):
                    shorter = self._shorter(match, pattern, is_one)
                    if shorter is not None:
                        self.add(start, shorter, kind)
                        at = shorter
            else:
                at = match.end()
        self.settle()

    def _next_try(self, at: int, near: re.Pattern[str] | None) -> int:
        """Return where to go on after `before` did not match ahead of `at`."""
        if near is None:
            return at + 1
        named = near.search(self.text, max(at + 1 - _LONGEST_BEFORE, 0))
        return len(self.text) + 1 if named is None else max(at, named.start()) + 1

    def _shorter(
        self,
        match: re.Match[str],
        pattern: re.Pattern[str],
        is_one: Callable[[str], bool],
    ) -> int | None:
        """Return where a shorter match ends that passes the check, if one does."""
        start, end = match.span()
        for cut in reversed([m.start() for m in _BETWEEN.finditer(match[0])]):
            end = start + cut
            if pattern.fullmatch(self.text, start, end) and is_one(
                self.text[start:end]
            ):
                return end
        return None

    def add(
        self,
        start: int,
        end: int,
        kind: str,
        value: str | None = None,
        instead: str | None = None,
    ) -> None:
        """Claim a value; nothing sees that before `settle`."""
        there = self.text[start:end]
        if _BLOT not in there:
            plain = there if value is None else value
            self._new.append(Found(start, end, kind, plain, instead))

    def settle(self) -> None:
        """Blot out what was claimed, in one go: there may be very much of it."""
        if not self._new:
            return
        out: list[str] = []
        at = 0
        for one in sorted(self._new):
            if one.start < at:
                continue  # two claims of one place: the first is the longer one
            out += (self.text[at : one.start], _BLOT * (one.end - one.start))
            at = one.end
            self.found.append(one)
        out.append(self.text[at:])
        self.text = "".join(out)
        self._new.clear()


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """Return where the value stands: the first group, if it is no separator."""
    if match.re.groups and "sep" not in match.re.groupindex and match[1] is not None:
        return match.span(1)
    return match.span()
