"""A model server that answers at once, or after a pause: as little work as possible.

python bench/model_server.py [--pause SECONDS] [--says TEXT]; prints its address. Keeps
connections open, reads HTTP/1.1 requests with a content length. The answer holds the
number that the question begins with, so that no two questions have the same one.
"""

import argparse
import asyncio
import json
import re

SAYS = "The total is {} and the order was shipped on Monday."
_NUMBER = b"0000000"
_QUESTION = re.compile(rb'"content": ?"(\d+)')
_ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "bench-model",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "SAYS",
                },
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 500, "completion_tokens": 12, "total_tokens": 512},
    }
).encode()
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
)


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, pause_seconds: float, says: str) -> None:
        self._pause_seconds = pause_seconds
        plain = _ANSWER.replace(b"SAYS", says.replace("{}", _NUMBER.decode()).encode())
        self._response = HEAD % len(plain) + plain
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            asked = _QUESTION.search(self._buffer, end, end + 4 + length)
            number = asked[1] if asked else b"42"
            del self._buffer[: end + 4 + length]
            # Blanks keep the length.
            answer = self._response.replace(_NUMBER, number.ljust(len(_NUMBER)))
            if self._pause_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._pause_seconds, self._answer, answer)
            else:
                self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _main(pause_seconds: float, says: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Answering(pause_seconds, says), "127.0.0.1", 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--says", default=SAYS)
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.pause, arguments.says))
