"""The confined process of one scorer: cases and answers in, scores out."""

import asyncio
import inspect
import math
import os
import sys
import time
from typing import Any

from msgspec import Struct

from snaptrace.sandbox.confinement import confine
from snaptrace.sandbox.entry_points import loaded
from snaptrace.sandbox.process import serve
from snaptrace.scorers.contract import GROUP, Score, ScorerCase
from snaptrace.snapshot import codec
from snaptrace.snapshot.model import Answer

LONGEST_REASON = 200  # characters
NETWORK = "--network"


class Reply(Struct, frozen=True, kw_only=True):
    """Outcome of one question; `fault` names a broken promise, never content."""

    name: str = ""
    version: str = ""
    applies: bool = False
    value: float | None = None
    reason: str = ""
    fault: str = ""
    cpu_ns: int = 0


_cases = codec.Decoder(ScorerCase)
_answers = codec.Decoder(Answer)


class Serving:
    """One loaded scorer and the case it was given last."""

    def __init__(self, use: str, runner: asyncio.Runner) -> None:
        self._case: ScorerCase | None = None
        self._scorer: Any = None
        self._why = ""
        try:
            found = loaded(GROUP, use)
            self._scorer = found() if inspect.isclass(found) else found
        except BaseException as error:  # noqa: BLE001 - also a SystemExit on import
            self._why = f"not loaded: {type(error).__name__}"
        self._runner = runner

    def answer(self, label: str, data: bytes) -> bytes:
        """Answer one question: `describe`, `applies` with a case, or `score`."""
        started = time.process_time_ns()
        try:
            reply = self._reply(label, data)
        except Exception as error:  # noqa: BLE001 - foreign code; the name is all
            reply = Reply(fault=type(error).__name__)
        spent = time.process_time_ns() - started
        return codec.encode(Reply(**{**_fields(reply), "cpu_ns": spent}))

    def _reply(self, label: str, data: bytes) -> Reply:
        if self._why:
            return Reply(fault=self._why)
        scorer = self._scorer
        if label == "describe":
            return _described(scorer)
        if label == "applies":
            self._case = _cases.decode(data)
            return Reply(applies=bool(scorer.applies(self._case)))
        assert self._case is not None
        given = scorer.score(self._case, _answers.decode(data))
        if inspect.isawaitable(given):
            given = self._runner.run(_awaited(given))
        return _scored(given)


async def _awaited(given: Any) -> Any:  # noqa: ANN401 - foreign code
    return await given


def _fields(reply: Reply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in Reply.__struct_fields__}


def _described(scorer: object) -> Reply:
    name, version = getattr(scorer, "name", None), getattr(scorer, "version", None)
    if not isinstance(name, str) or not isinstance(version, str) or not name:
        return Reply(fault="no name or version")
    if not all(callable(getattr(scorer, each, None)) for each in ("applies", "score")):
        return Reply(fault="no applies or score")
    return Reply(name=name, version=version)


def _scored(given: object) -> Reply:
    reason = ""
    if hasattr(given, "value"):
        reason, given = str(getattr(given, "reason", "")), given.value
    if given is None:
        return Reply(reason=reason[:LONGEST_REASON] or "no value")
    if not isinstance(given, int | float):
        return Reply(fault=f"{type(given).__name__} is no value")
    value = float(given)
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        return Reply(fault="value outside [0, 1]")
    return Reply(value=value, reason=reason[:LONGEST_REASON])


def score_of(reply: Reply) -> Score:
    """Return a reply without a fault as a score."""
    return Score(reply.value, reply.reason)


def _main(arguments: list[str]) -> None:
    runner = asyncio.Runner()
    runner.get_loop()  # it wakes itself by a pair of sockets, which it may still have
    use, *hidden = [each for each in arguments if each != NETWORK]
    confine(tuple(hidden), network=NETWORK in arguments)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints spoils nothing
    serve(Serving(use, runner).answer, sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main(sys.argv[1:])
