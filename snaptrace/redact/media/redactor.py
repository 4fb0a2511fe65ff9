"""Media before they are stored: dropped by rule, cleaned of metadata, digested."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.budget import BudgetSpentError
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.media.charsets import text_of, words_in
from snaptrace.redact.media.documents import clean_document
from snaptrace.redact.media.plugin import Plugin, PluginFailedError
from snaptrace.redact.media.strip import strip
from snaptrace.redact.text.encoded import Medium as Found
from snaptrace.snapshot.model import Fidelity, Media, Snapshot

_REASON = "media_redacted"  # a row of the collector's fidelity reasons


class MediaRedactor:
    """Decides over every inline medium of a call."""

    def __init__(
        self,
        config: RedactConfig,
        key: FleetKey,
        hidden: tuple[str, ...] = (),
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `pace` between pieces of work: it raises where there was too much."""
        self._pace = pace
        self._config, self._key = config, key
        named = {"image": config.image_plugin, "audio": config.audio_plugin}
        self._plugins: dict[str, Plugin] = {
            kind: Plugin(name, config.plugin_seconds, hidden)
            for kind, name in named.items()
            if name
        }

    def close(self) -> None:
        """End the plug-ins' processes."""
        for plugin in self._plugins.values():
            plugin.close()

    def redact(
        self,
        snapshot: Snapshot,
        blobs: Mapping[int, bytes],
        counts: Counter[str],
        clean_text: Callable[[str], str],
    ) -> tuple[Snapshot, dict[int, bytes]]:
        """Return the snapshot with digests filled in, and the bytes to store.

        `clean_text` takes out of a text what may not be stored.

        `blobs` are numbered through: those of the request, then those of the answer.
        """
        asked, said = snapshot.media, snapshot.answer.media
        media, kept = self.redact_all((*asked, *said), blobs, counts, clean_text)
        gone = [
            medium.path
            for index, medium in enumerate(asked)
            if medium.state == "inline" and index not in kept
        ]
        clean_snapshot = msgspec.structs.replace(
            snapshot,
            media=media[: len(asked)],
            answer=msgspec.structs.replace(snapshot.answer, media=media[len(asked) :]),
            fidelity=_without(snapshot.fidelity, gone) if gone else snapshot.fidelity,
        )
        return clean_snapshot, kept

    def redact_all(
        self,
        media: Sequence[Media],
        blobs: Mapping[int, bytes],
        counts: Counter[str],
        clean_text: Callable[[str], str],
    ) -> tuple[tuple[Media, ...], dict[int, bytes]]:
        """Return media with digests filled in, and the bytes to store, by index."""
        kept: dict[int, bytes] = {}
        clean: list[Media] = []
        for index, medium in enumerate(media):
            made, data = self._one(medium, blobs.get(index), counts, clean_text)
            if data is not None:
                kept[index] = data
            clean.append(made)
        return tuple(clean), kept

    def _one(
        self,
        medium: Media,
        data: bytes | None,
        counts: Counter[str],
        clean_text: Callable[[str], str],
    ) -> tuple[Media, bytes | None]:
        if medium.state != "inline":
            return medium, None
        try:
            cleaned = self._cleaned(medium, data, counts, clean_text)
        except BudgetSpentError:
            counts[f"{medium.kind}_too_costly"] += 1
            cleaned = None
        if data is None or cleaned is None:
            counts[f"{medium.kind}_dropped"] += 1
            return _shape(medium, data), None
        stored, is_stripped = cleaned
        clean = msgspec.structs.replace(
            medium,
            digest=self._key.media_digest(stored),
            size_bytes=len(stored),
            stripped=is_stripped,
        )
        return clean, stored

    def clean_in_text(
        self, found: Found, clean_text: Callable[[str], str]
    ) -> tuple[str, bytes | None]:
        """Return what was done to a medium that stands in a text, and its bytes."""
        medium = Media(kind=found.kind, mime=found.mime, state="inline")
        cleaned = self._cleaned(medium, found.data, Counter(), clean_text)
        if cleaned is None:
            return f"{found.kind}_dropped", None
        return "metadata", cleaned[0]

    def _cleaned(
        self,
        medium: Media,
        data: bytes | None,
        counts: Counter[str],
        clean_text: Callable[[str], str],
    ) -> tuple[bytes, bool] | None:
        """Return the bytes to store, and whether they were changed; None: it goes."""
        if data is None or medium.kind in self._config.drop_media:
            return None
        redacted = self._plugged(medium, data, counts)
        if redacted is None:
            return None
        stripped = self._stripped(redacted, counts, clean_text)
        if stripped is None:
            return None
        cleaned = clean_document(
            stripped,
            clean_text,
            keeps_opaque=self._config.unstrippable_media == "keep",
            pace=self._pace,
        )
        if cleaned is None:
            return None
        if cleaned != stripped:
            counts[f"{medium.kind}_redacted"] += 1
        return cleaned, cleaned != redacted

    def _stripped(
        self, data: bytes, counts: Counter[str], clean_text: Callable[[str], str]
    ) -> bytes | None:
        """Return the medium without metadata; None: it must go."""
        if text_of(data) is not None:
            return data  # words and nothing else: cleaned as such
        stripped = strip(data)
        if stripped is None and data.startswith(b"PK\x03\x04"):
            return data  # no Office document: its parts are read one by one
        if stripped is None:
            # Nobody knows its format, so look for words in it.
            words = words_in(data)
            if self._config.unstrippable_media == "drop" or clean_text(words) != words:
                return None
            counts["metadata_kept"] += 1
            return data
        if stripped != data:
            counts["metadata"] += 1
        return stripped

    def _plugged(
        self, medium: Media, data: bytes, counts: Counter[str]
    ) -> bytes | None:
        """Return what the kind's plug-in makes of the bytes; None: they must go."""
        plugin = self._plugins.get(medium.kind)
        if plugin is None:
            return data
        try:
            made = plugin.redact(data, medium.mime)
        except PluginFailedError:
            counts[f"{medium.kind}_plugin_failed"] += 1
            return None
        if made is not None and made != data:
            counts[f"{medium.kind}_redacted"] += 1
        return made


def _shape(medium: Media, data: bytes | None) -> Media:
    """Keep the shape, not the bytes."""
    size = medium.size_bytes if data is None else len(data)
    return msgspec.structs.replace(medium, state="redacted", digest="", size_bytes=size)


def _without(fidelity: Fidelity, paths: list[str]) -> Fidelity:
    """Say that the bytes at `paths` are gone: such a call cannot be replayed."""
    return msgspec.structs.replace(
        fidelity,
        level="unreplayable",
        missing=tuple(dict.fromkeys((*fidelity.missing, *paths))),
        reasons=tuple(dict.fromkeys((*fidelity.reasons, _REASON))),
    )
