"""Error responses, typed: the same words whichever API said no.

Only the type, the code and known turns of phrase of an error are read; its text is
never kept, because providers quote the request in it.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

from replayd.model import Outcome
from replayd.providers.contract import Reading
from snaptrace.snapshot.model import Json
from snaptrace.streams.lenient_json import lenient, mended

READ_AT_MOST_BYTES = 65_536  # of an error body; what matters stands at its start

_CODES: dict[str, Outcome] = {
    "context_length_exceeded": "context_too_long",
    "string_above_max_length": "context_too_long",
    "request_too_large": "context_too_long",
    "exceed_context_size_error": "context_too_long",
    "content_policy_violation": "refused",
    "content_filter": "refused",
    "moderation_blocked": "refused",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "insufficient_quota": "rate_limited",
    "RESOURCE_EXHAUSTED": "rate_limited",
    "overloaded_error": "server_error",
    "overloaded": "server_error",
    "api_error": "server_error",
    "server_error": "server_error",
    "UNAVAILABLE": "server_error",
    "INTERNAL": "server_error",
    "timeout_error": "timeout",
    "DEADLINE_EXCEEDED": "timeout",
    "unsupported_image_media_type": "unsupported_modality",
    "unsupported_audio": "unsupported_modality",
}
# Names of errors that have a status of their own.
_TYPES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
}
_TOO_LONG = re.compile(
    r"maximum context length|context (?:length|window|size)|too many tokens|"
    r"prompt is too long|input is too long|input token count|"
    r"exceeds? the (?:maximum|max) (?:number of|allowed) (?:input )?tokens|"
    r"tokens[^.]{0,40}must be <=|context limit|"
    r"longer than the maximum model length|max_model_len|larger than the model",
    re.IGNORECASE,
)
_MEDIUM = r"(?:image|audio|video|vision|multi-?modal|document|pdf|file)[a-z_ ]*"
_NOT_SUPPORTED = r"(?:not|n't|un)[ -]?(?:be )?(?:support|accept|allow|enabled)"
_UNSUPPORTED = re.compile(
    rf"{_MEDIUM}[^.]{{0,60}}{_NOT_SUPPORTED}|{_NOT_SUPPORTED}[^.]{{0,60}}{_MEDIUM}|"
    r"is not a multi-?modal model|at most 0 (?:image|audio|video)|"
    r"no (?:vision|image|audio) (?:support|capability)|mmproj",
    re.IGNORECASE,
)


def fault(status: int, body: bytes) -> Reading:
    """Type a response that is no success; never raises on hostile bytes."""
    code, text = _code_and_text(body[:READ_AT_MOST_BYTES])
    outcome = _by_words(status, code, text)
    detail = f"status_{status}"
    if outcome == "rate_limited" and code == "insufficient_quota":
        detail = "insufficient_quota"
    return Reading(outcome=outcome, detail=detail)


def fault_in_answer(error: object) -> Reading:
    """Type an error that came in the place of an answer, under a status of success.

    A stream that began can no longer say it with its status: an event does.
    """
    found = error if isinstance(error, Mapping) else {"message": str(error)}
    names = [str(found.get(key) or "") for key in ("code", "status", "type")]
    numbers = [int(n) for n in names if n.isascii() and n.isdigit() and len(n) == 3]
    typed = [_TYPES[name] for name in names if name in _TYPES]
    status = next((n for n in numbers if 400 <= n <= 599), None) or next(
        iter(typed), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    code = next((name for name in names if name in _CODES), "")
    text = str(found.get("message") or found.get("detail") or "")
    outcome = _CODES.get(code) or _by_words(status, code, text[:READ_AT_MOST_BYTES])
    return Reading(outcome=outcome, detail="error_event")


def _by_words(status: int, code: str, text: str) -> Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limited"
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT):
        return "timeout"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Some servers answer 500 to what they cannot take; the words decide.
        return "unsupported_modality" if _UNSUPPORTED.search(text) else "server_error"
    if status < HTTPStatus.BAD_REQUEST:
        return "malformed"  # a redirect, or a success without what was asked for
    if code in _CODES:
        return _CODES[code]
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _TOO_LONG.search(text):
        return "context_too_long"
    if _UNSUPPORTED.search(text) or status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return "unsupported_modality"
    return "bad_request"


def _code_and_text(body: bytes) -> tuple[str, str]:
    """Return an error's code and words from the shapes that servers use."""
    found: Json = mended(lenient(body))
    if found is None:
        return "", body.decode("utf-8", "replace")
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, Mapping):
        return "", str(found)
    inner = found.get("error", found)
    if not isinstance(inner, Mapping):
        return "", str(inner)
    text = str(inner.get("message") or inner.get("detail") or "")
    names = [str(inner.get(k) or "") for k in ("code", "status", "type")]
    return next((n for n in names if n in _CODES), ""), text
