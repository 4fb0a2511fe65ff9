"""The one choke point: what passes here may be stored, and nothing else may."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.budget import WorkBudget
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.media.redactor import MediaRedactor
from snaptrace.redact.rules import PathRules, Rule
from snaptrace.redact.text.detectors import TELLING_KEY
from snaptrace.redact.text.pseudonyms import Pseudonyms
from snaptrace.redact.text.redactor import Replacement, TextRedactor
from snaptrace.redact.text.secret_detectors import SECRET_KEY
from snaptrace.snapshot.model import (
    Answer,
    Json,
    Media,
    Redaction,
    ReplacedText,
    Request,
    Snapshot,
)

# Raised whenever a detector, a pseudonym or the walk changes what is taken out.
VERSION = "3"
# A provider's own sealed state, which it wants back unchanged: no person wrote it.
_OPAQUE_KEYS = frozenset(
    {"signature", "thought_signature", "thoughtSignature", "encrypted_content"}
)
_OPAQUE = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_SHORTEST_KNOWN = 6  # characters; a shorter user id would match everywhere
_LONGEST_ATTRIBUTE = 256  # characters; cut only now: half a key is not recognised
_LONGEST_TOLD = 64  # characters of a value that its field's name may explain
_WORD_ENDS = re.compile(r"[_\-.]+|(?<=[a-z])(?=[A-Z])")
_LONGEST_KNOWN = 256  # a longer one is no id; as a pattern it would cost seconds
_REASON = re.compile(r"[A-Za-z_]{0,40}")
_LEAST_NUMBER = 10**11  # a card as a JSON number has at least 12 digits
_MOST_REPLACED = 4096  # recorded places in one call; counts go on
_MOST_LEVELS = 100
# Of processor time, for one call; ten megabytes of prose cost about two.
_MEDIA_SECONDS, _TEXT_SECONDS = 5.0, 5.0
# Request fields that name a person whatever they look like.
_IDENTIFIER_PATHS = frozenset(
    {"user", "safety_identifier", "metadata.user_id", "metadata.user", "end_user"}
)


class Unredacted(Protocol):
    """A call with what may not be stored as it is."""

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in the making."""
        ...

    @property
    def blobs(self) -> Mapping[int, bytes]:
        """Bytes of inline media: those of the request, then those of the answer."""
        ...

    @property
    def session_id(self) -> str:
        """The session as the telemetry had it."""
        ...

    @property
    def user_id(self) -> str:
        """The user as the telemetry had it."""
        ...


class Clean(NamedTuple):
    """A call as it may be stored."""

    snapshot: Snapshot
    blobs: dict[int, bytes]


class Redactor:
    """Takes personal data and secrets out of calls; same input, same output.

    Safe to use again and again; what was redacted once comes back unchanged.
    """

    def __init__(
        self, config: RedactConfig, key: FleetKey, key_files: tuple[str, ...] = ()
    ) -> None:
        """Redact under a fleet's key, whose files no plug-in may read."""
        self._key, self._config = key, config
        self._pseudonyms = Pseudonyms(key)
        self._budget = WorkBudget()
        self._media = MediaRedactor(config, key, key_files, self._budget.check)
        self._texts = TextRedactor(
            config, self._pseudonyms, self._media.clean_in_text, self._budget.check
        )
        self._paths = PathRules(config)
        self.version = _version(config)

    def redact(self, call: Unredacted) -> Clean:
        """Return the call as it may be stored.

        Fills the redaction record, keyed session and user, and the digests of media,
        taken over the bytes as they will be stored.

        Raises:
            BudgetSpentError: its texts cost too much; media that do are dropped.
        """
        known = _known_values(call) if self._is_on("identifier") else None
        walk = _Walk(self._texts, self._paths, self._pseudonyms, known)
        self._budget.start(_MEDIA_SECONDS)
        clean, blobs = self._media.redact(
            call.snapshot, call.blobs, walk.counts, walk.clean
        )
        self._budget.start(_TEXT_SECONDS)
        snapshot = walk.snapshot(clean, identifiers=self._is_on("identifier"))
        redacted = msgspec.structs.replace(
            snapshot,
            session=self._subject("session", call.session_id, snapshot.session),
            user=self._subject("user", call.user_id, snapshot.user),
            redaction=Redaction(
                version=self.version,
                counts=dict(sorted(walk.counts.items())),
                replaced=tuple(walk.replaced),
            ),
        )
        return Clean(redacted, blobs)

    def redact_answer(
        self, answer: Answer, blobs: Mapping[int, bytes]
    ) -> tuple[Answer, dict[int, bytes]]:
        """Return a replayed answer as it may be stored: as if it had been recorded.

        `blobs` holds the bytes of `answer.media` by index.

        Raises:
            BudgetSpentError: its texts cost too much; media that do are dropped.
        """
        walk = _Walk(self._texts, self._paths, self._pseudonyms, None)
        self._budget.start(_MEDIA_SECONDS)
        media, kept = self._media.redact_all(
            answer.media, blobs, walk.counts, walk.clean
        )
        self._budget.start(_TEXT_SECONDS)
        return walk.answer(msgspec.structs.replace(answer, media=media)), kept

    def close(self) -> None:
        """End the processes of plug-ins; harmless if there are none."""
        self._media.close()

    def label(self, text: str) -> str:
        """Return a name, as of a service, as it may stand in headers and metrics."""
        return self._texts.redact(text)[0]

    def _subject(self, kind: str, value: str, known: str) -> str:
        return self._key.subject(kind, value) if value else known

    def _is_on(self, detector: str) -> bool:
        return detector in self._config.detectors


