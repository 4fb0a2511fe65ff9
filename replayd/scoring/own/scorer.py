"""An own scorer in the place of a rule: the same contract, asked over a pipe."""

import logging
from collections.abc import Iterable

from replayd.config.scorers import ScorerConfig
from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.own.settings import OwnScorers
from replayd.scoring.tasks import task_of
from snaptrace.scorers.contract import ScorerCase
from snaptrace.scorers.remote import RemoteScorer, ScorerFailedError

log = logging.getLogger(__name__)


class OwnScorer:
    """See `replayd.scoring.contract.Scorer`; a failure is a fault of the pair's stream.

    It judges what its configuration selects and it says it applies to. A scorer of
    another version than the configured one judges nothing.
    """

    def __init__(
        self, name: str, config: ScorerConfig, key_files: tuple[str, ...]
    ) -> None:
        self.name, self.role = name, config.role
        self._config = config
        self._remote = RemoteScorer(
            config.use or name,
            timeout_seconds=config.timeout_seconds,
            hidden=key_files,
            network=config.network,
            environment=tuple(config.environment),
        )
        self._trusted = False
        self._case: tuple[ScoringCase, ScorerCase] | None = None

    def applies(self, case: ScoringCase) -> bool:
        """Return whether it judges the case.

        True if it fails: no other rule may silently take its place.
        """
        if not self._selects(case):
            return False
        try:
            self._check_version()
            return self._remote.applies(self._seen(case))
        except ScorerFailedError as error:
            log.error(  # noqa: TRY400 - a traceback could show content
                "own scorer failed", extra={"scorer": self.name, "why": str(error)}
            )
            return True

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return the score of an answer.

        Raises:
            ScorerFailedError: it broke a promise, or did not answer in time.
        """
        self._check_version()
        return self._remote.score(self._seen(case), said.answer)

    def close(self) -> None:
        """End its process."""
        self._remote.close()

    def _check_version(self) -> None:
        if self._trusted:
            return
        found = self._remote.describe()
        if found.version != self._config.version:
            wanted = self._config.version
            raise ScorerFailedError(f"version {found.version}, configured {wanted}")
        self._trusted = True

    def _selects(self, case: ScoringCase) -> bool:
        config, snapshot = self._config, case.snapshot
        return (
            _in(snapshot.modality, config.modality)
            and _in(snapshot.route, config.route)
            and _in(snapshot.service, config.service)
            and all(
                snapshot.attributes.get(name) in values
                for name, values in config.attributes.items()
            )
            and (not config.task or _in(_task(case), config.task))
        )

    def _seen(self, case: ScoringCase) -> ScorerCase:
        if self._case is None or self._case[0] is not case:
            seen = ScorerCase(
                snapshot=case.snapshot,
                conversation=case.conversation,
                reference=case.reference,
                task=_task(case),
            )
            self._case = case, seen
        return self._case[1]


def own_scorers(settings: OwnScorers) -> tuple[OwnScorer, ...]:
    """Return the declared scorers; no process is started yet."""
    return tuple(
        OwnScorer(name, config, settings.key_files)
        for name, config in sorted(settings.declared.items())
    )


def _in(value: str, wanted: Iterable[str]) -> bool:
    return not wanted or value in wanted


def _task(case: ScoringCase) -> str:
    return "" if case.nothing_recorded else task_of(case)
