"""How the C allocators of this process are told to keep little.

Settings of the environment win over these. What each is worth: `docs/adr/0018-…`.
"""

import os
from typing import Final

# h2corn's allocator is mimalloc. It asks for huge pages, of which a relay at rest
# uses a few KiB each: 3.6 MiB more resident than with small ones.
_SETTINGS: Final = {"MIMALLOC_ALLOW_THP": "0"}


def keep_small() -> None:
    """Call before the engine is loaded."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
