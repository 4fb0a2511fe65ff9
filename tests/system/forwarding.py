"""The collector as a process on loopback, started and killed as a test likes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from fakes.waiting import until


class RunningCollector:
    """One collector process; `start` again after `kill` keeps the same ports."""

    def __init__(self, folder: Path, *settings: str, arguments: tuple[str, ...] = ()):
        self._folder, self._arguments = folder, arguments
        self._settings = {
            "collector.grpc.listen": "127.0.0.1:0",
            "collector.http.listen": "127.0.0.1:0",
            "collector.metrics.listen": "127.0.0.1:0",
            "collector.journal_dir": str(folder / "journal"),
            "collector.drain": "10s",
            "store.url": f"file://{folder}/store",
        }
        self._settings |= dict(s.split("=", 1) for s in settings)
        self._ports = folder / "ports.json"
        self.process: subprocess.Popen | None = None
        self.grpc = self.http = self.metrics = ""

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    async def start(self) -> None:
        """Start the process and wait until it says that it is ready."""
        self._ports.unlink(missing_ok=True)
        given = [x for k, v in self._settings.items() for x in ("--set", f"{k}={v}")]
        command = [sys.executable, "-m", "collector", "--ports-file", str(self._ports)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - outlives this loop
                [*command, *self._arguments, *given], stderr=log, env=environ
            )
        await until(lambda: self._ports.exists() or self.process.poll() is not None, 30)
        assert self._ports.exists(), f"ended at start: {self.log()[-2000:]}"
        bound = json.loads(self._ports.read_text())
        self.grpc, self.http, self.metrics = (
            bound["grpc"],
            bound["http"],
            bound["metrics"],
        )
        for name, address in bound.items():
            self._settings[f"collector.{name}.listen"] = address

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    async def stop(self) -> int:
        """End it as Kubernetes would; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 20)

    def log(self) -> str:
        """Return everything it wrote to stderr."""
        return (self._folder / "log").read_text()
