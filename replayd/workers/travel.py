"""Replies on their way: encrypted where the store is, and by the store where large."""

import asyncio
import logging

from replayd.workers import messages
from replayd.workers.messages import Reply
from snaptrace.crypto.cipher import data_key_of
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import SnapshotError, StoreUnavailableError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

SEALED_AS = "reply"  # what a travelling reply is bound to in place of a name
RETRY_SECONDS = 2.0  # while the store does not answer
HEAD_BYTES = 4096  # of a message, beside its content


class ReplySending:
    """A worker's end."""

    def __init__(self, store: Store, largest_bytes: int) -> None:
        """Take the size of the largest message that the server takes."""
        self._store, self._largest = store, largest_bytes - HEAD_BYTES

    async def packed(self, reply: Reply) -> bytes:
        """Return the message; what is too large for one goes into the store."""
        data = messages.packed(reply)
        if len(data) > self._largest:
            name = object_names.numbered(
                object_names.HANDED,
                f"{reply.epoch}.{reply.term}.{reply.delivery}",
                reply.number,
            )
            await self._stored(name, data)
            bare = Reply(
                epoch=reply.epoch,
                term=reply.term,
                number=reply.number,
                delivery=reply.delivery,
                worker=reply.worker,
                end=reply.end,
                stored=name,
            )
            data = messages.packed(bare)
        while True:
            try:
                return await self._store.sealed(SEALED_AS, data)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _stored(self, name: str, data: bytes) -> None:
        while True:
            try:
                await self._store.create(name, data)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return


class ReplyReading:
    """The leader's end."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def is_plain(self, data: bytes) -> bool:
        """Whether a message can be read without a key."""
        return data_key_of(data) is None

    async def opened(self, data: bytes) -> Reply | None:
        """Decrypt a message; None if that is impossible."""
        while True:
            try:
                return messages.reply(await self._store.opened(SEALED_AS, data))
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
            except (SnapshotError, ValueError) as error:
                told = {"why": type(error).__name__}
                log.error("a reply cannot be read", extra=told)  # noqa: TRY400
                return None

    async def fetched(self, name: str) -> Reply | None:
        """Read a reply from the store, and delete it there; None: it is not there."""
        if not name.startswith(f"{object_names.HANDED}/"):
            return None
        while True:
            try:
                found = messages.reply(await self._store.get(name))
                await self._store.delete(name)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
            except (SnapshotError, ValueError):
                return None
            else:
                return found
