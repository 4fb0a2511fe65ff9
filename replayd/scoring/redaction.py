"""Answers of replays before anybody sees them: redacted as if they had been recorded.

Recorded answers hold pseudonyms where values stood. Under the same key and rules an
arm's answer gets the same pseudonyms, so both are compared as they are stored.
"""

import logging
from functools import lru_cache

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.model import ArmAnswer, PairAnswers
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.redactor import Redactor
from snaptrace.snapshot.model import Answer

log = logging.getLogger(__name__)
_vectors = msgspec.json.Decoder(list[list[float]])

LONGEST_LABEL = 200  # characters of a served model's name, which a server chooses
MOST_QUOTA = 32  # headers about limits, of one answer


class RedactionSettings(Struct, frozen=True):
    """Settings and key with which a process redacts as the sidecars do."""

    config: RedactConfig
    key: bytes  # of `FleetKey.handed_over`
    key_files: tuple[str, ...] = ()  # which no plug-in may read


class AnswerRedactor:
    """Redacts both arms' answers of a pair."""

    def __init__(self, settings: RedactionSettings) -> None:
        key = FleetKey(settings.key, handed_over=True)
        self._redactor = Redactor(settings.config, key, settings.key_files)
        self._label = lru_cache(maxsize=256)(self._new_label)
        self._other_versions: set[str] = set()

    def redacted(
        self, answers: PairAnswers, *, are_vectors: bool = False
    ) -> PairAnswers | None:
        """Return the pair as it may be judged and stored; None if that is impossible.

        Itself if there was nothing to take out. Vectors of embeddings are kept as they
        are: digits of their fractions look like numbers of cards.
        """
        redact = self._arm_of_vectors if are_vectors else self._arm
        try:
            clean = replace(
                answers,
                canary=redact(answers.canary),
                control=answers.control and redact(answers.control),
                second_control=answers.second_control
                and redact(answers.second_control),
            )
        except Exception as error:  # noqa: BLE001 - never stored unredacted
            log.error(  # noqa: TRY400 - a traceback could show content
                "answers cannot be redacted and are not stored",
                extra={"number": answers.number, "why": type(error).__name__},
            )
            return None
        return answers if clean == answers else clean

    def compare(self, version: str) -> None:
        """Log once if a snapshot was redacted by other rules than answers are."""
        ours = self._redactor.version
        if not version or version == ours or version in self._other_versions:
            return
        if len(self._other_versions) < MOST_QUOTA:
            self._other_versions.add(version)
            log.warning(
                "snapshots were redacted by other rules than answers are; "
                "set replayd.privacy as collector.privacy",
                extra={"snapshots": version, "answers": ours},
            )

    def close(self) -> None:
        """End the processes of plug-ins."""
        self._redactor.close()

    def _arm_of_vectors(self, arm: ArmAnswer) -> ArmAnswer:
        text = arm.answer.text
        try:
            _vectors.decode(text)
        except msgspec.DecodeError:
            return self._arm(arm)
        clean = self._arm(replace(arm, answer=replace(arm.answer, text="")))
        return replace(clean, answer=replace(clean.answer, text=text))

    def _arm(self, arm: ArmAnswer) -> ArmAnswer:
        answer, blobs = arm.answer, arm.blobs
        if answer != Answer():
            answer, blobs = self._redactor.redact_answer(answer, blobs)
        return replace(
            arm,
            answer=answer,
            blobs=blobs,
            served_model=self._label(arm.served_model),
            fingerprint=self._label(arm.fingerprint),
            quota={
                self._label(name): self._label(value)
                for name, value in list(arm.quota.items())[:MOST_QUOTA]
            },
        )

    def _new_label(self, text: str) -> str:
        return self._redactor.label(text)[:LONGEST_LABEL] if text else text


def bare(answers: PairAnswers) -> PairAnswers:
    """Return what a pair came to without anything that a model said."""
    return replace(
        answers,
        canary=_bare(answers.canary),
        control=None if answers.control is None else _bare(answers.control),
        second_control=(
            None if answers.second_control is None else _bare(answers.second_control)
        ),
    )


def _bare(arm: ArmAnswer) -> ArmAnswer:
    return ArmAnswer(
        outcome=arm.outcome,
        detail=arm.detail,
        latency_ms=arm.latency_ms,
        attempts=arm.attempts,
        usage=arm.usage,
        money=arm.money,
        charged_tokens=arm.charged_tokens,
    )
