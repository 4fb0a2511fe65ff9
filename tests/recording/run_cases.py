"""Makes the calls of one driver, in the driver's own environment.

`python -m recording.run_cases DRIVER [CASE...]`, with STAND_IN and the exporter's
variables set.
"""

import asyncio
import importlib
import inspect
import os
import sys
import urllib.request
from typing import Any

from recording.drivers import DRIVERS


def _end(case: str, url: str) -> None:
    """Say to the stand-in that a case is over."""
    plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(f"{url}/recorder/next?case={case}", b"")
    plain.open(asked, timeout=30).read()


def _call(loop: asyncio.AbstractEventLoop, made: Any) -> None:
    if inspect.isawaitable(made):
        loop.run_until_complete(made)  # type: ignore[arg-type]


def main(name: str, only: list[str]) -> None:
    """Instrument, call, and export what was seen, case by case."""
    url = os.environ["STAND_IN"]
    driver = DRIVERS[name]
    flush = driver.switch_on(url)
    cases = importlib.import_module(f"recording.clients.{driver.client}").cases(url)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    _end("", url)
    for case, call in cases.items():
        if only and case not in only:
            continue
        try:
            _call(loop, call())
        except Exception as error:  # noqa: BLE001 - a refused call is recorded as it is
            sys.stderr.write(
                f"{name}/{case}: {type(error).__name__} {error}"[:200] + "\n"
            )
        loop.run_until_complete(asyncio.sleep(0.05))
        flush()
        _end(case, url)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
    sys.stdout.flush()
    os._exit(0)  # some libraries keep threads that wait for their own service
