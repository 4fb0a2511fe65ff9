"""From a snapshot to the bytes of one API's request: cleaned, mapped, overridden.

`fit` is what an API adds of its own: delivery flags, where a system prompt stands.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from replayd.providers.contract import Overrides, Refusal
from replayd.providers.preparation.hygiene import clean
from replayd.providers.preparation.parameter_places import find
from replayd.providers.preparation.profiles import (
    Profile,
    fitted,
    left_out,
    profile_of,
    without,
)
from replayd.providers.translate import INVOKE, cross
from replayd.providers.wire.encode import MediaMissingError, encode
from snaptrace.snapshot.apis import bedrock_invoke
from snaptrace.snapshot.model import Json, Snapshot

Body = dict[str, Json]


class Sendable(NamedTuple):
    """A body in the API's shape, and the parameters that it was sent without."""

    body: Body
    left_out: tuple[str, ...]


class Prepared(NamedTuple):
    """A body's bytes, and the parameters that it is sent without."""

    body: bytes
    left_out: tuple[str, ...]


def bearer(key: str) -> dict[str, str]:
    """Return the credential as RFC 6750 has it; all of OpenAI's APIs take it."""
    return {"authorization": f"Bearer {key}"}


def prepare(
    api: str,
    snapshot: Snapshot,
    media: Mapping[int, bytes],
    model: str,
    overrides: Overrides,
    *,
    fit: Callable[[Body], Body],
) -> Prepared | Refusal:
    """Return the body for `api`, or why there is none."""
    profile = profile_of(api, model, overrides.profile)
    found = sendable(api, snapshot, model, overrides, profile)
    if isinstance(found, Refusal):
        return found
    body = fit(found.body)
    if overrides.params:
        body = merged(body, overrides.params)
    told = fitted(profile, api, body)
    if isinstance(told, Refusal):
        return told
    try:
        return Prepared(encode(told, snapshot.media, media), found.left_out)
    except MediaMissingError as error:
        missing = snapshot.media[error.index : error.index + 1]
        return Refusal(reason="media_missing", paths=tuple(m.path for m in missing))


def sendable(
    api: str,
    snapshot: Snapshot,
    model: str,
    overrides: Overrides,
    profile: Profile | None = None,
) -> Sendable | Refusal:
    """Return the recorded body, cleaned, in the shape of `api`; references in place.

    What a model of either arm refuses is taken out while the body is as recorded, so
    that both arms lose the same.
    """
    kept = clean(snapshot, snapshot.request.body, overrides.allowed_tools)
    if isinstance(kept, Refusal):
        return kept
    source = snapshot.request.api
    refused = (*overrides.leave_out, *left_out(profile, source, kept.body))
    names = tuple(dict.fromkeys(n for n in refused if find(source, kept.body, n)))
    body = without(source, kept.body, names)
    if source == api and not _other_family(api, body, model):
        return Sendable(body, names)
    crossed = cross(snapshot, body, api, model)
    return crossed if isinstance(crossed, Refusal) else Sendable(crossed, names)


def _other_family(api: str, body: Body, model: str) -> bool:
    """Detect a body of InvokeModel that was written for models of another family."""
    if api != INVOKE:
        return False
    wanted = bedrock_invoke.family_of_model(model)
    return bool(wanted) and wanted != bedrock_invoke.family_of_body(body)


def merged(body: Body, changes: Mapping[str, Json]) -> Body:
    """Return `body` with `changes` over it, objects merged key by key.

    A change to None takes the field out.
    """
    result = dict(body)
    for key, value in changes.items():
        here = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(here, Mapping):
            result[key] = merged(dict(here), value)
        else:
            result[key] = value
    return result
