"""A provider's count of input tokens: a real vocabulary, a simplified frame.

Texts are counted by a published BPE vocabulary. What a provider adds around them is
simplified: 3 tokens a turn, tools as compact JSON, images by OpenAI's rule of tiles,
sound at 10 tokens a second, a document's bytes as its text. No real provider counts
exactly so; both sides of a comparison are counted alike, as by one provider.
"""

import base64
import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from PIL import Image

# What a model reads, by its key without underscores, in lower case.
_READ = {
    *("messages", "system", "input", "instructions", "contents", "systeminstruction"),
    *("tools", "toolconfig", "functions", "prompt", "responseformat", "text"),
}
_SCHEMAS = {"tools", "toolconfig", "functions", "responseformat"}
# What no model reads of a turn: names of the protocol, ids, marks for caches.
_UNREAD = {
    *("id", "type", "toolcallid", "callid", "tooluseid", "index", "status", "detail"),
    *("cachecontrol", "cachepoint", "mediatype", "mimetype", "format", "filename"),
    *("role", "fileid", "signature", "thoughtsignature"),
}
_DATA_URL = re.compile(r"data:([^;,]*)[^,]*,", re.IGNORECASE)
_PER_TURN, _PER_REQUEST = 3, 3
_EXTERNAL_IMAGE = 765  # 1024 pixels square
_BYTES_PER_SECOND = 16_000
_SHORTEST_BASE64 = 200
_BASE64 = re.compile(r"[A-Za-z0-9+/\-_]+={0,2}\s*")


class Counter:
    """Counts requests by one vocabulary."""

    def __init__(self, vocabulary: str) -> None:
        from bpe_openai import get_encoding  # noqa: PLC0415 - of an optional group

        self.name = vocabulary
        self._encoding = get_encoding(vocabulary)
        self._known: dict[str, int] = {}

    def count(self, body: dict[str, Any]) -> int:
        """Return the input tokens of a request in any API's shape."""
        total = _PER_REQUEST
        for key, value in body.items():
            name = _plain(key)
            if name not in _READ:
                continue
            if name in _SCHEMAS:
                total += self._text(_compact(value)) if value else 0
            elif name == "text":
                total += self._text(_compact(value)) if isinstance(value, dict) else 0
            else:
                total += self._turns(value)
        return total

    def _turns(self, value: object) -> int:
        turns = value if isinstance(value, list) else [value]
        return sum(
            _PER_TURN + sum(self._piece(piece) for piece in _pieces(turn))
            for turn in turns
        )

    def _piece(self, piece: str) -> int:
        if url := _DATA_URL.match(piece):
            return _medium(piece[url.end() :])
        if len(piece) > _SHORTEST_BASE64 and _BASE64.fullmatch(piece):
            return _medium(piece)
        return self._text(piece)

    def _text(self, text: str) -> int:
        if (known := self._known.get(text)) is None:
            clean = text.encode("utf-8", "replace").decode()
            known = len(self._encoding.encode_ordinary(clean))
            self._known[text] = known
        return known


def _pieces(turn: object) -> Iterator[str]:
    """Yield what a model reads of a turn, media as they stand there."""
    stack = [turn]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += [v for k, v in value.items() if _plain(k) not in _UNREAD]
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, str):
            yield value
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def _medium(encoded: str) -> int:
    plain = encoded.strip().replace("-", "+").replace("_", "/")
    data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    try:
        with Image.open(io.BytesIO(data)) as image:
            return _tiles(*image.size)
    except OSError:
        if data[:4] == b"%PDF":
            return len(data) // 4
        return max(1, round(10 * len(data) / _BYTES_PER_SECOND))


def _tiles(width: int, height: int) -> int:
    """Return an image's tokens at high detail.

    Source: OpenAI, "Images and vision": within 2048 square, the shorter side to 768 at
    most, 85 tokens and 170 for each tile of 512 square.
    """
    scale = min(1.0, 2048 / max(width, height))
    width, height = int(width * scale), int(height * scale)
    scale = min(1.0, 768 / max(min(width, height), 1))
    tiles = math.ceil(width * scale / 512) * math.ceil(height * scale / 512)
    return 85 + 170 * max(tiles, 1)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _plain(key: str) -> str:
    return key.replace("_", "").lower()
