"""A model server on loopback that speaks OpenAI chat and misbehaves on request."""

import asyncio
import json

from aiohttp import web


def completion(text, *, model="assistant-7", finish="stop", **message):
    """Return a chat completion as the real API words it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": model,
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


class FakeProvider:
    """Answers by `answer(body)`, which returns a dict, a status, or a response.

    `requests` holds (headers, body) of everything that came in.
    """

    def __init__(self, answer=None, tls=None):
        self._tls = tls  # an ssl.SSLContext
        self.answer = answer or (lambda _body: completion("ok"))
        self.requests = []
        self.in_flight = self.most_in_flight = 0
        self.delay_seconds = 0.0

    async def __aenter__(self):
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    async def _serve(self, request):
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = raw
        self.requests.append((dict(request.headers), body))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            found = self.answer(body)
            if asyncio.iscoroutine(found):
                found = await found
        finally:
            self.in_flight -= 1
        if callable(found):
            return await found(request)
        if isinstance(found, web.StreamResponse):
            return found
        if isinstance(found, int):
            return web.json_response({"error": {"message": "no"}}, status=found)
        return web.json_response(found)


def respond(status=200, body=b"", headers=None):
    """Return a plain response."""
    return web.Response(status=status, body=body, headers=headers)
