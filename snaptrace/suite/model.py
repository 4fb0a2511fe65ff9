"""A suite: three lists. Data only; `document.py` reads it, `lock.py` resolves it."""

from typing import Any, Final

from msgspec import Struct

DEFAULT_RUNS: Final = 5


class PinEntry(Struct, frozen=True, kw_only=True):
    """One line of `pin`: a case by id, or a rule that `lock` resolves into ids."""

    id: str = ""
    rule: str = ""
    owner: str = ""
    why: str = ""
    since: str = ""  # date
    hard: bool = False
    place: int = 0  # in the list


class Scope(Struct, frozen=True, kw_only=True):
    """Which cases an assertion is for: all of those that meet every field given."""

    id: tuple[str, ...] = ()  # ids or their beginnings
    route: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()


class AssertEntry(Struct, frozen=True, kw_only=True):
    """One line of `assert`: a kind, what is wanted, for which cases, how often."""

    kind: str
    wanted: Any
    scope: Scope = Scope()
    at_least: int = 0  # of `runs`; 0: required in every run
    runs: int = 0
    warning: bool = False  # reported, fails nothing
    place: int = 0


class IgnoreEntry(Struct, frozen=True, kw_only=True):
    """One line of `ignore`: a named class, JSON paths or a pattern."""

    kind: str  # wording, order, ids, timestamps, number_formats, json, pattern
    values: tuple[str, ...] = ()
    scope: Scope = Scope()
    place: int = 0


class Suite(Struct, frozen=True, kw_only=True):
    """A suite file, read and checked as far as that is possible without a store."""

    name: str
    owner: str = ""
    runs: int = DEFAULT_RUNS  # of a hard pin
    pins: tuple[PinEntry, ...] = ()
    assertions: tuple[AssertEntry, ...] = ()
    ignores: tuple[IgnoreEntry, ...] = ()


def covers(
    scope: Scope, *, snapshot_id: str, route: str, service: str, modality: str
) -> bool:
    """Return whether a case is in a scope."""
    return (
        (not scope.id or any(snapshot_id.startswith(each) for each in scope.id))
        and (not scope.route or route in scope.route)
        and (not scope.service or service in scope.service)
        and (not scope.modality or modality in scope.modality)
    )
