"""From a snapshot to the bytes of one API's request: cleaned, mapped, overridden.

`fit` is what an API adds of its own: delivery flags, where a system prompt stands.
"""

from collections.abc import Callable, Mapping

from replayd.providers.contract import Overrides, Refusal
from replayd.providers.encode import MediaMissingError, encode
from replayd.providers.hygiene import clean
from replayd.providers.translate import INVOKE, cross
from snaptrace.snapshot.apis import bedrock_invoke
from snaptrace.snapshot.model import Json, Snapshot

Body = dict[str, Json]


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
) -> bytes | Refusal:
    """Return the body for `api`, or why there is none."""
    body = sendable(api, snapshot, model, overrides)
    if isinstance(body, Refusal):
        return body
    fitted = fit(body)
    if overrides.params:
        fitted = merged(fitted, overrides.params)
    try:
        return encode(fitted, snapshot.media, media)
    except MediaMissingError as error:
        missing = snapshot.media[error.index : error.index + 1]
        return Refusal(reason="media_missing", paths=tuple(m.path for m in missing))


def sendable(
    api: str, snapshot: Snapshot, model: str, overrides: Overrides
) -> Body | Refusal:
    """Return the recorded body, cleaned, in the shape of `api`; references in place."""
    kept = clean(snapshot, snapshot.request.body, overrides.allowed_tools)
    if isinstance(kept, Refusal):
        return kept
    if snapshot.request.api == api and not _other_family(api, kept.body, model):
        return dict(kept.body)
    return cross(snapshot, kept.body, api, model)


def _other_family(api: str, body: Body, model: str) -> bool:
    """Tell a body of InvokeModel that was written for models of another family."""
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
