"""Uploads a file to a running Phoenix with its client, and reads it back."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from phoenix.client import Client


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


port, grpc_port = free_port(), free_port()
server = subprocess.Popen(
    [sys.executable, "-m", "phoenix.server.main", "serve"],
    env={
        **os.environ,
        "PHOENIX_WORKING_DIR": tempfile.mkdtemp(),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc_port),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    },
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
url = f"http://127.0.0.1:{port}"
try:
    for _ in range(240):
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.5)
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    client = Client(base_url=url)
    client.datasets.create_dataset(
        name="release",
        inputs=[row["input"] for row in rows],
        outputs=[row["output"] for row in rows],
        metadata=[row["metadata"] for row in rows],
    )
    back = list(client.datasets.get_dataset(dataset="release"))
finally:
    server.terminate()
    server.wait()
first = back[0]["input"]["messages"][0]["content"]
sys.stdout.write(
    json.dumps(
        {
            "ids": [each["metadata"]["snapshot_id"] for each in back],
            "picture": first[1]["image_url"]["url"],
            "target": back[0]["output"]["content"],
        }
    )
)
