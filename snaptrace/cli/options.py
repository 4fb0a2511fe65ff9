"""Options that several commands share: where the configuration and the store are."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from snaptrace.crypto.fleet_key import make_secret
from snaptrace.runtime import config as configuration
from snaptrace.runtime.config import Address, ConfigError, StoreConfig

DEFAULT_FOLDER = Path(".snaptrace")
DEFAULT_CONFIG = "snaptrace.yaml"  # as `snaptrace init` writes it


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Source:
    """The configuration that a command reads."""

    config: Annotated[str | None, Parameter(alias="-c")] = None
    """YAML file with the sections store, collector and replayd."""

    set: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """One setting, as store.url=file:///var/lib/snaptrace; may be repeated."""

    @property
    def path(self) -> str | None:
        """The configuration file: as named, else the one in this folder if there is."""
        if self.config is None and Path(DEFAULT_CONFIG).is_file():
            return DEFAULT_CONFIG
        return self.config

    def document(self) -> configuration.Document:
        """Read file, environment and --set."""
        return configuration.load(self.path, os.environ, self.set)

    def store_config(self, *, make: bool = False) -> StoreConfig:
        """Return the store's section; without a URL, the folder of `snaptrace up`.

        Raises:
            ConfigError: no store is configured and none stands in this folder; with
                `make` one is made there.
        """
        section = self.document().section("store", StoreConfig)
        if section.url:
            return section
        local = DEFAULT_FOLDER / "store"
        if not local.is_dir() and not make:
            where = f"not set in {self.path}" if self.path else "not set"
            raise ConfigError(
                "store.url",
                f"{where}, and `snaptrace up` has kept nothing in {local} yet; start "
                "it, or set store.url: file:///path",
            )
        return replace(
            section, url=local_store(DEFAULT_FOLDER).url, key_file=_key(section)
        )


def _key(section: StoreConfig) -> str:
    return section.key_file or local_store(DEFAULT_FOLDER).key_file


def on_loopback(listen: Address) -> str:
    """Return host:port at which this machine reaches a program that listens there."""
    everywhere = listen.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    return f"127.0.0.1:{listen.port}" if everywhere else str(listen)


def with_store(source: Source, url: str) -> Source:
    """Return the source with another store; itself if `url` is empty."""
    if not url:
        return source
    return Source(config=source.config, set=(*source.set, f"store.url={url}"))


def local_store(folder: Path) -> StoreConfig:
    """Return the store that `up` and `demo` keep in `folder`; makes its secret."""
    root = folder.resolve()
    make_secret(root / "fleet.key")
    return StoreConfig(url=f"file://{root / 'store'}", key_file=str(root / "fleet.key"))
