"""Mem0's memories and LightRAG's kind of prompts: long instructions, JSON asked for."""

import os
from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return what a memory asks of a model."""
    os.environ |= {"OPENAI_BASE_URL": f"{url}/v1", "MEM0_TELEMETRY": "False"}
    from mem0 import Memory

    to = {"api_key": "none", "openai_base_url": f"{url}/v1"}
    config = {
        "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini", **to}},
        "embedder": {
            "provider": "openai",
            "config": {
                "model": "text-embedding-3-small",
                "embedding_dims": 2,
                **to,
            },
        },
        "vector_store": {
            "provider": "qdrant",
            "config": {"path": "memory", "embedding_model_dims": 2},
        },
    }
    memory = Memory.from_config(config)
    turns = [m.user("I like rivers."), m.turn("assistant", "Noted."), m.user(m.ODD)]
    return {
        "add": lambda: memory.add("I live in Paris.", user_id="u"),
        "add_turns": lambda: memory.add(turns, user_id="u"),
        "add_raw": lambda: memory.add("A plain note.", user_id="u", infer=False),
        "search": lambda: memory.search("Where do I live?", filters={"user_id": "u"}),
        "add_error": lambda: memory.add(m.ERROR, user_id="u"),
    }
