"""Names of traits and the values they can have. `unknown` is always one of them.

A trait never means something else under the same name: where a measure changes, so
does `VERSION`, which is part of an epoch.
"""

from typing import Final

from replayd.decoding.bounds import UNKNOWN

VERSION: Final = "1"

_LENGTHS = ("under_5_s", "under_30_s", "under_2_min", "2_min_or_more")
# By kind of medium: the traits that one has. To add one: a row here, the measure in
# the file of its medium, a line in docs/traits.md.
VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "image": {
        "image.kind": (
            *("chart", "table", "screenshot", "photo", "scan", "handwriting"),
        ),
        "image.size": ("under_0.1_mp", "under_0.5_mp", "under_2_mp", "2_mp_or_more"),
        "image.contrast": ("low", "middle", "high"),
        "image.turned": ("0", "90", "180", "270", "sideways"),
    },
    "audio": {
        "audio.length": _LENGTHS,
        "audio.rate": ("8_khz", "16_khz", "24_khz", "44_khz_or_more"),
        "audio.band": ("narrow", "wide", "full"),
        "audio.noise": ("clean", "some", "noisy"),
        "audio.pace": ("slow", "usual", "fast"),
    },
    "document": {
        "document.pages": ("1", "2_to_5", "6_to_20", "over_20"),
        "document.text": ("text", "scan", "mixed"),
    },
    "text": {
        "text.script": (
            *("latin", "cyrillic", "greek", "arabic", "hebrew", "devanagari"),
            *("han", "kana", "hangul", "thai", "other"),
        ),
        # ISO 639-1; the rest is `other`.
        "text.language": (
            *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl"),
            *("cs", "ro", "hu", "tr", "el", "ru", "uk", "ar", "he", "fa", "hi", "bn"),
            *("th", "vi", "id", "ko", "ja", "zh", "other"),
        ),
    },
}
NAMES: Final = frozenset(name for kind in VALUES.values() for name in kind)


def bounded(kind: str, found: dict[str, str]) -> dict[str, str]:
    """Return every trait of a kind of medium; what was not found is `unknown`."""
    return {
        name: value if (value := found.get(name, "")) in values else UNKNOWN
        for name, values in VALUES.get(kind, {}).items()
    }
