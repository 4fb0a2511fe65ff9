"""Creates dataset items with Langfuse's SDK; its requests go to a server beside it."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from langfuse import Langfuse

taken = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        taken.append(body)
        now = "2026-11-20T08:00:00Z"
        item = {
            **body,
            "id": body.get("id", "x"),
            "status": "ACTIVE",
            "datasetId": "d",
            "mediaReferences": [],
            "createdAt": now,
            "updatedAt": now,
        }
        data = json.dumps(item).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Langfuse(
    public_key="pk",
    secret_key="sk",
    base_url=f"http://127.0.0.1:{server.server_port}",
    tracing_enabled=False,
)
items = []
for line in Path(sys.argv[1]).read_text().splitlines():
    row = json.loads(line)
    items.append(
        client.create_dataset_item(
            dataset_name="release",
            id=row["id"],
            input=row["input"],
            expected_output=row["expectedOutput"],
            metadata=row["metadata"],
            source_trace_id=row["sourceTraceId"],
        )
    )
sys.stdout.write(
    json.dumps(
        {
            "ids": [item.id for item in items],
            "picture": items[0].input["messages"][0]["content"][1]["image_url"]["url"],
            "target": items[0].expected_output["content"],
            "sent": [body["datasetName"] for body in taken],
        }
    )
)
