"""A real nats-server, one node or a cluster of three, on a folder of its own."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from fakes.waiting import until

from snaptrace.cli.up.processes import free_ports

BUILT = Path(__file__).parents[2] / ".venv" / "servers" / "nats-server"


def binary():
    """Return the server's program, "" if there is none; `make` builds it."""
    known = os.environ.get("SNAPTRACE_NATS_SERVER", "")
    if known or BUILT.exists():
        return known or str(BUILT)
    return shutil.which("nats-server") or ""


class NatsNode:
    """One server; `more` are lines of its configuration."""

    def __init__(self, folder, name, ports, routes=(), more=""):
        self.name, self.port = name, ports[0]
        self._folder = Path(folder) / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = self._folder / "server.conf"
        text = f'server_name: {name}\nlisten: "127.0.0.1:{ports[0]}"\n'
        text += f'jetstream: {{store_dir: "{self._folder}/data"}}\n{more}\n'
        if routes:
            listed = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
            text += (
                f'cluster: {{name: fleet, listen: "127.0.0.1:{ports[1]}", '
                f"routes: [{listed}]}}\n"
            )
        self._file.write_text(text)

    async def start(self):
        with (self._folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                binary(), "-c", str(self._file), stdout=log, stderr=log
            )
        await until(self._answers)
        return self

    async def _answers(self):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            assert self.process.returncode is None, (self._folder / "log").read_text()
            return False
        found = await reader.readline()
        writer.close()
        return found.startswith(b"INFO")

    async def end(self, how=signal.SIGKILL):
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await self.process.wait()


class Nats:
    """One node, or three that keep each stream on all of them."""

    def __init__(self, folder, count=1, more=""):
        ports = free_ports(2 * count)
        routes = ports[count:] if count > 1 else ()
        self.nodes = [
            NatsNode(folder, f"n{i}", (ports[i], ports[count + i]), routes, more)
            for i in range(count)
        ]
        self.replicas = count

    @property
    def url(self):
        return ",".join(f"nats://127.0.0.1:{node.port}" for node in self.nodes)

    async def __aenter__(self):
        await self.start()
        return self

    async def start(self):
        await asyncio.gather(*(node.start() for node in self.nodes))

    async def __aexit__(self, *_):
        await asyncio.gather(*(node.end() for node in self.nodes))
