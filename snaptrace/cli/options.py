"""Options that several commands share: where the configuration and the store are."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from snaptrace.crypto.fleet_key import make_secret
from snaptrace.runtime import config as configuration
from snaptrace.runtime.config import ConfigError, StoreConfig

DEFAULT_FOLDER = Path(".snaptrace")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Source:
    """The configuration that a command reads."""

    config: Annotated[str | None, Parameter(alias="-c")] = None
    """YAML file with the sections store, collector and replayd."""

    set: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """One setting, as store.url=file:///var/lib/snaptrace; may be repeated."""

    def document(self) -> configuration.Document:
        """Read file, environment and --set."""
        return configuration.load(self.config, os.environ, self.set)

    def store_config(self) -> StoreConfig:
        """Return the store's section; without a URL, the folder of `snaptrace up`.

        Raises:
            ConfigError: no store is configured and none stands in this folder.
        """
        section = self.document().section("store", StoreConfig)
        if section.url:
            return section
        local = DEFAULT_FOLDER / "store"
        if not local.is_dir():
            raise ConfigError(
                "store.url", "not set; add --config F or --set store.url=file:///path"
            )
        return local_store(DEFAULT_FOLDER)


def local_store(folder: Path) -> StoreConfig:
    """Return the store that `up` and `demo` keep in `folder`; makes its secret."""
    root = folder.resolve()
    make_secret(root / "fleet.key")
    return StoreConfig(url=f"file://{root / 'store'}", key_file=str(root / "fleet.key"))
