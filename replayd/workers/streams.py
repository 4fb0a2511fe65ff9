"""The two streams of a fleet: numbers for workers, replies for the leader."""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from replayd.config.workers import WorkersConfig

if TYPE_CHECKING:
    from nats.js.api import StreamConfig
    from nats.js.client import JetStreamContext

DUPLICATES_SECONDS = 120.0  # in which a publication is known by its id
LONGEST_JOB_SECONDS = 3600.0  # that a number waits for a worker; it comes anew then
LONGEST_REPLY_SECONDS = 86_400.0
MOST_JOBS = 200_000  # a second fence behind `pending`
NO_POOL = "_"


class Names(Struct, frozen=True):
    """Names of streams, subjects and consumers under one prefix."""

    prefix: str

    @property
    def jobs(self) -> str:
        """The stream of numbers."""
        return f"{self.prefix}-jobs"

    @property
    def replies(self) -> str:
        """The stream of replies."""
        return f"{self.prefix}-replies"

    def job(self, pool: str, canary: str) -> str:
        """Return the subject of a canary's numbers for a pool."""
        return f"{self.prefix}.jobs.{pool or NO_POOL}.{_token(canary)}"

    def of_canary(self, canary: str) -> str:
        """Return the pattern of a canary's numbers for any pool."""
        return f"{self.prefix}.jobs.*.{_token(canary)}"

    def of_pool(self, pool: str) -> str:
        """Return the pattern of all numbers for a pool."""
        return f"{self.prefix}.jobs.{pool or NO_POOL}.*"

    def consumer(self, pool: str) -> str:
        """Return the name of a pool's consumer."""
        return f"{self.prefix}-{pool or NO_POOL}"

    @property
    def reply(self) -> str:
        """The subject of replies."""
        return f"{self.prefix}.replies"


@lru_cache(maxsize=256)
def _token(name: str) -> str:
    """Return a name as one token of a subject."""
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


async def ensure(js: "JetStreamContext", names: Names, config: WorkersConfig) -> None:
    """Create both streams where they are missing.

    Raises:
        nats.errors.Error: nobody answers, or creating them is refused.
    """
    from nats.js import api  # noqa: PLC0415 - an optional dependency

    nats = config.nats
    storage = api.StorageType(nats.storage)
    await _stream(
        js,
        api.StreamConfig(
            name=names.jobs,
            subjects=[f"{names.prefix}.jobs.>"],
            retention=api.RetentionPolicy.WORK_QUEUE,
            discard=api.DiscardPolicy.NEW,
            max_msgs=MOST_JOBS,
            max_age=LONGEST_JOB_SECONDS,
            duplicate_window=DUPLICATES_SECONDS,
            storage=storage,
            num_replicas=nats.replicas,
        ),
    )
    await _stream(
        js,
        api.StreamConfig(
            name=names.replies,
            subjects=[names.reply],
            retention=api.RetentionPolicy.LIMITS,
            max_age=LONGEST_REPLY_SECONDS,
            duplicate_window=DUPLICATES_SECONDS,
            storage=storage,
            num_replicas=nats.replicas,
        ),
    )


async def _stream(js: "JetStreamContext", wanted: "StreamConfig") -> None:
    from nats.js.errors import NotFoundError  # noqa: PLC0415

    try:
        await js.stream_info(str(wanted.name))
    except NotFoundError:
        await js.add_stream(wanted)


async def ensure_pool(
    js: "JetStreamContext", names: Names, pool: str, config: WorkersConfig
) -> None:
    """Create a pool's consumer, or give it the present settings.

    Raises:
        nats.errors.Error: nobody answers, or it is refused.
    """
    from nats.js import api  # noqa: PLC0415 - an optional dependency

    wanted = api.ConsumerConfig(
        durable_name=names.consumer(pool),
        filter_subject=names.of_pool(pool),
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=float(config.ack_wait),
        max_deliver=-1,
        max_ack_pending=MOST_JOBS,
        max_waiting=4096,
    )
    await js.add_consumer(names.jobs, wanted)


async def is_there(js: "JetStreamContext", stream: str, consumer: str) -> bool:
    """Return whether a consumer still exists."""
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - an optional dependency

    try:
        await js.consumer_info(stream, consumer)
    except NotFoundError:
        return False
    return True


async def follow_replies(js: "JetStreamContext", names: Names, after: int) -> str:
    """Create a consumer of all replies after a sequence number; return its name.

    Raises:
        nats.errors.Error: nobody answers, or it is refused.
    """
    from nats.js import api  # noqa: PLC0415 - an optional dependency

    made = await js.add_consumer(
        names.replies,
        api.ConsumerConfig(
            ack_policy=api.AckPolicy.NONE,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            inactive_threshold=300.0,
            max_waiting=64,
            num_replicas=1,
            mem_storage=True,
        ),
    )
    assert made.name is not None
    return made.name
