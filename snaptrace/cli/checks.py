"""`snaptrace validate` and `snaptrace healthcheck`: answers for scripts and probes."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from snaptrace.cli.output import EXIT_FAILED
from snaptrace.runtime.config import ConfigError, StoreConfig, load

_MOST_SHOWN = 400


def validate(
    config: Path,
    *,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
) -> int:
    """Check a configuration file as both programs would, without starting them.

    Exit code 0 if both would accept it, else 2 with the key, the value and what is
    allowed. Endpoints are not called, and keys need not be set.

    Parameters
    ----------
    config
        The YAML file. Variables of the environment count as they would at a start.
    set_
        Override one key, `section.key=value`; may be repeated.
    """
    from collector.config.relay import CollectorConfig  # noqa: PLC0415 - only here
    from replayd.config import ReplaydConfig  # noqa: PLC0415 - likewise
    from replayd.reload import check  # noqa: PLC0415 - likewise

    document = load(str(config), os.environ, set_)
    document.section("store", StoreConfig)
    document.section("collector", CollectorConfig)
    replayd = document.section("replayd", ReplaydConfig)
    if replayd.arms:
        check(replayd)
    sections = ", ".join(document.tree) or "none, so every default"
    Console(highlight=False).print(f"{config} is valid; sections: {sections}")
    return 0


def healthcheck(
    url: str = "http://127.0.0.1:9464/readyz", *, timeout: float = 3.0
) -> int:
    """Ask a running program whether it is ready: exit code 0 if so, else 1 and why.

    For probes in images without a shell, such as Compose's `healthcheck`.

    Parameters
    ----------
    url
        `/readyz` of the metrics port: 9464 of a collector, 9465 of replayd.
    timeout
        Seconds to wait for an answer.
    """
    console = Console(stderr=True, highlight=False)
    if not url.startswith(("http://", "https://")):
        raise ConfigError("url", f"write http:// or https:// (is {url!r})")
    try:
        with urllib.request.urlopen(url, timeout=timeout):  # noqa: S310 - checked above
            return 0
    except urllib.error.HTTPError as error:
        said = error.read(_MOST_SHOWN).decode("utf-8", "replace").strip()
        console.print(f"{url}: {error.code} {said}", markup=False)
    except OSError as error:
        reason = getattr(error, "reason", error)
        console.print(f"{url}: {reason}", markup=False)
    return EXIT_FAILED
