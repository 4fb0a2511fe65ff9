"""The shapes of model APIs: one file each, one row each in `APIS`."""

from snaptrace.snapshots.apis.contract import Api, UnmappableError

__all__ = ["APIS", "Api", "UnmappableError"]

APIS: dict[str, Api] = {}
