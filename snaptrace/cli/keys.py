"""`snaptrace keys ls | rotate`: the keys of an encrypted store."""

import asyncio
import os
from typing import Literal

import msgspec
from rich.console import Console

from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_rows
from snaptrace.cli.session import Opened
from snaptrace.runtime.fitted_table import Column
from snaptrace.store.data_keys import read_envelopes, wrapped_keys

_COLUMNS = {
    "name": Column("wrapped keys", wraps=24),
    "envelope": Column("under envelope key", rank=1),
    "ours": Column("opens with ours"),
    "data_keys": Column("data keys", wraps=12),
}


def keys(
    action: Literal["ls", "rotate"],
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """List the wrapped keys of an encrypted store, or make a new data key.

    To change the envelope key: write the new secret above the old one in the key file
    of every program, restart them, run `keys rotate`, then take the old line out.

    Parameters
    ----------
    action
        ls shows what there is, never a key. rotate makes a new data key and wraps all
        of them with the first secret that is configured; what is stored stays readable.
    """
    opened = Opened.of(source)
    envelopes = read_envelopes(opened.config.encryption, os.environ)
    if action == "rotate":
        if not envelopes:
            raise CommandError("set store.encryption.key_file or .key_env", 2)
        number = asyncio.run(opened.store.keyring.rotate(opened.store))
        Console(highlight=False).print(
            f"data key {number} is written with from now on, under envelope key "
            f"{envelopes[0].key_id.hex()}"
        )
        return 0
    found = asyncio.run(wrapped_keys(opened.store, envelopes))
    rows = [
        {**msgspec.to_builtins(one), "data_keys": ", ".join(map(str, one.data_keys))}
        if format == "table"
        else msgspec.to_builtins(one)
        for one in found
    ]
    print_rows(rows, _COLUMNS, format, empty="this store is not encrypted")
    return 0
