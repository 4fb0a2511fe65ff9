"""One call through each HTTP library, as an application makes it.

Every function takes a URL, the body's bytes and headers, and returns status and body:
read whole, or as a stream whose pieces are joined.
"""

import asyncio

import aiohttp
import httpx
import requests
import urllib3

_JSON = {"content-type": "application/json"}


async def over_httpx(url, body, headers=None, *, stream=False):
    def send():
        with httpx.Client() as client:
            told = {**_JSON, **(headers or {})}
            if not stream:
                found = client.post(url, content=body, headers=told)
                return found.status_code, found.content
            with client.stream("POST", url, content=body, headers=told) as found:
                return found.status_code, b"".join(found.iter_bytes())

    return await asyncio.to_thread(send)


async def over_async_httpx(url, body, headers=None, *, stream=False):
    told = {**_JSON, **(headers or {})}
    async with httpx.AsyncClient() as client:
        if not stream:
            found = await client.post(url, content=body, headers=told)
            return found.status_code, found.content
        async with client.stream("POST", url, content=body, headers=told) as found:
            pieces = [piece async for piece in found.aiter_bytes()]
            return found.status_code, b"".join(pieces)


async def over_requests(url, body, headers=None, *, stream=False):
    def send():
        told = {**_JSON, **(headers or {})}
        with requests.post(
            url, data=body, headers=told, stream=stream, timeout=30
        ) as found:
            return found.status_code, b"".join(found.iter_content(7))

    return await asyncio.to_thread(send)


async def over_urllib3(url, body, headers=None, *, stream=False):
    def send():
        with urllib3.PoolManager() as pool:
            told = {**_JSON, **(headers or {})}
            found = pool.request(
                "POST", url, body=body, headers=told, preload_content=not stream
            )
            if not stream:
                return found.status, found.data
            pieces = list(found.stream(7))
            found.release_conn()
            return found.status, b"".join(pieces)

    return await asyncio.to_thread(send)


async def over_aiohttp(url, body, headers=None, *, stream=False):
    told = {**_JSON, **(headers or {})}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=told) as found,
    ):
        if not stream:
            return found.status, await found.read()
        return found.status, b"".join([x async for x in found.content.iter_any()])


CLIENTS = {
    "httpx": over_httpx,
    "async_httpx": over_async_httpx,
    "requests": over_requests,
    "urllib3": over_urllib3,
    "aiohttp": over_aiohttp,
}
