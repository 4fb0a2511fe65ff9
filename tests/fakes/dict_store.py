"""A store in a dict: create-only like the real ones, with its time in loop time."""

import asyncio

from snaptrace.store.folder_backend import ObjectInfo
from snaptrace.store.store import Store


class DictBackend:
    """Objects by name; every operation takes `latency_seconds` of the loop."""

    def __init__(self, latency_seconds=0.01):
        self.objects = {}
        self._latency_seconds = latency_seconds

    async def create(self, name, data):
        await asyncio.sleep(self._latency_seconds)
        if name in self.objects:
            return False
        self.objects[name] = data
        return True

    async def get(self, name):
        await asyncio.sleep(self._latency_seconds)
        if name not in self.objects:
            raise FileNotFoundError(name)
        return self.objects[name]

    async def get_start(self, name, size_bytes):
        return (await self.get(name))[:size_bytes]

    async def exists(self, name):
        await asyncio.sleep(self._latency_seconds)
        return name in self.objects

    async def delete(self, name):
        await asyncio.sleep(self._latency_seconds)
        if self.objects.pop(name, None) is None:
            raise FileNotFoundError(name)

    async def list(self, prefix, after):
        await asyncio.sleep(self._latency_seconds)
        for name in sorted(self.objects):
            if name.startswith(prefix.rstrip("/") + "/") and name > after:
                size = len(self.objects[name])
                yield ObjectInfo(name=name, size_bytes=size, modified_ns=0)


def dict_store(latency_seconds=0.01):
    """Return the real `Store` over a dict."""
    return Store(DictBackend(latency_seconds))
