"""Suite files: YAML into a `Suite`, every mistake with its line and column.

What only a store can tell (ids that are gone, assertions that cannot apply to a case)
is looked at by `suite check`.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from snaptrace.snapshot.object_names import plain
from snaptrace.suite import rules
from snaptrace.suite.errors import Problem, SuiteFileError
from snaptrace.suite.model import (
    AssertEntry,
    IgnoreEntry,
    PinEntry,
    Scope,
    Suite,
)
from snaptrace.suite.patterns import pattern_problem
from snaptrace.suite.yaml_tree import Path, Tree, read

# Kinds of assertions, each with what says why a value does not fit it ("": it fits).
Kinds: TypeAlias = Mapping[str, Callable[[Any], str]]

TOP_KEYS: Final = ("suite", "owner", "runs", "pin", "assert", "ignore")
PIN_KEYS: Final = ("id", "rule", "owner", "why", "since", "hard")
SCOPE_KEYS: Final = ("id", "route", "service", "modality")
ASSERT_KEYS: Final = ("for", "required", "at_least", "warning")
IGNORE_WORDS: Final = ("wording", "order", "ids", "timestamps", "number_formats")
IGNORE_KEYS: Final = ("json", "pattern", "for")
MODALITIES: Final = ("text", "image", "audio", "video", "document", "mixed")
MOST_ENTRIES: Final = 10_000
MOST_RUNS: Final = 100
SHORTEST_ID: Final = 6  # characters of the beginning of an id
_HEX: Final = frozenset("0123456789abcdef")
_AT_LEAST: Final = "as '3 of 5'"


def parse(data: bytes, kinds: Kinds) -> Suite:
    """Read a suite file.

    Raises:
        SuiteFileError: every mistake that was found, each with its place.
    """
    tree = read(data)
    reader = _Reader(tree, kinds)
    suite = reader.suite()
    if reader.problems:
        ordered = sorted(reader.problems, key=lambda p: (p.line, p.column))
        raise SuiteFileError(ordered)
    return suite


class _Reader:
    def __init__(self, tree: Tree, kinds: Kinds) -> None:
        self._tree, self._kinds = tree, kinds
        self.problems: list[Problem] = []

    def suite(self) -> Suite:
        top = self._tree.value
        if not isinstance(top, dict):
            self._wrong((), "a suite is an object with suite, pin, assert and ignore")
            return Suite(name="")
        self._keys((), top, TOP_KEYS)
        name = self._text((), top, "suite")
        if not name:
            self._wrong(("suite",), "the suite's name is missing, as `suite: release`")
        elif not _is_plain(name):
            self._wrong(("suite",), "letters, digits and _.- only")
        runs = top.get("runs", 5)
        if not _is_count(runs) or runs > MOST_RUNS:
            self._wrong(("runs",), f"a number from 1 to {MOST_RUNS} is wanted")
        return Suite(
            name=name,
            owner=self._text((), top, "owner"),
            runs=runs if _is_count(runs) else 5,
            pins=tuple(self._pins(top)),
            assertions=tuple(self._assertions(top)),
            ignores=tuple(self._ignores(top)),
        )

    def _pins(self, top: dict[str, Any]) -> list[PinEntry]:
        found: list[PinEntry] = []
        owners: dict[str, str] = {}
        for place, entry in self._list(top, "pin"):
            path: Path = ("pin", place)
            if not isinstance(entry, dict):
                self._wrong(path, "a pin is an object with id or rule")
                continue
            self._keys(path, entry, PIN_KEYS)
            pin = self._pin(path, place, entry)
            if pin.id and pin.id in owners:
                said = owners[pin.id]
                two = f" and owned by {said!r} there" if said != pin.owner else ""
                self._wrong((*path, "id"), f"{pin.id} is pinned above{two}")
            owners.setdefault(pin.id, pin.owner)
            found.append(pin)
        return found

    def _pin(self, path: Path, place: int, entry: dict[str, Any]) -> PinEntry:
        case, rule = self._text(path, entry, "id"), self._text(path, entry, "rule")
        if bool(case) == bool(rule):
            self._wrong(path, "give id or rule, one of them")
        if case and not _is_id(case):
            self._wrong(
                (*path, "id"), f"no snapshot id: {SHORTEST_ID} to 32 hex digits"
            )
        if rule:
            try:
                rules.parse(rule)
            except ValueError as error:
                self._wrong((*path, "rule"), str(error))
        since = self._text(path, entry, "since")
        if since and not _is_date(since):
            self._wrong((*path, "since"), "a date is wanted, as 2026-11-20")
        return PinEntry(
            id=case,
            rule=rule,
            owner=self._text(path, entry, "owner"),
            why=self._text(path, entry, "why"),
            since=since,
            hard=self._flag(path, entry, "hard"),
            place=place,
        )

    def _assertions(self, top: dict[str, Any]) -> list[AssertEntry]:
        found: list[AssertEntry] = []
        for place, entry in self._list(top, "assert"):
            path: Path = ("assert", place)
            if not isinstance(entry, dict):
                self._wrong(path, "an assertion is an object, as `number: 42.7`")
                continue
            self._keys(path, entry, (*ASSERT_KEYS, *self._kinds))
            scope = self._scope(path, entry)
            at_least, runs = self._often(path, entry)
            kinds = [key for key in entry if key in self._kinds]
            if not kinds:
                self._wrong(path, f"one of {', '.join(self._kinds)} is wanted")
            for kind in kinds:
                if why := self._kinds[kind](entry[kind]):
                    self._wrong((*path, kind), why)
                found.append(
                    AssertEntry(
                        kind=kind,
                        wanted=entry[kind],
                        scope=scope,
                        at_least=at_least,
                        runs=runs,
                        warning=self._flag(path, entry, "warning"),
                        place=place,
                    )
                )
        return found

    def _often(self, path: Path, entry: dict[str, Any]) -> tuple[int, int]:
        """Return (k, n) of `at_least: k of n`; (0, 0) where every run must do."""
        if "at_least" not in entry:
            self._flag(path, entry, "required")
            return 0, 0
        if entry.get("required"):
            self._wrong(path, "required and at_least contradict each other")
        words = str(entry["at_least"]).split()
        if len(words) == 3 and words[1] == "of" and words[0].isdigit():
            least, runs = int(words[0]), int(words[2]) if words[2].isdigit() else 0
            if 1 <= least <= runs <= MOST_RUNS:
                return least, runs
        self._wrong((*path, "at_least"), f"k of n runs is wanted, {_AT_LEAST}")
        return 0, 0

    def _ignores(self, top: dict[str, Any]) -> list[IgnoreEntry]:
        found: list[IgnoreEntry] = []
        for place, entry in self._list(top, "ignore"):
            path: Path = ("ignore", place)
            if isinstance(entry, str):
                if entry not in IGNORE_WORDS:
                    offered = ", ".join(IGNORE_WORDS)
                    self._wrong(path, f"one of {offered}, json: or pattern: is wanted")
                found.append(IgnoreEntry(kind=entry, place=place))
                continue
            if not isinstance(entry, dict):
                self._wrong(path, "a word, or an object with json or pattern")
                continue
            self._keys(path, entry, (*IGNORE_KEYS, *IGNORE_WORDS))
            found += self._ignored(path, place, entry)
        return found

    def _ignored(
        self, path: Path, place: int, entry: dict[str, Any]
    ) -> list[IgnoreEntry]:
        scope = self._scope(path, entry)
        found = [
            IgnoreEntry(kind=word, scope=scope, place=place)
            for word in IGNORE_WORDS
            if self._flag(path, entry, word)
        ]
        for kind in ("json", "pattern"):
            if kind not in entry:
                continue
            values = self._texts(path, entry, kind)
            if kind == "pattern":
                for value in values:
                    if why := pattern_problem(value):
                        self._wrong((*path, kind), why)
            found.append(
                IgnoreEntry(kind=kind, values=values, scope=scope, place=place)
            )
        if not found:
            self._wrong(path, "says nothing that is to be ignored")
        return found

    def _scope(self, path: Path, entry: dict[str, Any]) -> Scope:
        if "for" not in entry or entry["for"] == "all":
            return Scope()
        scope, at = entry["for"], (*path, "for")
        if not isinstance(scope, dict):
            self._wrong(at, f"all, or an object with {', '.join(SCOPE_KEYS)}")
            return Scope()
        self._keys(at, scope, SCOPE_KEYS)
        found = Scope(**{k: self._texts(at, scope, k) for k in SCOPE_KEYS})
        for modality in found.modality:
            if modality not in MODALITIES:
                why = f"{modality!r} is none of {', '.join(MODALITIES)}"
                self._wrong((*at, "modality"), why)
        for each in found.id:
            if not _is_id(each):
                self._wrong((*at, "id"), f"{each!r} is no snapshot id")
        return found

    def _list(self, top: dict[str, Any], key: str) -> list[tuple[int, Any]]:
        value = top.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong((key,), "a list is wanted")
            return []
        if len(value) > MOST_ENTRIES:
            self._wrong((key,), f"more than {MOST_ENTRIES} entries")
        return list(enumerate(value[:MOST_ENTRIES]))

    def _text(self, path: Path, entry: dict[str, Any], key: str) -> str:
        value = entry.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        self._wrong((*path, key), "a text is wanted; put it in quotes")
        return ""

    def _texts(self, path: Path, entry: dict[str, Any], key: str) -> tuple[str, ...]:
        value = entry.get(key)
        if value is None:
            return ()
        every = value if isinstance(value, list) else [value]
        if not every or not all(isinstance(v, str) and v for v in every):
            self._wrong((*path, key), "a text or a list of texts is wanted, in quotes")
            return ()
        return tuple(every)

    def _flag(self, path: Path, entry: dict[str, Any], key: str) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            self._wrong((*path, key), "true or false is wanted")
        return value is True

    def _keys(self, path: Path, entry: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in entry:
            if key not in known:
                why = f"no such key; there are {', '.join(known)}"
                self._wrong((*path, key), why)

    def _wrong(self, path: Path, why: str) -> None:
        self.problems.append(self._tree.problem(path, why))


def _is_plain(name: str) -> bool:
    try:
        plain(name)
    except ValueError:
        return False
    return True


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_id(text: str) -> bool:
    return SHORTEST_ID <= len(text) <= 32 and not set(text) - _HEX


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
