"""An upstream that counts bytes and accepts everything; `GET /` tells what it saw.

Run as `python bench/sink.py`; prints its address. Cheap, so that a benchmark measures
what stands before it.
"""

import asyncio
import json

import h2corn

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/grpc")],
    "trailers": True,
}
_OK = {"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]}
_EMPTY = {"type": "http.response.body", "body": b"\0\0\0\0\0"}


class Sink:
    """The ASGI application."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0

    async def __call__(self, scope, receive, send) -> None:  # noqa: ANN001 - ASGI
        """Count a request and accept it."""
        if scope["method"] == "GET":
            seen = {"requests": self.requests, "bytes": self.bytes}
            start = {"type": "http.response.start", "status": 200, "headers": []}
            await send(start)
            page = json.dumps(seen).encode()
            await send({"type": "http.response.body", "body": page})
            return
        size, more = -5, True
        while more:
            event = await receive()
            size += len(event.get("body", b""))
            more = event.get("more_body", False)
        self.requests += 1
        self.bytes += size
        await send(_START)
        await send(_EMPTY)
        await send(_OK)


async def main() -> None:
    """Serve until killed."""
    settings = h2corn.Config(
        bind=("127.0.0.1:0",),
        grpc=True,
        lifespan="off",
        access_log=False,
        runtime_threads=1,
    )
    server = h2corn.Server(Sink(), settings)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await server.wait_started()
        print(server.addresses[0], flush=True)


if __name__ == "__main__":
    asyncio.run(main())
