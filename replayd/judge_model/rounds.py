"""Judges the labelled cases when an epoch needs the judge's key, then on schedule.

Only a leader asks for the key, so standbys spend nothing. A round that comes out
otherwise than the one an epoch holds fixed opens another epoch: `on_round` looks.
"""

import asyncio
import logging
from collections.abc import Callable

from replayd.config import JudgeConfig
from replayd.evidence.settings import JudgeKey
from replayd.judge_model.anchors import Anchors, accuracy, judge_anchors
from replayd.judge_model.model import JudgeModel
from replayd.judge_model.standing import key_of
from snaptrace.runtime.events import wait

log = logging.getLogger(__name__)

FIRST_ROUND_SECONDS = 180.0  # that an epoch waits for
AGAIN_SECONDS = 300.0  # after a round in which the judge was away


class JudgeRounds:
    """A part that keeps the judge's verdicts on the labelled cases up to date."""

    name = "judge"

    def __init__(
        self,
        judge: JudgeModel,
        anchors: Anchors,
        config: JudgeConfig,
        on_round: Callable[[int, int], None] = lambda _right, _of: None,
    ) -> None:
        self._judge, self._anchors, self._config = judge, anchors, config
        self.on_round = on_round
        self._said = ""
        self._served = ""
        self._asked = asyncio.Event()  # somebody needs a key
        self._known = asyncio.Event()  # the first round is over
        self._due = asyncio.Event()  # a round is due before its time

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Judge in rounds until `stop`, the first when a key is asked for."""
        ready()
        async with asyncio.TaskGroup() as group:
            rounds = group.create_task(self._rounds(stop))
            await stop.wait()
            rounds.cancel()
            self._known.set()

    async def key(self, before: JudgeKey | None) -> JudgeKey:
        """Return what an epoch holds fixed of the judge, after the first round.

        A round that takes too long is not waited for: what was known before holds, and
        another epoch opens when it is over and says otherwise.
        """
        self._asked.set()
        await wait(self._known, FIRST_ROUND_SECONDS)
        return self.key_now(before)

    def key_now(self, before: JudgeKey | None) -> JudgeKey:
        """Return the same by the last round there was."""
        return key_of(
            self._config, self._judge.rubrics, self._anchors, self._said, before
        )

    def saw(self, served_model: str) -> None:
        """Hear which model answered as the judge: another one has a round at once."""
        if served_model and self._served and served_model != self._served:
            log.warning("judge model changed", extra={"model": served_model})
            self._due.set()
        self._served = served_model or self._served

    async def _rounds(self, stop: asyncio.Event) -> None:
        await self._asked.wait()
        while not stop.is_set():
            said = await judge_anchors(self._judge, self._anchors)
            away = bool(said) and not said.strip("?")
            self._said = self._said if away and self._said else said
            right, of = accuracy(said, self._anchors.labels)
            log.info("judge anchors", extra={"right": right, "of": of})
            self._known.set()
            self.on_round(right, of)
            self._due.clear()
            await wait(self._due, AGAIN_SECONDS if away else self._config.anchors_every)
