"""Send one model call over OTLP/HTTP and say what the collector answered."""

import json
import secrets
import sys
import time
import urllib.request


def export_request(now_ns: int) -> dict[str, object]:
    """Return one chat span, as an instrumentation would export it."""
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "helm-test",
        "gen_ai.input.messages": json.dumps(
            [{"role": "user", "parts": [{"type": "text", "content": "Say hello."}]}]
        ),
        "gen_ai.output.messages": json.dumps(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "text", "content": "Hello."}],
                    "finish_reason": "stop",
                }
            ]
        ),
    }
    attributes = [
        {"key": key, "value": {"stringValue": text}} for key, text in texts.items()
    ]
    span = {
        "traceId": secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        "name": "chat helm-test",
        "kind": 3,
        "startTimeUnixNano": str(now_ns - 10**9),
        "endTimeUnixNano": str(now_ns),
        "attributes": attributes,
    }
    service = {"key": "service.name", "value": {"stringValue": "helm-test"}}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [service]},
                "scopeSpans": [{"scope": {"name": "helm-test"}, "spans": [span]}],
            }
        ]
    }


def main(base_url: str) -> int:
    """Return 0 if the collector accepted the span whole."""
    request = urllib.request.Request(
        f"{base_url}/v1/traces",
        data=json.dumps(export_request(time.time_ns())).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.loads(response.read() or b"{}")
    sys.stdout.write(f"collector answered: {json.dumps(answer)}\n")
    rejected = (answer.get("partialSuccess") or {}).get("rejectedSpans", 0)
    return 1 if int(rejected) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
