"""The shapes of model APIs: one file each, one row each in `APIS`."""

from snaptrace.snapshots.apis.contract import Api, UnmappableError
from snaptrace.snapshots.apis.openai_chat import OpenAiChat

__all__ = ["APIS", "Api", "UnmappableError"]

APIS: dict[str, Api] = {api.name: api for api in (OpenAiChat(),)}
