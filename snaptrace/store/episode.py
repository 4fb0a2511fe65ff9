"""One log line when the store begins to fail, and one when it works again."""

import logging

log = logging.getLogger(__name__)

QUIET_SECONDS = 30.0  # without a failure, after which an episode is over


class FailureEpisode:
    """Failures of one store that belong together, whoever ran into them."""

    def __init__(self) -> None:
        self._began_at = self._failed_at = 0.0
        self._failures = 0

    def failed(self, now_seconds: float, why: str) -> None:
        """Note an operation that failed after all its tries."""
        if not self._failures:
            self._began_at = now_seconds
            log.warning("object store unavailable", extra={"why": why})
        self._failures += 1
        self._failed_at = now_seconds

    def worked(self, now_seconds: float) -> None:
        """Note an operation that worked; some of them may while others fail."""
        if self._failures and now_seconds - self._failed_at >= QUIET_SECONDS:
            seconds = round(self._failed_at - self._began_at)
            told = {"failures": self._failures, "seconds": seconds}
            log.info("object store available again", extra=told)
            self._failures = 0