class _Place(NamedTuple):
    """Where in a body the walk is."""

    path: str = ""  # with indices, and keys as they will be stored
    leaf: str = ""  # without indices, and keys as they were: what rules speak of
    depth: int = 0

    def field(self, key: str, name: str) -> "_Place":
        """Return the place below a key, stored as `name`."""
        return _Place(
            f"{self.path}.{name}" if self.path else name,
            f"{self.leaf}.{key}" if self.leaf else key,
            self.depth + 1,
        )

    def item(self, index: int) -> "_Place":
        """Return the place of an element."""
        path = f"{self.path}.{index}" if self.path else str(index)
        return _Place(path, self.leaf, self.depth + 1)


class _Walk:
    """One pass over one call."""

    def __init__(
        self,
        texts: TextRedactor,
        paths: PathRules,
        pseudonyms: Pseudonyms,
        known: "re.Pattern[str] | None",
    ) -> None:
        self._texts, self._paths, self._pseudonyms = texts, paths, pseudonyms
        self._known = known
        self._identifiers: frozenset[str] = frozenset()
        self.counts: Counter[str] = Counter()
        self.replaced: list[ReplacedText] = []

    def snapshot(self, snapshot: Snapshot, *, identifiers: bool) -> Snapshot:
        """Return the snapshot with every text in it looked at."""
        self._identifiers = _IDENTIFIER_PATHS if identifiers else frozenset()
        # Every text field, so that a new one is covered on the day it is added.
        changed: dict[str, Any] = {}
        for name in snapshot.__struct_fields__:
            value = getattr(snapshot, name)
            if isinstance(value, str) and value and name not in _OWN_FIELDS:
                changed[name] = self._text(value, "")
        changed["request"] = self._request(snapshot.request)
        changed["answer"] = self.answer(snapshot.answer)
        changed["media"] = tuple(self._medium(medium) for medium in snapshot.media)
        changed["attributes"] = {
            self._text(key, ""): self._attribute(key, value)
            for key, value in snapshot.attributes.items()
        }
        changed["notes"] = tuple(self._text(note, "") for note in snapshot.notes)
        changed["fidelity"] = msgspec.structs.replace(
            snapshot.fidelity,
            missing=tuple(self._text(p, "") for p in snapshot.fidelity.missing),
            unobserved=tuple(self._text(p, "") for p in snapshot.fidelity.unobserved),
            unproven=tuple(self._text(p, "") for p in snapshot.fidelity.unproven),
        )
        return msgspec.structs.replace(snapshot, **changed)

    def clean(self, text: str) -> str:
        """Return the words of a document without what was found in them."""
        return self._text(text, "")

    def _request(self, request: Request) -> Request:
        return msgspec.structs.replace(
            request,
            path=self._text(request.path, ""),
            model=self._text(request.model, ""),
            body=self._json(request.body, _Place()),
        )

    def answer(self, answer: Answer) -> Answer:
        """Return an answer with every text in it looked at."""
        return msgspec.structs.replace(
            answer,
            text=self._body_text(answer.text, "answer.text", "answer.text"),
            refusal=self._body_text(answer.refusal, "answer.refusal", "answer.refusal"),
            tool_calls=tuple(
                msgspec.structs.replace(
                    tool,
                    name=self._text(tool.name, f"answer.tool_calls.{index}.name"),
                    arguments=self._body_text(
                        tool.arguments,
                        f"answer.tool_calls.{index}.arguments",
                        "answer.tool_calls.arguments",
                    ),
                    id=self._text(tool.id, ""),
                )
                for index, tool in enumerate(answer.tool_calls)
            ),
            media=tuple(self._medium(medium) for medium in answer.media),
            model=self._text(answer.model, ""),
            finish_reason=_finish_reason(answer.finish_reason),
            response_id=self._text(answer.response_id, ""),
            error=self._text(answer.error, ""),
        )

    def _medium(self, medium: Media) -> Media:
        return msgspec.structs.replace(
            medium,
            mime=self._text(medium.mime, ""),
            reference=self._text(medium.reference, ""),
            path=self._text(medium.path, ""),
        )

    def _attribute(self, name: str, value: str) -> str:
        clean = self._text(value, "", self._paths.of_attribute(name))
        return clean[:_LONGEST_ATTRIBUTE]

    def _json(self, value: Json, at: _Place) -> Json:
        if isinstance(value, str):
            return self._body_text(value, at.path, at.leaf)
        if at.depth > _MOST_LEVELS:
            self.counts["too_deep"] += 1
            return None
        if isinstance(value, dict):
            cleaned: dict[str, Json] = {}
            for key, item in value.items():
                name = self._text(str(key), "")
                cleaned[name] = self._field(str(key), item, at.field(str(key), name))
            return cleaned
        if isinstance(value, list | tuple):
            return [self._json(item, at.item(i)) for i, item in enumerate(value)]
        if isinstance(value, int) and abs(value) >= _LEAST_NUMBER:
            return self._number(value, at.path)
        return value

    def _field(self, key: str, item: Json, at: _Place) -> Json:
        if isinstance(item, str) and item and SECRET_KEY.fullmatch(key):
            if not (key in _OPAQUE_KEYS and _OPAQUE.fullmatch(item)):
                return self._note(self._texts.replace_whole(item, "secret"), at.path)
        elif isinstance(item, str | int) and TELLING_KEY.search(key):
            return self._told_by_key(key, item, at)
        return self._json(item, at)

    def _told_by_key(self, key: str, item: str | int, at: _Place) -> Json:
        """Redact a value that only the name of its field tells from other numbers."""
        text = str(item)
        head = f"{_WORD_ENDS.sub(' ', key)}: "
        made, spans = self._texts.redact(head + text, self._known)
        is_number = not isinstance(item, str)
        if (
            isinstance(item, bool)
            or len(text) > _LONGEST_TOLD
            or not spans
            or spans[0].start < len(head)
            or (is_number and not made[len(head) :].isdigit())
        ):
            return self._json(item, at)
        moved = tuple(
            span._replace(start=span.start - len(head), end=span.end - len(head))
            for span in spans
        )
        clean = self._note((made[len(head) :], moved), at.path)
        return int(clean) if is_number else clean

    def _body_text(self, text: str, path: str, leaf: str) -> str:
        if leaf in self._identifiers and text:
            return self._note(self._texts.replace_whole(text, "identifier"), path)
        return self._text(text, path, self._paths.of_path(leaf))

    def _text(self, text: str, path: str, placed: tuple[Rule, ...] = ()) -> str:
        if not text:
            return text
        return self._note(self._texts.redact(text, self._known, placed), path)

    def _note(self, result: tuple[str, tuple[Replacement, ...]], path: str) -> str:
        text, spans = result
        for span in spans:
            self.counts[span.kind] += 1
            is_medium = span.kind == "metadata" or span.kind.endswith("_dropped")
            if path and not is_medium and len(self.replaced) < _MOST_REPLACED:
                self.replaced.append(
                    ReplacedText(
                        path=path,
                        start=span.start,
                        end=span.end,
                        kind=span.kind,
                        pseudonym=span.pseudonym,
                    )
                )
        return text

    def _number(self, value: int, path: str) -> int:
        _, spans = self._texts.redact(str(value), self._known)
        if len(spans) != 1 or not spans[0].pseudonym.isdigit():
            return value
        made = int(spans[0].pseudonym)
        self._note((str(made), spans), path)
        return made


# Made by us from ids or clocks, or from fixed sets; a pattern must not damage them.
_OWN_FIELDS = frozenset(
    {"snapshot_id", "trace_id", "span_id", "operation", "modality", "session", "user"}
    | {"dialect", "route"}
)


def _finish_reason(text: str) -> str:
    """Return one of the words that providers use; whatever else stood there goes.

    It was brought to one spelling before, and a key in small letters is not known.
    """
    return text if _REASON.fullmatch(text) else "other"


def _known_values(call: Unredacted) -> "re.Pattern[str] | None":
    values = [
        re.escape(value)
        for value in (call.session_id, call.user_id)
        if _SHORTEST_KNOWN <= len(value) <= _LONGEST_KNOWN
    ]
    return re.compile("|".join(values)) if values else None


def _version(config: RedactConfig) -> str:
    """Return a version that changes with the code and with the configuration."""
    settings = msgspec.json.encode(config, order="sorted")
    return f"{VERSION}-{hashlib.blake2b(settings, digest_size=4).hexdigest()}"
