"""Profiles of model families: fields that they refuse, known before sending.

A parameter that one arm's model refuses is left out for both arms alike, by its name;
what the family calls otherwise is renamed; what cannot be mended is not sent. The
families are data: `profiles.toml`.
"""

import fnmatch
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from replayd.providers.contract import Refusal
from replayd.providers.preparation.parameter_places import find, rename, take_out
from replayd.providers.preparation.profile_rules import RULES
from snaptrace.snapshot.model import Json

NONE = "none"  # an arm's setting: no family fits its model
_FILE = Path(__file__).with_suffix(".toml")


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of models; see the head of `profiles.toml`."""

    name: str
    apis: frozenset[str]
    models: tuple[str, ...]
    source: str
    leave_out: tuple[str, ...] = ()
    always_leave_out: tuple[str, ...] = ()
    accepts: dict[str, float | str] = {}
    unless: dict[str, tuple[str, ...]] = {}
    one_of: tuple[str, ...] = ()  # of these the first that is there stays
    rename: dict[str, str] = {}
    most: dict[str, float] = {}  # above it a value is refused
    rules: tuple[str, ...] = ()


@lru_cache
def profiles() -> tuple[Profile, ...]:
    """Return every family, in the order in which they are asked."""
    with _FILE.open("rb") as file:
        found = tomllib.load(file)["family"]
    return msgspec.convert(found, tuple[Profile, ...])


@lru_cache(maxsize=256)
def profile_of(api: str, model: str, named: str = "") -> Profile | None:
    """Return the family of a model; `named` is the operator's own choice of one."""
    if named:
        return next((p for p in profiles() if p.name == named), None)
    name = _bare(model)
    for profile in profiles():
        fits = any(fnmatch.fnmatchcase(name, pattern) for pattern in profile.models)
        if fits and api in profile.apis:
            return profile
    return None


def left_out(
    profile: Profile | None, api: str, body: Mapping[str, Json]
) -> tuple[str, ...]:
    """Return the parameters of a recorded body that a family refuses.

    `api` is that of the body, which another arm may be sent in another shape.
    """
    if profile is None:
        return ()
    names = list(profile.always_leave_out)
    if not _excused(profile, api, body):
        names += profile.leave_out
    given = [name for name in profile.one_of if find(api, body, name)]
    names += given[1:]
    return tuple(name for name in names if _refused(profile, api, body, name))


def without(
    api: str, body: Mapping[str, Json], names: tuple[str, ...]
) -> dict[str, Json]:
    """Return a recorded body without some parameters; the given one stays as it is."""
    found = dict(body)
    for name in names:
        found = take_out(api, found, name)
    return found


def fitted(
    profile: Profile | None, api: str, body: dict[str, Json]
) -> dict[str, Json] | Refusal:
    """Return the body that is sent, or what of it the family refuses."""
    if profile is None:
        return body
    for name, new in profile.rename.items():
        body = rename(body, name, new) if api.endswith("_chat") else body
    above = [
        name
        for name, most in profile.most.items()
        for value in find(api, body, name)
        if isinstance(value, int | float) and value > most
    ]
    for rule in profile.rules:
        body, refused = RULES[rule](api, body)
        above += refused
    if above:
        return Refusal(reason="model_refuses", paths=tuple(dict.fromkeys(above)))
    return body


def _bare(model: str) -> str:
    """Return a model's name without its provider, region and version of Bedrock's."""
    name = model.lower().rpartition("/")[2]
    for sign in ("anthropic.", "mistral."):
        name = name.rpartition(sign)[2]
    return name


def _excused(profile: Profile, api: str, body: Mapping[str, Json]) -> bool:
    for name, values in profile.unless.items():
        given = find(api, body, name)
        if (given[0] if given else "") in values:
            return True
    return False


def _refused(profile: Profile, api: str, body: Mapping[str, Json], name: str) -> bool:
    given = [v for v in find(api, body, name) if v is not None and v is not False]
    accepted = profile.accepts.get(name)
    return any(value != accepted for value in given)
