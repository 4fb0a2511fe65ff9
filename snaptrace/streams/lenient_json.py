"""JSON as servers send it, broken characters and numbers included. Never raises.

An answer is not thrown away for a token that nobody reads: NaN and infinities become
null, broken characters U+FFFD. Characters cut between two events of a stream stay in
halves until the pieces were joined; `mended` makes them whole.
"""

import json
import math
import re
from typing import Any

import msgspec

DEEPEST = 200  # nested arrays and objects; beyond it no walk is safe
_BOM = b"\xef\xbb\xbf"
_HALF = re.compile("[\ud800-\udfff]")
# Halves that no byte of a cut character was turned into.
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def lenient(data: bytes) -> Any:  # noqa: ANN401 - hostile JSON is anything
    """Return the value, or None; text may hold halves of characters: see `mended`."""
    data = data.removeprefix(_BOM)
    if data.count(b"[") + data.count(b"{") > DEEPEST and _depth(data) > DEEPEST:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # what follows takes three times as long, and takes more
    try:
        return json.loads(
            data.decode("utf-8", "surrogateescape"),
            strict=False,
            parse_constant=_nothing,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        return None


def mended(value: Any) -> Any:  # noqa: ANN401
    """Return a value of `lenient` with every text whole and fit to be encoded."""
    if isinstance(value, str):
        return mended_text(value)
    if isinstance(value, list):
        return [mended(inner) for inner in value]
    if isinstance(value, dict):
        return {mended_text(key): mended(inner) for key, inner in value.items()}
    return value


def mended_text(text: str) -> str:
    """Join halves that belong together; what is left over becomes U+FFFD."""
    if text.isascii() or not _HALF.search(text):
        return text
    # Pairs first: their second half may look like a byte of a cut character.
    paired = text.encode("utf-16-le", "surrogatepass")
    text = paired.decode("utf-16-le", "surrogatepass")
    text = _NO_BYTE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _depth(data: bytes) -> int:
    """Return how deep brackets nest, those inside of texts left out."""
    deep = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', data, re.DOTALL):
        first = token[0][:1]
        if first in b"[{":
            deep += 1
            deepest = max(deepest, deep)
        elif first in b"]}":
            deep -= 1
    return deepest


def _nothing(_constant: str) -> None:
    return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
