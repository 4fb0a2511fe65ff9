"""A store whose process is killed at a chosen operation: nothing works afterwards."""


class KilledError(BaseException):
    """The process is gone; no handler of its own may run on."""


class DyingStore:
    """Passes everything on to `store`; dies before or after operation `dies_at`."""

    def __init__(self, store, dies_at=None, *, after=False):
        self._store, self._dies_at, self._after = store, dies_at, after
        self.operations = 0
        self.dead = False

    def _begin(self):
        if self.dead:
            raise KilledError
        self.operations += 1
        if self.operations == self._dies_at and not self._after:
            self.kill()

    def _end(self):
        if self.operations == self._dies_at and self._after:
            self.kill()

    def kill(self):
        self.dead = True
        raise KilledError

    async def create(self, name, data):
        self._begin()
        done = await self._store.create(name, data)
        self._end()
        return done

    async def get(self, name):
        self._begin()
        return await self._store.get(name)

    async def list(self, prefix, after=""):
        self._begin()
        async for info in self._store.list(prefix, after):
            yield info

    async def delete(self, name):
        self._begin()
        await self._store.delete(name)
        self._end()
