"""A scorer in its confined process, as the process that scores pairs sees it."""

from msgspec import Struct

from snaptrace.sandbox.process import ConfinedProcess, ProcessFailedError
from snaptrace.scorers.contract import Score, ScorerCase
from snaptrace.scorers.serving import NETWORK, Reply, score_of
from snaptrace.snapshot import codec
from snaptrace.snapshot.model import Answer

MODULE = "snaptrace.scorers.serving"
_replies = codec.Decoder(Reply)


class ScorerFailedError(Exception):
    """The scorer broke a promise or did not answer; says which, without content."""


class Described(Struct, frozen=True):
    """A scorer's own name and version."""

    name: str
    version: str


class RemoteScorer:
    """One scorer; its process is started when needed, again after a failure."""

    def __init__(
        self,
        use: str,
        *,
        timeout_seconds: float,
        hidden: tuple[str, ...] = (),
        network: bool = False,
        environment: tuple[str, ...] = (),
    ) -> None:
        """Name an entry point or `module:name`; `hidden` are files it must not read."""
        flags = (NETWORK,) if network else ()
        self._process = ConfinedProcess(
            MODULE, (use, *hidden, *flags), timeout_seconds, environment
        )
        self._held: tuple[int, ScorerCase] | None = None  # start, case it has
        self.cpu_ns = 0  # of the last question, in the process

    def describe(self) -> Described:
        """Return name and version.

        Raises:
            ScorerFailedError: it cannot be loaded, or has neither.
        """
        reply = self._asked("describe", b"")
        return Described(reply.name, reply.version)

    def applies(self, case: ScorerCase) -> bool:
        """Return whether it judges a case.

        Raises:
            ScorerFailedError: it raised, or did not answer in time.
        """
        reply = self._asked("applies", codec.encode(case))
        self._held = (self._process.starts, case)
        return reply.applies

    def score(self, case: ScorerCase, answer: Answer) -> Score:
        """Return the score of an answer.

        Raises:
            ScorerFailedError: likewise, or its value is none in [0, 1].
        """
        self._process.start()
        if not self._has(case):
            self.applies(case)
        return score_of(self._asked("score", codec.encode(answer)))

    def close(self) -> None:
        """End its process."""
        self._process.close()

    def _has(self, case: ScorerCase) -> bool:
        held = self._held
        return held is not None and held[0] == self._process.starts and held[1] is case

    def _asked(self, label: str, data: bytes) -> Reply:
        try:
            found = self._process.ask(label, data)
        except ProcessFailedError as error:
            raise ScorerFailedError(str(error)) from None
        reply = _replies.decode(found or b"")
        self.cpu_ns = reply.cpu_ns
        if reply.fault:
            raise ScorerFailedError(reply.fault)
        return reply
