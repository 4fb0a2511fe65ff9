"""Every error of this program that is not an answer to a client.

CollectorError
├── BodyRefusedError      a request body cannot be read: answer it, count it, go on
│   ├── BodyTooLargeError     beyond the limit, as sent or decompressed
│   └── BodyUndecodableError  the bytes are not what their encoding says
└── TapUnavailableError   sampling cannot start; forwarding goes on unless --strict
"""


class CollectorError(Exception):
    """Base of all errors below; catch this one at the program's edge."""


class BodyRefusedError(CollectorError):
    """The body of one request cannot be read; sending it again will not help."""


class BodyTooLargeError(BodyRefusedError):
    """More than `limit_bytes`, as sent or decompressed."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"message larger than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class BodyUndecodableError(BodyRefusedError):
    """The bytes are not what their encoding says; `why` names no content."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TapUnavailableError(CollectorError):
    """The sampling process did not come up; `why` is its own last word."""

    def __init__(self, why: str) -> None:
        super().__init__(f"sampling is not available: {why}")
        self.why = why
