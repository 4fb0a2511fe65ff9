"""Validates a file by the types of OpenAI's SDK: items of an eval, and examples."""

import json
import sys
from pathlib import Path

from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.evals.create_eval_jsonl_run_data_source_param import (
    SourceFileContent,
)
from pydantic import TypeAdapter

rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
if "item" in rows[0]:
    source = {"type": "file_content", "content": rows}
    TypeAdapter(SourceFileContent).validate_python(source)
    rows = [row["item"] for row in rows]
messages = TypeAdapter(list[ChatCompletionMessageParam])
for row in rows:
    # Validated lazily: only a whole pass reads every part.
    messages.dump_json(messages.validate_python(row["messages"]))
    TypeAdapter(list[ChatCompletionToolParam]).validate_python(row.get("tools", []))
sys.stdout.write(
    json.dumps(
        {
            "picture": rows[0]["messages"][0]["content"][1]["image_url"]["url"],
            "sound": rows[2]["messages"][0]["content"][0]["input_audio"]["data"],
            "roles": [message["role"] for message in rows[1]["messages"]][:4],
        }
    )
)
