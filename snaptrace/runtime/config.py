"""One YAML file, overlaid by the environment and by `--set`, checked at the start.

The file has the sections `store`, `collector` and `replayd`. Every key can be set by
`SNAPTRACE_<SECTION>__<KEY>` (deeper keys: more double underscores) and by
`--set section.key=value`; the later source wins. Which keys a section has is
decided by the frozen Struct that its program hands in; this file knows only `store`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from snaptrace.runtime.env_references import UnsetVariableError, resolve, scalar

if TYPE_CHECKING:
    from argparse import ArgumentParser

SECTIONS = ("store", "collector", "replayd")
_PREFIX = "SNAPTRACE_"
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(B|KiB|MiB|GiB|kB|MB|GB)")
_BYTES = {
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
}

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration cannot be used; the message names the key and what is allowed.

    Not safe to retry: a person has to change the configuration.
    """

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}" if key else why)
        self.key, self.why = key, why


class Duration(float):
    """Seconds; written as a number or as `500ms`, `10s`, `5m`, `2h`, `14d`."""

    @classmethod
    def parse(cls, value: object) -> "Duration":
        """Read a number of seconds or a text with a unit; ValueError otherwise."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
            seconds = float(match[1]) * _SECONDS[match[2]]
        else:
            raise ValueError(
                f"{value!r} is no duration; write seconds, or 500ms, 10s, 5m, 2h, 14d"
            )
        if seconds < 0:
            raise ValueError(f"{value!r}: a duration cannot be negative")
        return cls(seconds)


class ByteSize(int):
    """Bytes. Written as a number of bytes or as `64MiB`, `512KiB`, `1GiB`."""

    @classmethod
    def parse(cls, value: object) -> "ByteSize":
        """Read a number of bytes or a text with a unit; ValueError otherwise."""
        if isinstance(value, int) and not isinstance(value, bool):
            size = value
        elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
            size = int(float(match[1]) * _BYTES[match[2]])
        else:
            raise ValueError(
                f"{value!r} is no size; write bytes, or 512KiB, 64MiB, 1GiB"
            )
        if size < 0:
            raise ValueError(f"{value!r}: a size cannot be negative")
        return cls(size)


class Address(str):
    """Where to listen: `host:port`; port 0 asks the system for a free one."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> "Address":
        """Check `host:port` (IPv6 in brackets); ValueError otherwise."""
        if isinstance(value, str):
            host, colon, port = value.rpartition(":")
            if colon and host and port.isdigit() and int(port) < 2**16:
                return cls(value)
        raise ValueError(f"{value!r} is no address; write host:port, as 127.0.0.1:4317")

    @property
    def host(self) -> str:
        """The part before the port, without the brackets of IPv6."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port, 0 to 65535."""
        return int(self.rpartition(":")[2])


class EncryptionConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Encryption at rest of the store, the journal and the spool; both empty: off.

    A secret has at least 32 characters, as `openssl rand -hex 32` makes. One a line:
    the first is written with, the others open what is older (`snaptrace keys rotate`).
    """

    # File with the secret; this or `key_env`. Both empty: nothing is encrypted.
    key_file: str = ""
    key_env: str = ""  # name of the environment variable that holds the secret

    def __post_init__(self) -> None:
        if self.key_file and self.key_env:
            raise ValueError("give key_file or key_env, not both")


class AuditConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who read content by a command or the page; a line of JSON for each read."""

    # Appended to; empty: stderr for commands, the log for the page. A read that cannot
    # be written down is refused.
    file: str = ""


class RetentionConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Retention, applied by replayd's leader or `snaptrace tidy`."""

    age: Duration = Duration(30 * 86400)  # of segments, media, answers; 0: for ever
    bytes: ByteSize = ByteSize(0)  # of segments and media, oldest first; 0: no limit


class StoreConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where snapshots, results and answers live; both programs read this section."""

    url: str = ""  # file:///path, s3://bucket/prefix, gs://…, az://…, or memory://
    key_file: str = ""  # fleet secret; empty: a local key is made and kept
    # Options of the object store's client, as `aws_endpoint` or `aws_region`.
    options: dict[str, str] = {}
    # Of one request to the object store.
    timeout: Duration = Duration(30)
    # Further tries after a failed request, with pauses of 0.4 s doubling to 10 s.
    retries: Annotated[int, Meta(ge=0, le=20)] = 3
    encryption: EncryptionConfig = EncryptionConfig()
    # Results without a tag: `accept` those of earlier releases, or `refuse` them.
    untagged: Literal["accept", "refuse"] = "accept"
    retention: RetentionConfig = RetentionConfig()
    audit: AuditConfig = AuditConfig()


def program_parser(program: str, text: str, *, strict: str) -> "ArgumentParser":
    """Return the command line that both programs have; `strict` explains that flag."""
    import argparse  # noqa: PLC0415 - the sampling process has no command line

    parser = argparse.ArgumentParser(prog=f"snaptrace {program}", description=text)
    parser.add_argument("--config", metavar="FILE", help="YAML configuration")
    parser.add_argument(
        "--set",
        metavar="SECTION.KEY=VALUE",
        action="append",
        default=[],
        help="override one key; may be repeated",
    )
    parser.add_argument("--strict", action="store_true", help=strict)
    parser.add_argument(
        "--ports-file", metavar="FILE", help="write the bound addresses as JSON"
    )
    return parser


class Document:
    """The merged configuration, before a program reads its section."""

    def __init__(self, tree: dict[str, Any], source: str) -> None:
        self.tree, self.source = tree, source

    def section(self, name: str, schema: type[T]) -> T:
        """Check one section against its Struct.

        Raises:
            ConfigError: an unknown key, a wrong type or an impossible value.
        """
        value = self.tree.get(name, {})
        try:
            return msgspec.convert(value, schema, dec_hook=_read_special)
        except msgspec.ValidationError as error:
            from snaptrace.runtime.config_errors import explain  # noqa: PLC0415 - rare

            def fails(part: object) -> str:
                try:
                    msgspec.convert(part, schema, dec_hook=_read_special)
                except msgspec.ValidationError as again:
                    return str(again)
                return ""

            raise ConfigError(
                *explain(name, value, str(error), fails, schema)
            ) from None


def load(
    path: str | None,
    environ: Mapping[str, str],
    overrides: Iterable[str] = (),
) -> Document:
    """Merge file, environment and `key=value` overrides, in that order.

    Raises:
        ConfigError: the file cannot be read, or names a section that does not exist.
    """
    tree: dict[str, Any] = {}
    if path is not None:
        tree = _read_file(path, environ)
    for name in sorted(environ):
        head, _, rest = name.removeprefix(_PREFIX).partition("__")
        if name.startswith(_PREFIX) and rest and head.lower() in SECTIONS:
            keys = [head, *rest.split("__")]
            _put(tree, [key.lower() for key in keys], scalar(environ[name]), name)
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise ConfigError(override, "write --set section.key=value")
        _put(tree, key.strip().split("."), scalar(value), f"--set {key}")
    for section in tree:
        if section not in SECTIONS:
            raise ConfigError(
                str(section), f"no such section; there are {', '.join(SECTIONS)}"
            )
    return Document(tree, path or "defaults")


def _read_file(path: str, environ: Mapping[str, str]) -> dict[str, Any]:
    from snaptrace.runtime.plain_yaml import YAMLError, read  # noqa: PLC0415 - see there

    try:
        tree = read(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"is no YAML: {error}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(path, "must be a mapping of sections to keys")
    try:
        sections = {k: {} if v is None else v for k, v in tree.items()}
        resolved: dict[str, Any] = resolve(sections, environ)
    except UnsetVariableError as error:
        raise ConfigError(path, str(error)) from None
    return resolved


def _put(tree: dict[str, Any], keys: list[str], value: object, source: str) -> None:
    here = tree
    for key in keys[:-1]:
        here = here.setdefault(key, {})
        if not isinstance(here, dict):
            raise ConfigError(".".join(keys), f"{source}: {key} holds a value")
    here[keys[-1]] = value


def _read_special(kind: type, value: object) -> Any:  # noqa: ANN401 - msgspec's hook
    for special in (Duration, ByteSize, Address):
        if kind is special:
            return special.parse(value)
    raise NotImplementedError(kind)
