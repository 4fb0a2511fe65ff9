"""Shared library of both programs, and the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snaptrace.reader import Reader

# Also the distribution's version; reading its metadata would load a mail parser.
VERSION = "0.1.0"


def open(  # noqa: A001 - as in `snaptrace.open(url)`
    url: str,
    *,
    key_file: str = "",
    options: dict[str, str] | None = None,
) -> "Reader":
    """Open a store for reading, as `file:///var/lib/snaptrace` or `s3://bucket/path`.

    Without `key_file`, the key that lies beside a local store. `options` are those of
    `store.options`.
    """
    from snaptrace.reader.reader import open_store  # noqa: PLC0415 - not in a program

    return open_store(url, key_file=key_file, options=options)
