"""Settings of redaction, equal for snapshots and for answers of replays.

The relay checks these at start, so nothing here may cost it memory.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from snaptrace.snapshot.model import MediaKind

DetectorName = Literal[
    "secret", "email", "iban", "card", "national_id", "ip", "phone", "identifier"
]
ALL_DETECTORS: tuple[DetectorName, ...] = (
    "secret",
    "email",
    "iban",
    "card",
    "national_id",
    "ip",
    "phone",
    "identifier",
)


class RedactRule(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"with_": "with"},
):
    """One rule of the operator; at least one of the three conditions is set.

    A value has to meet all conditions that are set. `pattern` alone concerns every
    text; with `path` or `attribute` it concerns those values, and without a pattern
    the whole value is taken.
    """

    # Kind of its pseudonyms, and label of its counter.
    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    pattern: str = ""  # regular expression; its first group, else the whole match
    # Leaf path in the request body without indices, as `messages.content.text`, or
    # below `answer`; `*` stands for one key, `**` at the end for all below.
    path: str = ""
    attribute: str = ""  # name of a kept span attribute
    with_: Literal["pseudonym", "nothing"] = "pseudonym"  # nothing: an empty text

    def __post_init__(self) -> None:
        if not (self.pattern or self.path or self.attribute):
            raise ValueError("a rule needs pattern, path or attribute")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None


class RedactConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sections `collector.privacy` and `replayd.privacy`; set them alike."""

    # Kinds of values that are replaced in text.
    detectors: tuple[DetectorName, ...] = ALL_DETECTORS
    rules: tuple[RedactRule, ...] = ()
    # Kinds of media whose bytes are not kept: the call stays, without a replay.
    drop_media: tuple[MediaKind, ...] = ()
    # Media of unknown formats, and PDFs whose glyphs no table explains: keep those in
    # whose bytes nothing is found, or drop all.
    unstrippable_media: Literal["keep", "drop"] = "keep"
    # Entry points of the group `snaptrace.redactors`, run in a process of their own.
    image_plugin: str = ""
    # The same for audio, by its name among the entry points `snaptrace.redactors`.
    audio_plugin: str = ""
    plugin_seconds: Annotated[float, Meta(gt=0, le=600)] = 20.0  # then the medium goes
